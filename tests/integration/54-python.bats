#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# contrib/python: the module and the scripts that use it, on a mount and on dgstat.

load lib
load mounts
load alpha

PYTHON=$HERE/../../contrib/python

given_stores() {
	given_stub
	stub_bucket denied
	fault '{"path": "^/denied", "status": 403, "code": "AccessDenied"}'
}

client() {
	export ENDPOINT MNT CLIENT=$1 DGSTAT=${DGSTATFS%fs}
	run -0 python3 -B "$HERE/client.py"
	[[ $output == *$'\nOK'* ]] || fail "$output"
}

@test "python: figures and failures by dgstat" {
	given_stores
	client dgstat
}

@test "python: figures and failures of a mount" {
	given_stores
	mount_fs
	client mount
}

@test "python: the types are right" {
	MYPYPATH=$PYTHON run -0 mypy --strict --cache-dir=/dev/null \
		"$PYTHON"/{dgstatfs,report,dashboard,ci_check}.py
}

# By a shell that has what a user would set.
example() {
	env -C "$PYTHON" python3 -B "$@"
}

is_shown() {
	(($(grep -cE "^[0-9:]{8} $BUCKET: 3 objects, 49\.7% saved\$" "$BATS_TEST_TMPDIR/out") >= 2))
}

assert_examples() {
	local pid status=0

	in_background env -C "$PYTHON" python3 -B dashboard.py "$BUCKET" 0.1 \
		>"$BATS_TEST_TMPDIR/out"
	pid=$!
	at_end end_process "$pid"
	wait_until is_shown
	end_process "$pid"
	run -1 --separate-stderr example ci_check.py "$BUCKET"
	# shellcheck disable=SC2154 # set by run
	[[ $output == "$BUCKET: 2 deltas, "* && $stderr == 'warning: less than 90.0%'* ]]
	run -0 example ci_check.py "$BUCKET" 0.6
	run -2 --separate-stderr example ci_check.py no-such-bucket
	assert_equal "$output" ''
	run -0 example report.py "$BUCKET"
	assert_equal "${lines[*]}" "$BUCKET   original: 0.00 GB   stored:   0.00 GB   \
saved:    0.00 GB   ratio:    74.8%"
}

@test "python: the examples, on a real gateway, by dgstat and on a mount" {
	new_bucket
	s3 <<-END
		put $BUCKET v/reference.bin 5000
		put $BUCKET v/1.delta 10 dg-file-size=10000
		put $BUCKET v/2.delta 20 dg-file-size=10000
		put $BUCKET file 5
	END
	mkdir "$BATS_TEST_TMPDIR/bin"
	ln -s "${DGSTATFS%fs}" "$BATS_TEST_TMPDIR/bin/dgstat"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH AWS_ENDPOINT_URL=$ENDPOINT assert_examples
	mount_fs -o "bucket=$BUCKET"
	DGSTATFS_MOUNT=$MNT assert_examples
}
