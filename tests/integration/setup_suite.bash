# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Once for all files: what ./check has not provided, so that any of them can also
# be run by hand, with `bats tests/integration/NN-name.bats` after a `make`.

setup_suite() {
	local top

	top=$(realpath -- "$BATS_TEST_DIRNAME/../..")
	export DGSTATFS=${DGSTATFS:-$top/src/dgstatfs}
	export SANITIZER=${SANITIZER:-none} LONG=${LONG:-}
	export BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-120}
	if [[ -z ${S3_ENDPOINT:-} ]]; then
		S3_ENDPOINT=$("$top/tests/server/rgw" start "$BATS_RUN_TMPDIR/rgw")
		export S3_ENDPOINT
		OWN_SERVER=$BATS_RUN_TMPDIR/rgw
	fi
	export NOTHING=$BATS_RUN_TMPDIR/nothing # is what can be read there: pause()
	mkfifo "$NOTHING"
	start_warm
	start_meter
}

# How slow the machine is at each moment; see meter.py.
start_meter() {
	export METER=$BATS_RUN_TMPDIR/meter

	"$BATS_TEST_DIRNAME/meter.py" "$METER" 3>&- 4>&- &
	METER_PID=$!
	until [[ -s $METER ]]; do
		kill -0 "$METER_PID"
		sleep 0.02
	done
}

# What is in Python starts at once from here on; see warm.py.  WARM is the client.
start_warm() {
	export WARM=$BATS_RUN_TMPDIR/warm
	local stub=$BATS_TEST_DIRNAME/../stub

	cc -O1 -o "$WARM" "$BATS_TEST_DIRNAME/warm.c"
	warm again boto3 "$BATS_TEST_DIRNAME"/{s3,model,member}.py
	PYTHONPATH=$stub warm once argparse asyncio http.client http.server ssl \
		s3faults s3log s3store "$stub"/{stub-s3,stub-keys,count-proxy}
}

warm() {
	PYTHONDONTWRITEBYTECODE=1 "$BATS_TEST_DIRNAME/warm.py" "$1" "$WARM.$1" "${@:2}" \
		3>&- 4>&- &
	WARM_PIDS+=("$!")
	until [[ -S $WARM.$1 ]]; do
		kill -0 "$!"
		sleep 0.02
	done
}

teardown_suite() {
	kill "${WARM_PIDS[@]}" "$METER_PID"
	if [[ -n ${OWN_SERVER:-} ]]; then
		"$BATS_TEST_DIRNAME/../server/rgw" stop "$OWN_SERVER"
	fi
}
