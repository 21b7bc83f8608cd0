#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A log that nobody reads, or that finds no room, neither stops nor ends a mount.

load lib
load mounts

# The trace of a listing of everything, more and more of it.
make_noise() {
	local i

	for ((i = 0; i < $1; i++)); do find "$MNT" -newer /dev/null >/dev/null; done
}

# Standard error is a pipe, PIPE, that nobody reads yet.
mount_with_stuck_log() {
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	exec {PIPE}<>"$BATS_TEST_TMPDIR/pipe"
	mkdir "$MNT"
	: >"$LOG"
	eval "in_background '$DGSTATFS' -d -o bucket=bkt '$ENDPOINT' '$MNT'" \
		"2>&$PIPE $PIPE>&-"
	FS_PID=$!
	at_end forget_mount "$MNT" "$FS_PID" "$LOG"
	wait_until is_mounted_or_dead 0
}

read_pipe() {
	# by itself: a command in the background does not see that its function's input is
	cat <&"$PIPE" >"$LOG" 3>&- 4>&- &
	at_end end_process $!
}

tells_of_lost_lines() {
	grep -qaE ': error: [0-9]+ lines of the log were lost$' "$LOG"
}

@test "a log that nobody reads does not stop the mount; what is lost is told" {
	start_stub
	stub_bucket bkt
	mount_with_stuck_log
	make_noise 100
	assert_equal "$(jq .stats.object_count "$MNT/bkt/stats_quick.json")" 1
	read_pipe
	wait_until grep -qa 'debug: libfuse' "$LOG"
	# one more line, for the loss to be told before it
	wait_until eval 'stat "$MNT" >/dev/null; tells_of_lost_lines'
	run ! grep -avE '^[-0-9T:]+Z dgstatfs\[[0-9]+\]: [a-z]+: ' "$LOG"
	unmount_fs
}

@test "a log that nobody reads does not keep the program from ending" {
	start_stub
	stub_bucket bkt
	mount_with_stuck_log
	make_noise 100
	within 2000 fusermount3 -u "$MNT"
	within 3000 wait "$FS_PID"
}

@test "a log whose reader has gone does not end the mount" {
	start_stub
	stub_bucket bkt
	mount_with_stuck_log
	exec {PIPE}<&-
	make_noise 3
	assert_equal "$(jq .stats.object_count "$MNT/bkt/stats_quick.json")" 1
	unmount_fs
}

# shellcheck disable=SC2016 # expanded by that shell
@test "disk full for log_file: the mount goes on, and tells what is lost" {
	start_stub
	stub_bucket bkt
	mkdir "$MNT" "$BATS_TEST_TMPDIR/disk"
	export -f make_noise
	run -0 as_root env AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b MNT="$MNT" \
		"$OWN_MOUNTS" bash -euc '
		mount -t tmpfs -o size=16k tmpfs "$1"
		"$2" -d -o bucket=bkt,log_file="$1/log" "$3" "$MNT" 3>&- 4>&- &
		fs=$!
		trap "kill $fs 2>/dev/null || true; wait" EXIT
		until mountpoint -q "$MNT"; do kill -0 $fs; sleep 0.02; done
		make_noise 20
		jq -e ".stats.object_count == 1" "$MNT/bkt/stats_quick.json"
		kill -0 $fs
		: >"$1/log"
		stat "$MNT" >/dev/null
		fusermount3 -u "$MNT"
		wait $fs
		grep -aE "error: [0-9]+ lines of the log were lost$" "$1/log"' \
		bash "$BATS_TEST_TMPDIR/disk" "$DGSTATFS" "$ENDPOINT"
}

