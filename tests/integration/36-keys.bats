#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Keys while the files that have them can't be read, or hang: who has keys does not
# notice, who has none is told in time, and the mount ends when it is to.

load lib
load mounts

# A bucket on a stub, and a home without keys.
given_home() {
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_CONFIG_FILE
	unset AWS_SHARED_CREDENTIALS_FILE
	export HOME=$BATS_TEST_TMPDIR/home
	CREDENTIALS=$HOME/.aws/credentials
	mkdir -p "$HOME/.aws"
	rm -f "$BATS_TEST_TMPDIR/stub-s3.endpoint" # of another one
	start_stub
	stub_bucket bkt
}

# keys NAME [TOKEN]: they are in the file from now on, at once and as a whole.
keys() {
	printf '[default]\naws_access_key_id = %s\naws_secret_access_key = secret\n%s' \
		"$1" "${2:+aws_session_token = $2}" >"$CREDENTIALS.new"
	mv "$CREDENTIALS.new" "$CREDENTIALS"
}

replace_by_fifo() {
	mkfifo "$CREDENTIALS.new"
	mv "$CREDENTIALS.new" "$CREDENTIALS"
}

# A file of a mount whose store does not answer: stat(2) works, open(2) hangs.
given_hanging() {
	start_stub
	stub_bucket bkt
	fault '{"class": "LIST", "gate": "never"}'
	HANGING_STUB=$ENDPOINT
	AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b MNT=$BATS_TEST_TMPDIR/hanging \
		LOG=$BATS_TEST_TMPDIR/hanging.log mount_fs
	at_end open_hanging
}

replace_by_hanging() {
	ln -s "$BATS_TEST_TMPDIR/hanging/bkt/stats_quick.json" "$CREDENTIALS.new"
	mv -T "$CREDENTIALS.new" "$CREDENTIALS"
}

wait_for_hanging() {
	ENDPOINT=$HANGING_STUB wait_for_gate never
}

open_hanging() {
	ENDPOINT=$HANGING_STUB stub_ctl DELETE faults
	ENDPOINT=$HANGING_STUB open_gate never
}

# A listing of its own, with the keys that there are now.
read_anew() {
	echo quick >"$MNT/bkt/refresh"
	timeout 10 jq -e '.stats.object_count == 1' "$MNT/bkt/stats_quick.json"
}

# Whose signature the latest request of a listing had.
signer() {
	stub_ctl GET log | jq -r '[.[] | select(.class == "LIST")][-1].headers |
		with_entries(.key |= ascii_downcase).authorization |
		capture("Credential=(?<key>[^/]*)").key'
}

is_signed_by() {
	read_anew && [[ $(signer) == "$1" ]]
}

# Sooner than that, they look at the file no more than they did.
let_a_second_pass() {
	sleep 1.1
}

has_ended() {
	! kill -0 "$FS_PID" 2>/dev/null
}

# --- a FIFO ------------------------------------------------------------------------------

@test "a FIFO for a file of keys, and no others: EACCES in time, with its name" {
	given_home
	replace_by_fifo
	mount_fs -o connect_timeout=2s
	grep -F "warning: $CREDENTIALS: not a regular file; until there are some" "$LOG"
	within 3000 refused 'Permission denied' cat "$MNT/bkt/stats_quick.json"
	within 3000 refused 'Permission denied' ls "$MNT"
	wait_until is_logged 1 "bucket=bkt.*$CREDENTIALS: not a regular file"
	assert_equal "$(requests)" 0
	keys first
	wait_until is_signed_by first
}

@test "a FIFO for a file of keys: keys in the environment do not notice" {
	given_home
	replace_by_fifo
	AWS_ACCESS_KEY_ID=env AWS_SECRET_ACCESS_KEY=b mount_fs
	within 2000 read_anew
	assert_equal "$(signer)" env
	let_a_second_pass
	within 1000 read_anew
	assert_equal "$(cat "$LOG")" ''
}

@test "a file of keys that becomes a FIFO: those it had go on, until it is a file again" {
	given_home
	keys first
	mount_fs
	within 2000 read_anew
	replace_by_fifo
	let_a_second_pass
	within 1000 read_anew
	let_a_second_pass
	within 1000 read_anew
	assert_equal "$(signer)" first
	assert_logged 1 "warn: $CREDENTIALS: not a regular file; the keys from before go on"
	keys second
	wait_until is_signed_by second
}

# --- open(2) without end ----------------------------------------------------------------

@test "a file of keys that hangs, and no others: EACCES in time, with the source's name" {
	given_hanging
	given_home
	mount_fs -o connect_timeout=2s
	replace_by_hanging
	let_a_second_pass
	start_clock
	refused 'Permission denied' cat "$MNT/bkt/stats_quick.json"
	(($(elapsed_ms) >= 1500))
	assert_took 3000
	wait_for_hanging
	# each has a limit of his own
	within 3000 refused 'Permission denied' ls "$MNT"
	wait_until is_logged 1 'bucket=bkt.*shared AWS files: no answer for 1600 ms'
	assert_equal "$(requests)" 0
	keys first
	open_hanging
	wait_until is_signed_by first
}

@test "a file of keys that begins to hang: those it had go on at full speed" {
	given_hanging
	given_home
	keys first
	mount_fs
	within 2000 read_anew
	replace_by_hanging
	let_a_second_pass
	within 1000 read_anew
	wait_for_hanging
	start_clock
	for _ in {1..20}; do
		read_anew
	done
	assert_took 3000
	kill -HUP "$FS_PID"
	within 1000 read_anew
	assert_equal "$(signer)" first
	keys second
	open_hanging
	wait_until is_signed_by second
}

@test "a file of keys that hangs: keys in the environment do not notice" {
	given_hanging
	given_home
	AWS_ACCESS_KEY_ID=env AWS_SECRET_ACCESS_KEY=b mount_fs
	replace_by_hanging
	let_a_second_pass
	within 1000 read_anew
	kill -HUP "$FS_PID"
	within 1000 read_anew
	assert_equal "$(signer) $(ENDPOINT=$HANGING_STUB requests)" 'env 0'
}

@test "while a file of keys hangs: the mount ends at once, by umount and by SIGTERM" {
	given_hanging
	given_home
	keys first
	for end in unmount_fs 'kill %FS_PID'; do
		mount_fs
		read_anew
		replace_by_hanging
		let_a_second_pass
		read_anew
		wait_for_hanging
		start_clock
		${end//%FS_PID/$FS_PID}
		wait_until has_ended
		assert_took 1000
		keys first
	done
}

@test "while a call waits for keys: the mount ends at once, and the reader is told" {
	given_hanging
	given_home
	mount_fs -o connect_timeout=1h
	replace_by_hanging
	let_a_second_pass
	reader "$MNT/bkt/stats_quick.json"
	wait_for_hanging
	start_clock
	kill "$FS_PID"
	wait_until has_ended
	assert_took 1000
	assert_reader_ends 0 1
}
