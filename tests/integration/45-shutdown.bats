#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Interrupts and shutdown under load: 500 readers blocked on 50 buckets, whose
# listings the stub holds back.  33-interrupt has the same for a few, and who else
# may wait for what.

load lib
load mounts

readonly N_BUCKETS=50 N_READERS=500

setup_file() {
	export BUCKETS_JSON=$BATS_FILE_TMPDIR/buckets.json

	jq -n --argjson n $N_BUCKETS '{buckets: [range($n) |
		{key: "bucket-\(.)", value: [{key: "a.delta", size: 1}, {key: "b", size: 2}]}]
		| from_entries}' >"$BUCKETS_JSON"
}

# Every bucket has two objects, and every LIST of one waits at a gate.
start_held_stub() {
	start_stub "$BUCKETS_JSON"
	fault '{"class": "LIST", "gate": "list"}'
}

# So that nobody waits for anything but the statistics.
crowd_files() {
	local i

	stat "$MNT"/bucket-*/stats_quick.json >/dev/null
	for ((i = 0; i < N_BUCKETS; i++)); do
		echo "$MNT/bucket-$i/stats_$((i % 2)).json"
	done | sed 's/_0/_quick/; s/_1/_detailed/'
}

# crowd COMMAND...: one of crowd.py's; its answer is in ANSWER
crowd() {
	echo "$@" >&"${CROWD[1]}"
	IFS= read -r -t 300 ANSWER <&"${CROWD[0]}" || fail "crowd.py: no answer to $*"
}

end_crowd() {
	local pid=$1 fd=$2

	exec {fd}>&-
	wait "$pid" || true
}

# All are blocked then, and a LIST of each bucket is at the gate.
start_crowd() {
	mapfile -t files < <(crowd_files)
	coproc CROWD { exec "$HERE/crowd.py" "${files[@]}" 3>&- 4>&-; }
	at_end end_crowd "$CROWD_PID" "${CROWD[1]}"
	crowd start $N_READERS
	assert_equal "$ANSWER" "blocked $N_READERS"
	wait_for_gate list $N_BUCKETS
}

# Each of COUNT readers that were left has seen OUTCOME.
assert_crowd_ends() {
	local outcome=$1 count=$2 words

	crowd finish
	read -r _ _ words <<<"$ANSWER"
	assert_equal "$words" "{\"$outcome\": $count}"
}

# The program.
assert_program_ends() {
	local status=0

	wait "$FS_PID" || status=$?
	assert_equal "exit status $status" "exit status $1"
}

is_gate_empty() {
	[[ $(stub_ctl GET gate/list) == 0 ]]
}

# After the last reader has gone: linger is over, and a second more.
requests_stop_after() {
	local linger_ms=$1 killed_ms requests

	mount_fs -o linger="${linger_ms}ms"
	start_crowd
	start_clock
	crowd kill all
	assert_took 2000 'all killed at once'
	killed_ms=$(elapsed_ms)
	wait_until is_gate_empty
	(($(elapsed_ms) >= linger_ms)) || fail "$(elapsed_ms) ms: before linger was over"
	assert_took $((killed_ms + linger_ms + 1000)) 'requests go on'
	requests=$(requests)
	stub_ctl DELETE faults
	sleep 0.5 # whatever would come, would come now
	assert_equal "$(requests)" "$requests"
	assert_equal "$(jq .stats.object_count "$MNT/bucket-7/stats_quick.json")" 2
}

@test "any of 500 blocked readers that is killed is gone within 100 ms, others are served" {
	local ms

	start_held_stub
	mount_fs
	start_crowd
	start_clock
	crowd kill 25
	read -r _ _ ms <<<"$ANSWER"
	assert_fast "$ms" 100 'the slowest of 25'
	open_gate list
	assert_crowd_ends 2 $((N_READERS - 25))
	unmount_fs
}

@test "the last of 500 readers gone: no more requests within a second (linger=0)" {
	start_held_stub
	requests_stop_after 0
}

@test "the last of 500 readers gone: no more requests a second after linger=3s" {
	start_held_stub
	requests_stop_after 3000
}

@test "SIGTERM answers 500 readers and unmounts within 2 s" {
	start_held_stub
	mount_fs
	start_crowd
	start_clock
	kill -TERM "$FS_PID"
	assert_crowd_ends EINTR $N_READERS
	assert_program_ends 0
	assert_took 2000
	run ! is_mounted "$MNT"
}

@test "fusermount3 -uz with 500 readers: they get their answer, then all ends" {
	start_held_stub
	mount_fs
	start_crowd
	fusermount3 -uz "$MNT"
	run ! is_mounted "$MNT"
	kill -0 "$FS_PID"
	open_gate list
	assert_crowd_ends 2 $N_READERS
	start_clock
	assert_program_ends 0
	assert_took 2000
}

@test "SIGKILL with 500 readers: they end at once, and a fresh start just works" {
	start_held_stub
	mount_fs
	start_crowd
	start_clock
	kill -KILL "$FS_PID"
	assert_crowd_ends ECONNABORTED $N_READERS
	assert_program_ends 137
	assert_took 2000
	stub_ctl DELETE faults
	mount_again
	wait_until is_logged 1 "$MNT: removed the dead mount of a killed dgstatfs"
	assert_equal "$(jq .stats.object_count "$MNT/bucket-7/stats_detailed.json")" 2
	unmount_fs
	run ! is_mounted "$MNT"
}

# --- dead mounts -------------------------------------------------------------------------

kill_fs() {
	kill -KILL "$FS_PID"
	assert_program_ends 137
}

@test "a dead mount is in use, and lies over another one: both go" {
	start_stub "$BUCKETS_JSON"
	mount_fs
	local lower=$FS_PID handle
	mount_fs
	exec {handle}<"$MNT/bucket-1/stats_quick.json"
	kill_fs
	FS_PID=$lower
	kill_fs
	mount_again
	assert_logged 2 "$MNT: removed the dead mount of a killed dgstatfs"
	assert_equal "$(jq .stats.object_count "$MNT/bucket-1/stats_quick.json")" 2
	unmount_fs
	exec {handle}<&-
	run ! is_mounted "$MNT"
}