@test "SIGHUP after the log was renamed: the next line is in a new file" {
	start_stub
	stub_bucket bkt
	mount_fs -o "log_file=$BATS_TEST_TMPDIR/a.log,retries=0"
	fault '{"class": "LIST", "status": 503, "code": "SlowDown"}'
	run ! cat "$MNT/bkt/stats_quick.json"
	wait_until grep -q SlowDown "$BATS_TEST_TMPDIR/a.log"
	mv "$BATS_TEST_TMPDIR/a.log" "$BATS_TEST_TMPDIR/a.log.1"
	kill -HUP "$FS_PID"
	wait_until test -e "$BATS_TEST_TMPDIR/a.log"
	run ! cat "$MNT/bkt/stats_quick.json"
	wait_until grep -q SlowDown "$BATS_TEST_TMPDIR/a.log"
	assert_equal "$(grep -c SlowDown "$BATS_TEST_TMPDIR/a.log.1")" 1
	unmount_fs
}

@test "SIGHUP where the log can't be opened again: it goes on in the old one" {
	start_stub
	stub_bucket bkt
	mkdir "$BATS_TEST_TMPDIR/d"
	mount_fs -o "log_file=$BATS_TEST_TMPDIR/d/a.log,retries=0"
	mv "$BATS_TEST_TMPDIR/d" "$BATS_TEST_TMPDIR/e"
	kill -HUP "$FS_PID"
	wait_until grep -q "can't be opened again: No such file" "$BATS_TEST_TMPDIR/e/a.log"
	fault '{"class": "LIST", "status": 503, "code": "SlowDown"}'
	run ! cat "$MNT/bkt/stats_quick.json"
	wait_until grep -q SlowDown "$BATS_TEST_TMPDIR/e/a.log"
	unmount_fs
}

@test "called by another name, through a link, it still is dgstatfs" {
	start_stub
	stub_bucket bkt
	ln -s "$DGSTATFS" "$BATS_TEST_TMPDIR/mount.fuse.other"
	DGSTATFS=$BATS_TEST_TMPDIR/mount.fuse.other
	run -1 "$DGSTATFS" --nonsense
	assert_equal "$output" 'dgstatfs: unknown option nonsense'
	mount_fs -o retries=0
	fault '{"class": "LIST", "status": 503, "code": "SlowDown"}'
	run ! cat "$MNT/bkt/stats_quick.json"
	wait_until grep -qE "^[-0-9T:]+Z dgstatfs\[$FS_PID\]: error: .*SlowDown" "$LOG"
	stub_ctl GET log | jq -e 'any(.[]; .headers["User-Agent"] // "" | test("^dgstatfs/[0-9]"))'
	unmount_fs
}

# In a mount namespace of its own, without /dev/log.
without_syslog() {
	"$OWN_MOUNTS" bash -c 'mount -t tmpfs none /dev/shm && mkdir /dev/shm/dev &&
		mount --bind /dev/fuse "$(touch /dev/shm/fuse; echo /dev/shm/fuse)" &&
		if [[ -e /dev/log ]]; then mount --bind /dev/null /dev/log; fi && "$@"' \
		without_syslog "$@"
}

@test "without syslog, that lines will be lost is said, and how they are kept" {
	start_stub
	stub_bucket bkt
	mkdir "$MNT"
	without_syslog bash -c '"$@" && umount "${@: -1}"' bash \
		"$DGSTATFS" -o bucket=bkt "$ENDPOINT" "$MNT" 2>"$LOG"
	grep -E '^dgstatfs: warning: no syslog is here .*log_file=' "$LOG"
	without_syslog bash -c '"$@" && umount "${@: -1}"' bash \
		"$DGSTATFS" -o "bucket=bkt,log_file=$BATS_TEST_TMPDIR/f" "$ENDPOINT" "$MNT" 2>"$LOG"
	run ! grep syslog "$LOG"
}

@test "the first process of a container stays in the foreground, and logs to standard error" {
	start_stub
	stub_bucket bkt
	mkdir "$MNT"
	fault '{"class": "LIST", "status": 503, "code": "SlowDown"}'
	in_background unshare --pid --fork --kill-child "$DGSTATFS" -o bucket=bkt,retries=0 \
		"$ENDPOINT" "$MNT" 2>"$LOG"
	at_end forget_mount "$MNT" "$!" "$LOG"
	wait_until is_mounted "$MNT"
	run ! cat "$MNT/bkt/stats_quick.json"
	assert_logged 1 SlowDown
	fusermount3 -u "$MNT"
}
