#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Networks that swallow everything: what must wait ends within its limit, with
# ETIMEDOUT, and nothing else waits at all.

load lib
load mounts

QUICK=bkt/stats_quick.json

# What depends on no network takes less than this; sanitizers are slow.
AT_ONCE_MS=2000
[[ $SANITIZER == none ]] || AT_ONCE_MS=4000

start_black_hole() {
	start_server "$HERE/black_hole.py" "$1"
}

# It ends well, before it could have waited for anybody.
at_once() {
	within "$AT_ONCE_MS" "$@" >/dev/null
}

# An open fails with ETIMEDOUT after at least MIN ms, and at most 3 s later.
assert_times_out() {
	local min=$1 file=$2

	start_clock
	refused 'Connection timed out' cat "$file"
	(($(elapsed_ms) >= min)) || fail "$(elapsed_ms) ms"
	assert_took $((min + 3000))
}

# The only line, and what it says.
assert_error() {
	assert_logged 1 ': error: '
	assert_logged 1 "$1"
}

# With a reader that waits for the network: the rest of the mount does not.
assert_all_but_open_at_once() {
	at_once stat "$MNT" "$MNT/bkt" "$MNT/$QUICK"
	at_once ls -lR "$MNT"
	at_once df "$MNT" "$MNT/bkt"
	at_once stat -f "$MNT"
	at_once du "$MNT"
	at_once cat "$MNT/bkt/refresh" "$MNT/bkt/nocache"
	at_once touch "$MNT/bkt/refresh"
}

assert_ends_at_once() {
	at_once "$@"
	at_once wait "$FS_PID"
	run ! is_mounted "$MNT"
}

# --- each limit ------------------------------------------------------------------------

@test "connect_timeout: no connection comes about" {
	start_black_hole full
	mount_fs -o bucket=bkt,connect_timeout=400ms,retries=0
	assert_times_out 400 "$MNT/$QUICK"
	assert_error 'bucket=bkt.*mode=quick.*(Failed to connect|Connection timeout)'
}

@test "request_timeout: no answer comes" {
	start_black_hole silent
	mount_fs -o bucket=bkt,request_timeout=400ms,retries=0
	assert_times_out 400 "$MNT/$QUICK"
	assert_error 'bucket=bkt.*no byte for 400 ms'
}

@test "timeout: the end of all tries" {
	start_black_hole silent
	mount_fs -o bucket=bkt,request_timeout=100ms,retries=100,timeout=1s
	assert_times_out 1000 "$MNT/$QUICK"
	assert_error 'bucket=bkt.*no progress for 1000 ms'
}

@test "deadline: each reader's own, whatever the work that it shares" {
	start_black_hole silent
	mount_fs -o bucket=bkt,deadline=4s,linger=0
	reader "$MNT/$QUICK"
	wait_for_readers
	sleep 2
	start_clock
	refused 'Connection timed out' cat "$MNT/$QUICK"
	(($(elapsed_ms) >= 4000)) || fail "$(elapsed_ms) ms"
	assert_took 5900
	assert_reader_ends 0 1
	wait_until is_logged 1 'bucket=bkt.*deadline of 4000 ms'
}

@test "max_wait and deadline are limits for a name that is looked up, too" {
	start_black_hole silent
	mount_fs -o deadline=300ms
	assert_times_out 300 "$MNT/unknown/stats_quick.json"
	unmount_fs
	mount_fs -o max_wait=300ms
	assert_times_out 300 "$MNT/unknown/stats_quick.json"
	refused 'Connection timed out' ls "$MNT"
}

@test "connect_timeout is the limit for a name that is looked up, and for ls" {
	start_black_hole silent
	mount_fs -o connect_timeout=400ms
	assert_times_out 400 "$MNT/unknown/stats_quick.json"
	refused 'Connection timed out' ls "$MNT"
}

# --- nobody else waits -----------------------------------------------------------------

@test "no connection comes about: nothing waits but an open" {
	start_black_hole full
	mount_fs -o bucket=bkt
	reader "$MNT/$QUICK"
	wait_for_readers
	assert_all_but_open_at_once
	at_once end_process "${READERS[0]}"
	assert_ends_at_once fusermount3 -u "$MNT"
}

