#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The end of ./quickstart; all of it is in ../quickstart.

load lib
load mounts
load users

# As after a start, with its two mounts, by an ordinary user; and nobody is there to
# type a password.
stop_as_user() {
	cp -r "$HERE/../../quickstart" "$BATS_TEST_TMPDIR/"
	mkdir -p "$BATS_TEST_TMPDIR/tests/server"
	cp "$HERE"/../server/* "$BATS_TEST_TMPDIR/tests/server/"
	run -0 as_user '
		export DGSTATFS_QUICKSTART_DIR=/mnt/tmp/run PATH=/mnt/tmp/bin:$PATH
		mkdir -p /mnt/tmp/bin /mnt/tmp/run/{mnt,mine}
		printf "#!/bin/sh\necho a password is asked for\n" >/mnt/tmp/bin/sudo
		chmod +x /mnt/tmp/bin/sudo
		for dir in mnt mine; do
			"$1" -o log_file=/mnt/tmp/log "$2" "/mnt/tmp/run/$dir" 2>/dev/null || exit
		done
		eval "$4"
		/mnt/test/quickstart stop
		! grep " /mnt/tmp/" /proc/self/mounts
		[[ ! -e /mnt/tmp/run ]] || ls -A /mnt/tmp/run' "${1:-}"
}

@test "quickstart stop as an ordinary user, with and without /etc/mtab" {
	start_stub
	stop_as_user
	assert_equal "$output" '== stopped'
	MTAB=no stop_as_user
	assert_equal "$output" '== stopped'
}

@test "quickstart stop as an ordinary user, while somebody is there" {
	start_stub
	MTAB=no stop_as_user 'cd /mnt/tmp/run/mnt'
	[[ $output == '== /mnt/tmp/run/mnt is in use: '*$'\n== stopped' ]] || fail "$output"
}
