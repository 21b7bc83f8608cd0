# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For every .bats file here: `load lib`.  It brings setup and teardown, which a
# file that has its own must call.  A test makes the buckets it needs, under names
# of its own, and uses only what it made: tests run several at a time.
#
# From ./check or setup_suite.bash, all exported
#   DGSTATFS      the program
#   S3_ENDPOINT   the real gateway (users testkey/testsecret, otherkey/othersecret)
#   SANITIZER     none, address or thread: how the program was built
#   LONG          not empty under `./check --long`
#
# In each test
#   MNT           where mount_fs mounts; LOG: what the program says there
#   ENDPOINT      where mount_fs looks for buckets: the gateway, until start_stub
#                 or start_proxy
#   FS_PID        the program behind the latest mount_fs
#
# Buckets on the real gateway
#   new_bucket             make one with a name of its own: sets BUCKET
#   s3 COMMAND...          see s3.py; with a here-document, many in one go
#
# Mounts
#   mount_fs [OPTION...]   mount ENDPOINT at MNT, in the foreground as our child;
#                          returns when it is mounted.  It is more patient than by
#                          itself with what a test holds back.  For a second one:
#                          MNT=$BATS_TEST_TMPDIR/b LOG=$BATS_TEST_TMPDIR/b.log
#   unmount_fs [DIR]       unmount it, and fail unless the program ends well
#   field MODE FILTER      what jq finds in $MNT/$BUCKET/stats_MODE.json
#
# Requests and faults; the calls are those of ../stub/stub-s3
#   start_proxy            count what goes to the gateway
#   start_stub [SCENARIO]  an S3 server that misbehaves on demand
#   stub_ctl METHOD CALL [JSON]        any control call
#   fault JSON...          add faults, in this order
#   open_gate NAME         let go on what waits there
#   wait_for_gate NAME [N]             until N requests (1) wait there
#   requests [CLASS [PATH-REGEX]]      how many so far, as a number
#   forget_requests        count from here
#
# In general
#   at_end COMMAND...      run it in teardown, the latest first
#   wait_until COMMAND...  until it succeeds; fails after 20 s, as of a machine that does
#                          nothing else, or three minutes
#   complaints             the lines of LOG, but for those about what lies in a
#                          bucket: most tests have deltas without a reference
#   assert_logged N REGEX  so many of them say this, now or soon: a line is written
#                          by a thread that nobody waits for
#   pause SECONDS
#   thin_out ARRAY         with sanitizers leave every third of these rows, the one and the
#                          other others: for tables in which each row has the program do
#                          the same, and only what comes of it is another
#   fail MESSAGE...
#   assert_equal ACTUAL EXPECTED
#
# Time.  MS is said of a machine that does nothing else: what counts is as much more as
# the machine was slower in that time, which meter.py measures all along.
#   within MS COMMAND...   it succeeds within that time
#   start_clock
#   assert_took MS [WHAT]  so much time at most has passed since start_clock
#   assert_fast TOOK MS [WHAT]   what was measured since then is no more than that
#   elapsed_ms             how much has passed since then, as it is
#   scaled MS              as much longer as the machine is slower now: for options

bats_require_minimum_version 1.5.0

HERE=$BATS_TEST_DIRNAME

# shellcheck source=tests/server/prepare.sh
. "$HERE/../server/prepare.sh"

# --- in general ------------------------------------------------------------------

fail() {
	printf '%s\n' "$*" >&2
	return 1
}

assert_equal() {
	[[ $1 == "$2" ]] || fail "got      '$1'"$'\n'"expected '$2'"
}

