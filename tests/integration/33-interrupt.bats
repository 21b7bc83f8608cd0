#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# How waiting ends before there is an answer: the reader is interrupted, the mount
# is told to end, or unmounted, or killed.  Nobody is left behind, and what others
# wait for goes on.

load lib
load mounts

QUICK=bkt/stats_quick.json
DETAILED=bkt/stats_detailed.json

# A hundred deltas, whose HEADs wait at a gate (all but the first FREE of them).
start_stub_with_deltas() {
	start_stub
	stub_ctl PUT bucket/bkt '[{"key": "%03d.delta", "count": 100, "size": 10}]'
	fault '{"class": "HEAD", "after": '"${1:-0}"', "gate": "heads"}'
}

hold_lists() {
	stub_bucket bkt
	fault '{"class": "LIST", "path": "^/bkt", "gate": "list"}'
}

start_readers() {
	local i n=$1

	for ((i = 0; i < n; i++)); do reader "$MNT/$QUICK"; done
	wait_for_readers
}

is_gate_empty() {
	[[ $(stub_ctl GET "gate/$1") == 0 ]]
}

has_state() {
	[[ $(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status") == "$2" ]]
}

is_gone() {
	! is_mounted "$1"
}

assert_program_ends() {
	local status=0

	wait "$FS_PID" || status=$?
	assert_equal "exit status $status" "exit status $1"
}

# All that were not answered before are told that they were interrupted.
assert_all_interrupted() {
	local i

	for i in "${!READERS[@]}"; do
		assert_reader_ends "$i" 1
		[[ $(reader_output "$i") == *'Interrupted system call'* ]] ||
			fail "reader $i: $(reader_output "$i")"
	done
}

# --- a reader --------------------------------------------------------------------------

@test "a signal ends a blocked reader at once, and the others get their answer" {
	start_stub
	hold_lists
	mount_fs
	start_readers 6
	start_clock
	kill -INT "${READERS[0]}"
	kill -TERM "${READERS[1]}"
	kill -KILL "${READERS[2]}"
	kill -HUP "${READERS[3]}"
	assert_reader_ends 0 130
	assert_reader_ends 1 143
	assert_reader_ends 2 137
	assert_reader_ends 3 129
	assert_took 3000
	open_gate list
	assert_reader_ends 4 0
	assert_reader_ends 5 0
	assert_equal "$(reader_output 5 | jq .stats.object_count)" 1
}

@test "timeout(1) ends a blocked reader with its usual status" {
	start_stub
	hold_lists
	mount_fs
	run -124 timeout 0.3 cat "$MNT/$QUICK"
	open_gate list
	jq -e . "$MNT/$QUICK" >/dev/null
}

@test "those who wait for ListBuckets and HeadBucket can be interrupted, too" {
	start_stub
	fault '{"class": "BUCKETS", "gate": "list"}' '{"class": "BUCKET", "gate": "head"}'
	mount_fs
	in_background env --default-signal=INT ls "$MNT"
	local ls=$! status=0
	wait_for_gate list
	in_background env --default-signal=INT cat "$MNT/bkt/stats_quick.json"
	local cat=$!
	wait_for_gate head
	kill -INT "$ls" "$cat"
	wait "$ls" || status=$?
	assert_equal "$status" 130
	status=0
	wait "$cat" || status=$?
	assert_equal "$status" 130
}

@test "after the last reader has gone nothing more is asked (linger=0)" {
	start_stub_with_deltas
	mount_fs -o linger=0
	reader "$MNT/$DETAILED"
	wait_for_gate heads 4
	kill -INT "${READERS[0]}"
	assert_reader_ends 0 130
	wait_until is_gate_empty heads
	(($(requests HEAD) < 100))
	assert_equal "$(requests PUT)" 0
	stub_ctl DELETE faults
	assert_equal "$(jq .stats.delta_objects "$MNT/$DETAILED")" 100
}

@test "work without a reader stops after linger, not before" {
	start_stub_with_deltas
	mount_fs -o linger=1s
	reader "$MNT/$DETAILED"
	wait_for_gate heads 4
	start_clock
	kill -KILL "${READERS[0]}"
	assert_reader_ends 0 137
	wait_until is_gate_empty heads
	(($(elapsed_ms) > 900)) || fail "$(elapsed_ms) ms"
	(($(requests HEAD) < 100))
}

@test "who tries again within linger finds the HEADs done" {
	start_stub_with_deltas 40
	mount_fs -o linger=1h
	reader "$MNT/$DETAILED"
	wait_for_gate heads 4
	kill -INT "${READERS[0]}"
	assert_reader_ends 0 130
	reader "$MNT/$DETAILED"
	wait_until has_requests LIST 2
	open_gate heads
	assert_reader_ends 1 0
	assert_equal "$(requests HEAD)" 100
}

@test "work that ends while nobody waits is in the cache for the next reader" {
	start_stub_with_deltas
	mount_fs -o linger=1h
	reader "$MNT/$DETAILED"
	wait_for_gate heads 4
	kill -INT "${READERS[0]}"
	assert_reader_ends 0 130
	open_gate heads
	wait_until has_requests PUT 1
	assert_equal "$(jq .stats.delta_objects "$MNT/$DETAILED")" 100
	assert_equal "$(requests HEAD)/$(requests PUT)" 100/1
}

# The kernel can't restart an open: a reader that was stopped gets EINTR when it goes
# on, and the next one finds what was done.
@test "a reader that is stopped and continued: EINTR, and nothing is lost" {
	start_stub_with_deltas 40
	mount_fs -o linger=1h
	reader "$MNT/$DETAILED"
	wait_for_gate heads 4
	kill -STOP "${READERS[0]}"
	wait_until has_state "${READERS[0]}" T
	kill -CONT "${READERS[0]}"
	assert_all_interrupted
	reader "$MNT/$DETAILED"
	wait_until has_requests LIST 2
	open_gate heads
	assert_reader_ends 1 0
	assert_equal "$(requests HEAD)" 100
}

@test "a hundred readers interrupted at once, while answers come" {
	start_stub
	hold_lists
	mount_fs -o linger=0
	start_readers 100
	open_gate list &
	local gate=$! pid
	for pid in "${READERS[@]}"; do
		kill -INT "$pid" 2>/dev/null || true
	done
	wait "$gate"
	for pid in "${READERS[@]}"; do
		wait "$pid" || [[ $? == 130 ]]
	done
	jq -e '.stats.object_count == 1' "$MNT/$QUICK"
	unmount_fs
}

# --- the program is told to end ---------------------------------------------------------

# Signal by signal.
assert_ends_well() {
	start_stub
	hold_lists
	mount_fs
	start_readers 50
	kill "-$1" "$FS_PID"
	assert_program_ends 0
	assert_all_interrupted
	is_gone "$MNT"
}

@test "SIGTERM with fifty waiting readers: all answered, unmounted, status 0" {
	assert_ends_well TERM
}

@test "SIGINT with fifty waiting readers: all answered, unmounted, status 0" {
	assert_ends_well INT
}

@test "SIGHUP, a hundred times, with fifty waiting readers: nobody is disturbed" {
	start_stub
	hold_lists
	mount_fs
	start_readers 50
	local i pid
	for i in {1..100}; do kill -HUP "$FS_PID"; done
	ls "$MNT/bkt" >/dev/null
	open_gate list
	for pid in "${READERS[@]}"; do wait "$pid"; done
	for i in {1..100}; do kill -HUP "$FS_PID"; done
	jq -e '.stats.object_count == 1' "$MNT/$QUICK"
	unmount_fs
}

# Before, while and after it is mounted.
@test "SIGHUP at the start: the mount is there all the same" {
	start_stub
	stub_bucket bkt
	mkdir "$MNT"
	in_background "$DGSTATFS" -f -o bucket=bkt "$ENDPOINT" "$MNT" 2>"$LOG"
	FS_PID=$!
	at_end forget_mount "$MNT" "$FS_PID" "$LOG"
	until grep -q '^SigBlk:.*1$' "/proc/$FS_PID/status"; do # it blocks SIGHUP
		kill -0 "$FS_PID"
	done
	until is_mounted "$MNT"; do kill -HUP "$FS_PID"; done
	kill -HUP "$FS_PID"
	jq -e '.stats.object_count == 1' "$MNT/$QUICK"
	unmount_fs
}

@test "SIGTERM while the store hangs in everything that there is" {
	start_stub_with_deltas
	stub_bucket put
	stub_bucket get
	fault '{"class": "PUT", "path": "^/put", "gate": "put"}' \
		'{"class": "GET", "path": "^/get", "gate": "get"}' \
		'{"class": "BUCKET", "gate": "bucket"}' '{"class": "BUCKETS", "gate": "list"}'
	mount_fs
	reader "$MNT/put/stats_quick.json"
	wait_for_gate bucket
	open_gate bucket
	wait_for_gate put
	in_background ls "$MNT" >/dev/null 2>&1
	wait_for_gate list
	reader "$MNT/get/stats_sampled.json"
	wait_for_gate get
	reader "$MNT/$DETAILED"
	wait_for_gate heads 4
	kill -TERM "$FS_PID"
	assert_program_ends 0
	is_gone "$MNT"
}

@test "SIGTERM to a mount that nobody uses" {
	start_stub
	mount_fs
	kill -TERM "$FS_PID"
	assert_program_ends 0
	is_gone "$MNT"
}

is_in_table() {
	grep -q " $MNT fuse.dgstatfs " /proc/self/mounts
}

@test "SIGTERM as soon as it is mounted, and again and again: never a dead mount" {
	local i
	mkdir "$MNT"
	for i in {1..12}; do
		in_background "$DGSTATFS" -f http://127.0.0.1:1 "$MNT" >>"$LOG" 2>&1
		FS_PID=$!
		at_end forget_mount "$MNT" "$FS_PID" "$LOG"
		until is_in_table; do kill -0 "$FS_PID"; done
		# the leak check stops the threads by a signal, and those before it come first
		while kill -TERM "$FS_PID" 2>/dev/null; do
			[[ $SANITIZER != address ]] || pause 0.002
		done
		wait "$FS_PID" || [[ $? == 143 ]] # by one that came after the unmount
		run ! is_in_table
	done
}

# --- unmounting ---------------------------------------------------------------------------

@test "fusermount3 -u of an idle mount: the program ends, status 0" {
	start_stub
	stub_bucket bkt
	mount_fs
	cat "$MNT/$QUICK" >/dev/null
	fusermount3 -u "$MNT"
	assert_program_ends 0
	is_gone "$MNT"
}

@test "fusermount3 -u with waiting readers: busy, and they get their answers" {
	start_stub
	hold_lists
	mount_fs
	start_readers 5
	refused busy fusermount3 -u "$MNT"
	is_mounted "$MNT"
	open_gate list
	local i
	for i in {0..4}; do
		assert_reader_ends "$i" 0
		assert_equal "$(reader_output "$i" | jq .stats.object_count)" 1
	done
	unmount_fs
}

@test "fusermount3 -uz with waiting readers: they get their answers, then all ends" {
	start_stub
	hold_lists
	mount_fs
	start_readers 5
	fusermount3 -uz "$MNT"
	is_gone "$MNT"
	open_gate list
	local i
	for i in {0..4}; do
		assert_reader_ends "$i" 0
		assert_equal "$(reader_output "$i" | jq .stats.object_count)" 1
	done
	assert_program_ends 0
}

@test "fusermount3 -uz: an open handle can be read until it is closed" {
	start_stub
	stub_bucket bkt
	mount_fs
	local handle
	exec {handle}<"$MNT/$QUICK"
	fusermount3 -uz "$MNT"
	is_gone "$MNT"
	assert_equal "$(jq .stats.object_count <&"$handle")" 1
	kill -0 "$FS_PID"
	exec {handle}<&-
	assert_program_ends 0
}

@test "unmounting a mount whose work lingers does not wait for it" {
	start_stub_with_deltas
	mount_fs -o linger=1h
	reader "$MNT/$DETAILED"
	wait_for_gate heads 4
	kill -INT "${READERS[0]}"
	assert_reader_ends 0 130
	fusermount3 -u "$MNT"
	assert_program_ends 0
}

# --- the program is killed ------------------------------------------------------------------

@test "SIGKILL: the readers end, and a fresh start cleans up" {
	start_stub
	hold_lists
	mount_fs
	start_readers 3
	kill -KILL "$FS_PID"
	assert_program_ends 137
	local i
	for i in {0..2}; do
		assert_reader_ends "$i" 1
		[[ $(reader_output "$i") == *'Software caused connection abort'* ||
			$(reader_output "$i") == *'not connected'* ]]
	done
	stub_ctl DELETE faults
	mount_again
	assert_equal "$(jq .stats.object_count "$MNT/$QUICK")" 1
}
