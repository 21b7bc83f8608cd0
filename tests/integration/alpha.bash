# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For test files of programs without a mount: `load lib` and then `load alpha`.
#
#   given_stub               two buckets on a stub of its own: alpha has ten deltas, 1,105
#                            bytes instead of 12,005 in detailed and 10,005 in quick; beta
#                            has one object of 2,048 bytes
#   dgstat ARGUMENT...       the program of this build, for that store

given_stub() {
	start_stub
	stub_ctl PUT bucket/alpha '[{"key": "r/reference.bin", "size": 1000},
		{"key": "r/%03d.delta", "count": 10, "size": 10,
		 "meta": {"dg-file-size": "1200"}}, {"key": "direct", "size": 5}]'
	stub_ctl PUT bucket/beta '[{"key": "a", "size": 2048}]'
}

dgstat() {
	"${DGSTATFS%fs}" --endpoint-url="$ENDPOINT" "$@"
}
