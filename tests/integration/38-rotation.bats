#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Keys of a short life from each source that can renew them, all at the same time, while
# many read: no read fails, and each key is fetched once.

load lib

# With `--long`, as the keys of Amazon's services do it, only faster: ten minutes.
readonly LIFE=${LONG:+60} TIME=${LONG:+600} CROWD=${LONG:+200}

setup_file() {
	[[ -z $LONG ]] || export BATS_TEST_TIMEOUT=1800
}

@test "keys that end soon, from each source, and nobody who reads notices" {
	"$HERE/rotation.py" "$DGSTATFS" "$BATS_TEST_TMPDIR" "${LIFE:-4}" "${TIME:-5}" \
		"${CROWD:-8}" >"$LOG" 2>&1
}

@test "keys that are taken back in the middle of a listing: one fetch, and no failed read" {
	"$HERE/rotation.py" "$DGSTATFS" "$BATS_TEST_TMPDIR" revoked 2 4 \
		process container instance role web sso >"$LOG" 2>&1
}
