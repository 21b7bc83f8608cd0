# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For test files that look at the mount itself: `load lib` and then `load mounts`.
#
#   stub_bucket NAME         a bucket on the stub, with one object of one byte
#   refused MESSAGE COMMAND...         it fails, and says this
#   has_requests CLASS N     for wait_until: there were N of them
#   enter DIR                cd, until the end of the test
#   mount_again [OPTION...]  as mount_fs, where a dead mount may be
#   as_nobody COMMAND...     by another user, in the directory above $MNT
#   "$OWN_MOUNTS" COMMAND...   where its mounts are seen by nobody else
#   assert_no_reports LOG    of sanitizers; forget_mount sees to what mount_fs made
#
# Readers in the background.  The shell has them ignore SIGINT; these do not.
#   reader FILE              start one more cat(1): READERS holds their processes
#   wait_for_readers         until all of them are blocked in their open(2)
#   assert_reader_ends I STATUS        READERS[I] does, with that exit status
#   reader_output I          what it printed, errors too

READERS=()

# shellcheck disable=SC2034 # for those who load this
OWN_MOUNTS=$HERE/own-mounts.py

stub_bucket() {
	stub_ctl PUT "bucket/$1" '[{"key": "a", "size": 1}]'
}

refused() {
	local message=$1

	shift
	LC_ALL=C run ! "$@"
	# shellcheck disable=SC2154 # set by run
	[[ $output == *"$message"* ]] || fail "not '$message': $*: $output"
}

has_requests() {
	(($(requests "$1") >= $2))
}

# A working directory in the mount would keep it from ending.
enter() {
	cd "$1" || return
	at_end cd /
}

is_alive_or_ended() {
	mountpoint -q "$MNT" || ! kill -0 "$FS_PID" 2>/dev/null
}

mount_again() {
	in_background "$DGSTATFS" -f "$@" "$ENDPOINT" "$MNT" >>"$LOG" 2>&1
	FS_PID=$!
	at_end forget_mount "$MNT" "$FS_PID" "$LOG"
	wait_until is_alive_or_ended
	mountpoint -q "$MNT" || fail "not mounted: $(cat "$LOG")"
}

# The directories above may be closed to others: their names are not walked.
as_nobody() {
	chmod 755 "$BATS_TEST_TMPDIR"
	(
		cd "$BATS_TEST_TMPDIR" || exit
		as_root setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
	)
}

assert_no_reports() {
	! grep -aE 'ERROR: .*Sanitizer|WARNING: ThreadSanitizer|runtime error:' "$1"
}

# --- readers -----------------------------------------------------------------------

reader() {
	local i=${#READERS[@]}

	in_background env --default-signal=INT,QUIT cat "$1" \
		>"$BATS_TEST_TMPDIR/reader.$i" 2>&1
	READERS+=("$!")
	at_end end_process "$!"
}

# Where each of them waits, and how often it has gone to sleep before.
reader_states() {
	local pid

	for pid in "${READERS[@]}"; do
		echo "$pid $(<"/proc/$pid/wchan") $(grep ^vol "/proc/$pid/status")"
	done
}

# The program answers in the order of the questions.  So those who are still where
# they were before another one was answered wait for more than an answer.
are_readers_blocked() {
	local before

	before=$(reader_states)
	! grep -qv request_wait_answer <<<"$before" || return
	stat "$MNT" >/dev/null
	[[ $(reader_states) == "$before" ]]
}

wait_for_readers() {
	wait_until are_readers_blocked
}

assert_reader_ends() {
	local status=0

	wait "${READERS[$1]}" || status=$?
	[[ $status == "$2" ]] ||
		fail "reader $1 ends with $status, not $2: $(reader_output "$1")"
}

reader_output() {
	cat "$BATS_TEST_TMPDIR/reader.$1"
}
