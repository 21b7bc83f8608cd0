#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Starting where an earlier mount has died, or was taken away while it was used: a
# dead mount of ours is removed, with a message; anything else stays.

load lib
load mounts
load users

FILE=bkt/stats_quick.json

# What is mounted at $MNT, one line for each.
types() {
	awk -v dir="$MNT" '$2 == dir { print $3 }' /proc/self/mounts
}

kill_mount() {
	kill -KILL "$FS_PID"
	wait "$FS_PID" || true
	refused 'Transport endpoint is not connected' ls "$MNT"
}

assert_serves() {
	assert_equal "$(jq .stats.object_count "$MNT/$FILE")" 1
	assert_equal "$(types)" fuse.dgstatfs
}

has_ended() {
	! pgrep -f -- "dgstatfs.* $MNT/*\$" >/dev/null
}

forget_background() {
	if is_mounted "$MNT"; then fusermount3 -uz "$MNT"; fi
	wait_until has_ended
}

@test "killed: a fresh start on the same mount point removes what is left, and says so" {
	start_stub
	stub_bucket bkt
	mount_fs
	kill_mount
	mount_again
	assert_serves
	assert_logged 1 "$MNT: removed the dead mount"
	unmount_fs
	assert_equal "$(types)" ''
	: >"$LOG"
	mount_fs # nothing is said where there was nothing
	assert_equal "$(<"$LOG")" ''
}

@test "killed: the same in the background, on the terminal, by a name with a slash" {
	start_stub
	stub_bucket bkt
	mount_fs
	kill_mount
	at_end forget_background
	cd "$BATS_TEST_TMPDIR"
	"$DGSTATFS" -o log_file="$LOG" "$ENDPOINT" mnt// >said 2>&1 3>&- 4>&-
	assert_equal "$(grep -c "$MNT: removed the dead mount" said)/$(wc -l <said)" 1/1
	assert_serves
}

@test "killed while a file was open, and a program stood in the directory" {
	start_stub
	stub_bucket bkt
	mount_fs
	in_background tail -f "$MNT/$FILE" >/dev/null 2>&1
	at_end end_process $!
	enter "$MNT/bkt"
	kill_mount
	mount_again
	assert_serves
}

@test "killed: an ordinary user's is removed by fusermount3, as he" {
	start_stub
	stub_bucket bkt
	run -0 as_user '
		"$1" -f "$2" "$3" & pid=$!
		until grep -q " $3 fuse.dgstatfs " /proc/self/mounts; do sleep 0.02; done
		kill -KILL $pid; wait $pid
		! ls "$3" || exit
		"$1" -o log_file=/dev/null "$2" "$3" 3>&- 4>&- || exit
		trap "umount -l \"$3\"" EXIT
		grep -c " $3 fuse.dgstatfs .*user_id=$(id -u)," /proc/self/mounts
		jq .stats.object_count "$3/bkt/stats_quick.json"'
	[[ $output == *'removed the dead mount'*$'\n1\n1' ]] || fail "$output"
}

# There fusermount3 unmounts for nobody but root.
@test "without /etc/mtab, as an ordinary user: killed, started afresh, ended" {
	start_stub
	stub_bucket bkt
	MTAB=no run -0 as_user '
		start() {
			"$1" -f "$2" "$3" & pid=$!
			until jq .stats.object_count "$3/bkt/stats_quick.json" 2>/dev/null; do
				kill -0 $pid || exit; sleep 0.02
			done
		}
		[[ ! -e /etc/mtab ]] || exit
		start "$@"
		kill -KILL $pid; wait $pid
		start "$@"
		kill $pid; wait $pid || exit
		! grep " $3 " /proc/self/mounts'
	[[ $output == *$'1\n'*'removed the dead mount'*$'\n1\n'* ]] || fail "$output"
}

@test "taken away with fusermount3 -uz while it is used: a fresh start, and both serve" {
	start_stub
	stub_bucket bkt
	mount_fs
	local first=$FS_PID
	exec 9<"$MNT/$FILE"
	fusermount3 -uz "$MNT"
	mount_again 9<&-
	assert_serves
	run ! grep 'dead mount' "$LOG"
	assert_equal "$(jq .stats.object_count <&9)" 1
	kill -0 "$first"
	exec 9<&-
	wait "$first"
	assert_serves
}

@test "taken away with fusermount3 -uz, started afresh: SIGTERM to the first ends it alone" {
	start_stub
	stub_bucket bkt
	mount_fs
	local first=$FS_PID
	exec 9<"$MNT/$FILE"
	fusermount3 -uz "$MNT"
	mount_again 9<&-
	kill -TERM "$first"
	wait "$first"
	assert_serves
	exec 9<&-
	unmount_fs
}

@test "a dead mount of another program stays, and it is said" {
	mkdir "$MNT"
	in_background rclone mount --config /dev/null :memory: "$MNT" >"$LOG" 2>&1
	FS_PID=$!
	at_end forget_mount "$MNT" "$FS_PID" "$LOG"
	wait_until is_mounted "$MNT"
	kill_mount
	run -1 timeout 10 "$DGSTATFS" -f http://127.0.0.1:1 "$MNT"
	[[ $output == *"$MNT: a dead mount of type fuse.rclone is still there"* ]] ||
		fail "$output"
	assert_equal "$(types)" fuse.rclone
}

@test "what lives there is never taken away" {
	start_stub
	stub_bucket bkt
	mount_fs
	local first=$FS_PID
	LOG=$BATS_TEST_TMPDIR/b.log
	in_background "$DGSTATFS" -f "$ENDPOINT" "$MNT" >"$LOG" 2>&1
	FS_PID=$!
	at_end end_process "$FS_PID"
	wait_until has_two_mounts
	unmount_fs # the one on top
	run ! grep 'dead mount' "$LOG"
	kill -0 "$first"
	assert_serves
	# nor what its owner alone may look at
	run -1 as_user '"$1" -f "$2" /mnt/test/mnt'
	[[ $output == *'/mnt/test/mnt: Permission denied'* ]] || fail "$output"
	kill -0 "$first"
	assert_serves
}

@test "SIGTERM to a mount that another one covers leaves that one" {
	start_stub
	stub_bucket bkt
	mount_fs
	local first=$FS_PID
	mount_fs
	kill -TERM "$first"
	wait "$first"
	assert_equal "$(jq .stats.object_count "$MNT/$FILE")" 1
	unmount_fs
	mount_again # where the lower one was left dead
	assert_serves
	unmount_fs
	assert_equal "$(types)" ''
}

# As systemd would run it.
clean_up_of_unit() {
	local command

	command=$(sed -n "s/^ExecStopPost=-sh -c '\(.*\)'\$/\1/p" \
		"$HERE/../../contrib/dgstatfs@.service.in")
	MOUNTPOINT=$MNT sh -c "${command//\$\$/\$}"
}

@test "the clean-up of the systemd unit: a dead mount goes, what lives stays" {
	start_stub
	stub_bucket bkt
	mount_fs
	run -1 clean_up_of_unit
	assert_serves
	kill_mount
	clean_up_of_unit
	assert_equal "$(types)" ''
	run -1 clean_up_of_unit
}

has_two_mounts() {
	(($(types | wc -l) == 2))
}