@test "no answer comes: nothing waits but an open" {
	start_black_hole silent
	mount_fs -o bucket=bkt
	reader "$MNT/$QUICK"
	wait_for_readers
	assert_all_but_open_at_once
	at_once end_process "${READERS[0]}"
	assert_ends_at_once fusermount3 -u "$MNT"
}

@test "buckets that were listed are shown at once when the network has died" {
	start_stub
	stub_bucket bkt
	mount_fs -o bucket_ttl=0
	ls "$MNT" >/dev/null
	fault '{"gate": "dead"}'
	reader "$MNT/$QUICK"
	wait_for_gate dead
	assert_all_but_open_at_once
	assert_equal "$(ls "$MNT")" bkt
	assert_ends_at_once kill -TERM "$FS_PID"
}

@test "df and stat of the root ask nobody, the first time neither" {
	start_stub
	fault '{"gate": "dead"}'
	mount_fs
	at_once df "$MNT"
	at_once stat "$MNT"
	at_once stat -f "$MNT"
	at_once test -d "$MNT"
	enter "$MNT"
	cd /
	assert_equal "$(requests)" 0
	assert_ends_at_once fusermount3 -u "$MNT"
}

@test "a name that the store is asked for delays neither others nor ls" {
	start_stub
	stub_bucket bkt
	fault '{"class": "BUCKET", "path": "^/slow", "gate": "dead"}'
	mount_fs
	reader "$MNT/slow/refresh"
	wait_for_gate dead
	at_once stat "$MNT/bkt/refresh"
	at_once ls "$MNT"
	refused 'No such file' at_once stat "$MNT/none"
}

@test "SIGTERM while everything waits for the network ends the mount at once" {
	start_black_hole silent
	mount_fs -o connect_timeout=1h,request_timeout=1h,timeout=1h
	reader "$MNT/bkt/stats_quick.json"
	reader "$MNT/other/refresh"
	in_background ls "$MNT"
	local ls=$!
	wait_for_readers
	assert_ends_at_once kill -TERM "$FS_PID"
	assert_reader_ends 0 1
	assert_reader_ends 1 1
	run ! wait "$ls"
}

# Where it asks is seen by these alone: RESOLVER, then the program's own mount.
with_resolver() {
	echo "nameserver $ENDPOINT" >"$BATS_TEST_TMPDIR/resolv.conf"
	mkdir "$MNT"
	export MNT DGSTATFS LOG AT_ONCE_MS QUICK
	export -f at_once within start_clock elapsed_ms is_fast slowness pause assert_took
	export -f assert_fast fail assert_all_but_open_at_once in_background
	as_root env AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b \
		"$OWN_MOUNTS" bash -euc '
		mount --bind "$1" /etc/resolv.conf
		trap "kill %1 2>/dev/null || true; wait" EXIT
		"$DGSTATFS" -f -o "$2" http://store.example "$MNT" >>"$LOG" 2>&1 \
			3>&- 4>&- &
		FS_PID=$!
		until mountpoint -q "$MNT"; do kill -0 $FS_PID; sleep 0.02; done
		'"$2" bash "$BATS_TEST_TMPDIR/resolv.conf" "$1"
	assert_no_reports "$LOG"
}

# shellcheck disable=SC2016 # expanded by that shell
@test "a name server that never answers: nothing waits but an open" {
	start_black_hole dns
	with_resolver bucket=bkt '
		cat "$MNT/$QUICK" 2>/dev/null 3>&- 4>&- &
		sleep 0.5
		assert_all_but_open_at_once
		kill -0 %2
		at_once kill -TERM $FS_PID
		at_once wait $FS_PID
		! mountpoint -q "$MNT"'
}

# shellcheck disable=SC2016 # expanded by that shell
@test "a name server that never answers: ETIMEDOUT after connect_timeout" {
	start_black_hole dns
	with_resolver bucket=bkt,connect_timeout=500ms,retries=0 '
		LC_ALL=C cat "$MNT/$QUICK" 2>&1 | grep "Connection timed out"
		at_once fusermount3 -u "$MNT"
		at_once wait $FS_PID'
	assert_logged 1 ": error: "
}
