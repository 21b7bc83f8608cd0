#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Readers who would rather have older figures, or none, than wait: max_wait,
# max_age and nonblock=eagain.

load lib
load mounts

QUICK=bkt/stats_quick.json
DETAILED=bkt/stats_detailed.json

count() {
	jq .stats.object_count "$MNT/$1"
}

has_count() {
	[[ $(count "$1" 2>/dev/null) == "$2" ]]
}

set_objects() {
	stub_ctl PUT bucket/bkt '[{"key": "%03d.delta", "count": '"$1"', "size": 10}]'
}

nonblocking() {
	"$HERE/read.py" nonblocking "$MNT/$1"
}

assert_nothing_ready() {
	refused 'Resource temporarily unavailable' nonblocking "$1"
}

is_ready() {
	nonblocking "$1" >"$BATS_TEST_TMPDIR/ready" 2>/dev/null
}

# --- max_wait ----------------------------------------------------------------------------

@test "max_wait: ETIMEDOUT where there is nothing yet, and the work goes on" {
	start_stub
	set_objects 5
	fault '{"class": "HEAD", "gate": "heads"}'
	local ms
	ms=$(scaled 500)
	mount_fs -o "max_wait=${ms}ms,linger=0"
	start_clock
	refused 'Connection timed out' cat "$MNT/$DETAILED"
	(($(elapsed_ms) >= ms)) || fail "$(elapsed_ms) ms"
	assert_took $((ms + 2500))
	assert_logged 1 "bucket=bkt.*mode=detailed.*max_wait of $ms ms"
	sleep 0.5
	open_gate heads
	wait_until has_requests PUT 1
	assert_equal "$(count "$DETAILED")" 5
	assert_equal "$(requests HEAD)" 5
}

@test "max_wait: the last good result while the store hangs, with its time" {
	start_stub
	set_objects 5
	mount_fs -o "max_wait=$(scaled 3000)ms"
	assert_equal "$(count "$DETAILED")" 5
	local time
	time=$(stat -c %Y "$MNT/$DETAILED")
	set_objects 7
	fault '{"class": "LIST", "gate": "lists"}'
	assert_equal "$(count "$DETAILED")" 5
	assert_equal "$(stat -c %Y "$MNT/$DETAILED")" "$time"
	open_gate lists
	wait_until has_count "$DETAILED" 7
	run ! grep -a ': error: ' "$LOG"
}

@test "max_wait: what comes in time is the reader's own" {
	start_stub
	set_objects 5
	mount_fs -o max_wait=1m
	assert_equal "$(count "$QUICK")" 5
	set_objects 7
	assert_equal "$(count "$QUICK")" 7
}

@test "max_wait: nothing from before a refresh, nothing under nocache" {
	start_stub
	set_objects 5
	mount_fs -o "max_wait=$(scaled 3000)ms"
	assert_equal "$(count "$QUICK")" 5
	fault '{"class": "LIST", "gate": "lists"}'
	echo quick >"$MNT/bkt/refresh"
	refused 'Connection timed out' cat "$MNT/$QUICK"
	stub_ctl DELETE faults
	wait_until has_count "$QUICK" 5
	echo 1 >"$MNT/bkt/nocache"
	fault '{"class": "LIST", "gate": "lists"}'
	refused 'Connection timed out' cat "$MNT/$QUICK"
}

@test "max_wait: a hundred readers of a store that hangs" {
	start_stub
	set_objects 5
	mount_fs -o "max_wait=$(scaled 3000)ms"
	assert_equal "$(count "$QUICK")" 5
	fault '{"class": "LIST", "gate": "lists"}'
	local i
	for ((i = 0; i < 100; i++)); do reader "$MNT/$QUICK"; done
	for ((i = 0; i < 100; i++)); do assert_reader_ends "$i" 0; done
	assert_equal "$(reader_output 99 | jq .stats.object_count)" 5
	unmount_fs
}

# --- max_age -----------------------------------------------------------------------------

@test "max_age: a result that is not older is shown again, without a request" {
	start_stub
	set_objects 5
	mount_fs -o max_age=1h
	assert_equal "$(count "$QUICK")" 5
	forget_requests
	set_objects 7
	assert_equal "$(count "$QUICK")" 5
	assert_equal "$(requests)" 0
	assert_equal "$(count "$DETAILED")" 7
}

@test "max_age: an older one is not" {
	start_stub
	set_objects 5
	mount_fs -o max_age=300ms
	assert_equal "$(count "$QUICK")" 5
	set_objects 7
	sleep 0.4
	assert_equal "$(count "$QUICK")" 7
}

@test "max_age: not after a refresh, not under nocache" {
	start_stub
	set_objects 5
	mount_fs -o max_age=1h
	assert_equal "$(count "$QUICK")" 5
	set_objects 7
	touch "$MNT/bkt/refresh"
	assert_equal "$(count "$QUICK")" 7
	set_objects 9
	assert_equal "$(count "$QUICK")" 7
	echo 1 >"$MNT/bkt/nocache"
	assert_equal "$(count "$QUICK")" 9
	echo 0 >"$MNT/bkt/nocache"
	assert_equal "$(count "$QUICK")" 7
}

# --- nonblock ----------------------------------------------------------------------------

@test "nonblock=eagain: EAGAIN begins the work, a later open gets the result" {
	start_stub
	set_objects 5
	fault '{"class": "HEAD", "gate": "heads"}'
	mount_fs -o nonblock=eagain,linger=0
	assert_nothing_ready "$DETAILED"
	wait_for_gate heads 5
	assert_nothing_ready "$DETAILED"
	open_gate heads
	wait_until is_ready "$DETAILED"
	assert_equal "$(jq .stats.object_count "$BATS_TEST_TMPDIR/ready")" 5
	set_objects 7
	assert_nothing_ready "$DETAILED"
	wait_until is_ready "$DETAILED"
	assert_equal "$(jq .stats.object_count "$BATS_TEST_TMPDIR/ready")" 7
}

@test "nonblock=eagain: a failure of the work is what a later open gets" {
	start_stub
	set_objects 5
	fault '{"class": "LIST", "status": 403, "code": "AccessDenied"}'
	mount_fs -o nonblock=eagain,bucket=bkt
	assert_nothing_ready "$QUICK"
	wait_until grep -qa AccessDenied "$LOG"
	refused 'Permission denied' nonblocking "$QUICK"
	assert_nothing_ready "$QUICK"
}

@test "nonblock=eagain: other opens wait as ever, and so does everybody without it" {
	start_stub
	set_objects 5
	mount_fs -o nonblock=eagain
	assert_equal "$(count "$QUICK")" 5
	unmount_fs
	mount_fs
	assert_equal "$(nonblocking "$QUICK" | jq .stats.object_count)" 5
}

@test "nonblock=eagain with max_age: what is not older is ready" {
	start_stub
	set_objects 5
	mount_fs -o nonblock=eagain,max_age=1h
	assert_equal "$(count "$QUICK")" 5
	assert_equal "$(nonblocking "$QUICK" | jq .stats.object_count)" 5
}