thin_out() {
	local -n rows=$1
	local -A first=([address]=0 [thread]=1)
	local i left=()

	[[ $SANITIZER != none ]] || return 0
	for ((i = first[$SANITIZER]; i < ${#rows[@]}; i += 3)); do
		left+=("${rows[i]}")
	done
	rows=("${left[@]}")
}

at_end() {
	AT_END=("$(printf '%q ' "$@")" "${AT_END[@]}")
}

wait_until() {
	local CLOCK took

	start_clock
	until "$@"; do
		took=$(((${EPOCHREALTIME//[.,]/} - CLOCK) / 1000))
		((took <= 180000)) && is_fast "$took" 20000 ||
			fail "waited in vain for: $*" || return
		pause 0.02
	done
}

# As sleep(1), but nobody is started: nothing is ever written there.
pause() {
	read -rt "$1" <>"$NOTHING" || true
}

complaints() {
	grep -v ': warn: bucket=.*: integrity: ' "$LOG" || true
}

is_logged() {
	(($(complaints | grep -Ec -e "$2") >= $1))
}

# What is logged too often may come a moment later.
assert_logged() {
	wait_until is_logged "$1" "$2" || return
	pause 0.1
	assert_equal "$(complaints | grep -Ec -e "$2") of $2" "$1 of $2"
}

# bats waits until its descriptors are closed, by whatever runs in the background.
in_background() {
	"$@" 3>&- 4>&- &
}

# --- time ------------------------------------------------------------------------

start_clock() {
	CLOCK=${EPOCHREALTIME//[.,]/}
}

elapsed_ms() {
	echo $(((${EPOCHREALTIME//[.,]/} - CLOCK) / 1000))
}

# The worst of what was measured since SINCE, and once afterwards.
slowness() {
	local since=$1 now=${EPOCHREALTIME//[.,]/}

	until awk -v now="$now" 'END { exit $1 < now }' "$METER"; do pause 0.02; done
	awk -v since="$since" 'BEGIN { worst = 1 }
		$1 >= since && $2 > worst { worst = $2 }
		END { print worst }' "$METER"
}

is_fast() {
	(($1 <= $2)) || (($1 <= $2 * $(slowness "$CLOCK")))
}

assert_fast() {
	is_fast "$1" "$2" || fail "$1 ms, not $2, on a machine that is" \
		"$(slowness "$CLOCK") times slower than it could be: ${*:3}"
}

assert_took() {
	assert_fast "$(elapsed_ms)" "$@"
}

within() {
	local limit=$1 CLOCK

	shift
	start_clock
	"$@" || fail "status $?: $*" || return
	assert_took "$limit" "$@"
}

scaled() {
	echo $(($1 * $(slowness $((${EPOCHREALTIME//[.,]/} - 1000000)))))
}

# bats notes where it is before each command, to tell of the one that fails, and that
# takes longer than most of them do.  So it does for those of the test alone; where a
# function has failed is seen then.
trace_less() {
	set +T
	trap 'on_error; trap - DEBUG' ERR
}

# shellcheck disable=SC2034 # these are bats's
on_error() {
	local status=$? i

	[[ -z ${BATS_TEST_COMPLETED:-} ]] || return 0
	BATS_ERROR_STATUS=${BATS_ERROR_STATUS:-$status}
	BATS_DEBUG_LAST_STACK_TRACE=() BATS_DEBUG_LAST_STACK_TRACE_IS_VALID=1
	for ((i = 1; i < ${#FUNCNAME[@]}; i++)); do
		BATS_DEBUG_LAST_STACK_TRACE+=(
			"${BASH_LINENO[i - 1]} ${FUNCNAME[i]} ${BASH_SOURCE[i]:-$BATS_TEST_SOURCE}")
		[[ ${FUNCNAME[i]} != "$BATS_TEST_NAME" ]] || break
	done
}

setup() {
	trace_less
	AT_END=()
	ENDPOINT=$S3_ENDPOINT
	MNT=$BATS_TEST_TMPDIR/mnt
	LOG=$BATS_TEST_TMPDIR/log
	unset "${!AWS_@}" REQUESTS_CA_BUNDLE # whatever the developer has
	export AWS_ACCESS_KEY_ID=testkey AWS_SECRET_ACCESS_KEY=testsecret
	export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
	export AWS_EC2_METADATA_DISABLED=true # of the machine of the test
	export no_proxy=127.0.0.1,localhost
}

# Everything is undone, whatever fails on the way; the first failure is told.
teardown() {
	local command status=0

	for command in "${AT_END[@]}"; do
		eval "$command" || status=1
	done
	if [[ $status != 0 || -z ${BATS_TEST_COMPLETED:-} ]]; then
		show_logs
	fi
	return $status
}

show_logs() {
	tail -n 40 "$BATS_TEST_TMPDIR"/*log 2>/dev/null || true
}

end_process() {
	kill "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}

# --- buckets on the real gateway -------------------------------------------------

# A script of ours that uses boto3.
script() {
	"$WARM" "$WARM.again" "$HERE/$1" "${@:2}"
}

s3() {
	script s3.py "$@"
}

new_bucket() {
	local uuid

	uuid=$(</proc/sys/kernel/random/uuid)
	BUCKET=t-${uuid:0:18}
	s3 mk "$BUCKET"
	at_end s3 rb "$BUCKET"
}

# --- mounts ----------------------------------------------------------------------

# There may have been mounts before, below it.
has_mounts() {
	count_mounts "$MNT"
	((MOUNTS > $1))
}

is_mounted_or_dead() {
	has_mounts "$1" || ! kill -0 "$FS_PID" 2>/dev/null
}

mount_fs() {
	local before

	mkdir -p "$MNT"
	count_mounts "$MNT"
	before=$MOUNTS
	in_background env --default-signal=INT,QUIT "$DGSTATFS" -f \
		-o request_timeout=1h,timeout=1h "$@" "$ENDPOINT" "$MNT" >>"$LOG" 2>&1
	FS_PID=$!
	at_end forget_mount "$MNT" "$FS_PID" "$LOG"
	wait_until is_mounted_or_dead "$before"
	has_mounts "$before" || fail "not mounted: $(cat "$LOG")"
}

unmount_fs() {
	local dir=${1:-$MNT} status=0

	fusermount3 -u "$dir"
	wait "$FS_PID" || status=$?
	assert_equal "exit status $status" 'exit status 0'
}

# In teardown: a mount may be gone already, busy, or dead.  Sanitizers speak in
# the log and a test must not pass over what they say.
forget_mount() {
	local dir=$1 pid=$2 log=$3

	if is_mounted "$dir"; then
		fusermount3 -u "$dir" 2>/dev/null || fusermount3 -uz "$dir"
	fi
	end_process "$pid"
	! grep -E 'ERROR: .*Sanitizer|WARNING: ThreadSanitizer|runtime error:' "$log"
}

# It takes 35 ms to start: what tests of the suite ask for all the time is found in less.
jq() {
	if [[ -n ${WARM:-} && $1 =~ ^\.(stats|accuracy)\.[a-z_]+$ && ${2:-} != /proc/self/* ]]; then
		script member.py "$@"
	else
		command jq "$@"
	fi
}

field() {
	local file=$MNT/$BUCKET/stats_$1.json

	if [[ $2 =~ ^(\.[a-z_]+)+$ ]]; then
		script member.py "$2" "$file"
	else
		command jq -r "$2" "$file"
	fi
}

# --- requests and faults ---------------------------------------------------------

# Sets ENDPOINT to what the server prints when it listens.
start_server() {
	local out=$BATS_TEST_TMPDIR/${1##*/}.endpoint

	[[ -z ${WARM:-} || $1 != */stub/* ]] || set -- "$WARM" "$WARM.once" "$@"
	in_background "$@" >"$out" 2>"${out%.endpoint}.log"
	at_end end_process $!
	wait_until test -s "$out"
	ENDPOINT=$(<"$out")
}

start_stub() {
	start_server "$HERE/../stub/stub-s3" "$@"
}

start_proxy() {
	start_server "$HERE/../stub/count-proxy" "$S3_ENDPOINT"
}

# Sets ANSWER.  The shell itself can, but for TLS and @FILE, and is much quicker than curl.
ask_stub() {
	local method=$1 call=$2 body=${3:-} LC_ALL=C fd line status length=0

	[[ $body != @* && $ENDPOINT =~ ^http://([0-9.]+):([0-9]+)$ ]] || {
		ANSWER=$(curl -sS --fail-with-body -X "$method" \
			${body:+--data-binary "$body"} "$ENDPOINT/_stub/$call")
		return
	}
	[[ -z $body ]] || body+=$'\n' # in one write with the rest
	exec {fd}<>"/dev/tcp/${BASH_REMATCH[1]}/${BASH_REMATCH[2]}" || return
	printf '%s /_stub/%s HTTP/1.1\r\nHost: stub\r\nContent-Length: %d\r\n\r\n%s' \
		"$method" "$call" ${#body} "$body" >&"$fd"
	read -r _ status _ <&"$fd" || true
	while read -r line <&"$fd" && [[ $line != $'\r' ]]; do
		[[ ${line,,} != 'content-length: '* ]] || length=${line//[!0-9]/}
	done
	ANSWER=
	((length == 0)) || read -rN "$length" ANSWER <&"$fd" || true
	exec {fd}>&-
	[[ $status == 2* ]] || fail "stub: $method $call: ${status:-no answer} $ANSWER"
}

stub_ctl() {
	ask_stub "$@" || return
	[[ -z $ANSWER ]] || printf '%s\n' "${ANSWER%$'\n'}"
}

fault() {
	stub_ctl POST faults "[$(IFS=,; echo "$*")]"
}

open_gate() {
	stub_ctl POST "gate/$1"
}

has_waiting() {
	ask_stub GET "gate/$1" && ((ANSWER >= $2))
}

wait_for_gate() {
	wait_until has_waiting "$1" "${2:-1}"
}

requests() {
	local path=${2:-} LC_ALL=C quoted='' i char

	for ((i = 0; i < ${#path}; i++)); do
		char=${path:i:1}
		[[ $char == [a-zA-Z0-9/_.-] ]] || {
			printf -v char %d "'$char"
			printf -v char %%%02X $((char & 255))
		}
		quoted+=$char
	done
	stub_ctl GET "count?${1:+class=$1}&${path:+path=$quoted}"
}

# What the program asked in its LISTs: a start-after or the key that a token of the
# stub stands for, one a line, percent-encoded.
asked() {
	stub_ctl GET log | python3 -c '
import base64, json, sys
from urllib.parse import parse_qs, quote
for entry in json.load(sys.stdin):
    query = parse_qs(entry["query"])
    if entry["class"] == "LIST" and sys.argv[1] in query:
        key = query[sys.argv[1]][0]
        print(quote(base64.urlsafe_b64decode(key[2:]) if key.startswith("t.") else key))
' "$1"
}

starts() {
	asked start-after
}

forget_requests() {
	stub_ctl DELETE log
}
