#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Whose keys are taken, of all that may be configured at the same time: those that
# botocore takes, in more than a hundred settings.

load lib

@test "the keys that botocore takes" {
	unset no_proxy
	"$HERE/matrix.py" "$DGSTATFS" "$BATS_TEST_TMPDIR" >"$LOG" 2>&1
	[[ $(tail -n 1 "$LOG") == 1[0-9][0-9]' rows '*' 0 wrong' ]]
}
