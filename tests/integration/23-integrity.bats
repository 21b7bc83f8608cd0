#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What is wrong with the deltas of a bucket: told by the listing that a read needs
# anyway, and by the HEADs of detailed.

load lib
load documents
load mounts

# Deltas before and behind a reference, spaces in one another; a delta as large as its
# original, one without metadata, an empty one.
damaged='[{"key": ".deltaglider/x.delta", "size": 4},
	{"key": "a/0.delta", "size": 10, "meta": {"dg-file-size": "11"}},
	{"key": "a/b/1.delta", "size": 20, "meta": {"dg-file-size": "100"}},
	{"key": "a/b/c/reference.bin", "size": 500},
	{"key": "a/b/z.delta", "size": 30},
	{"key": "a/reference.bin", "size": 1000},
	{"key": "a/z.delta", "size": 40, "meta": {"dg-file-size": "40"}},
	{"key": "b/empty.delta", "size": 0, "meta": {"dg-file-size": "7"}},
	{"key": "b/reference.bin", "size": 2000},
	{"key": "c/reference.bin.delta/x", "size": 5},
	{"key": "reference.bin", "size": 3000}]'

# What quick, sampled and a hit know of them.
by_listing="integrity: deltas without a reference, which can't be restored: \
2 of 50 bytes, the first is a/b/1.delta; references without a delta: 2 of 3500 bytes, \
the first is reference.bin; deltas of no bytes, which can't be restored: 1 of 0 bytes, \
the first is b/empty.delta"
by_heads="; deltas not smaller than their original: 1 of 40 bytes, the first is a/z.delta"

# Here these lines are what matters.
complaints() {
	cat "$LOG"
}

given() {
	BUCKET=bkt
	start_stub
	stub_ctl PUT "bucket/$BUCKET" "$1"
	mount_fs "${@:2}"
}

@test "a line in the log: once for all modes, and what HEADs tell besides" {
	given "$damaged"
	cat "$(stats_file quick)" "$(stats_file quick)" "$(stats_file sampled)" >/dev/null
	assert_logged 1 ": warn: bucket=bkt: $by_listing\$"
	cat "$(stats_file detailed)" "$(stats_file detailed)" "$(stats_file quick)" >/dev/null
	assert_logged 1 ": warn: bucket=bkt: $by_listing$by_heads\$"
	assert_logged 2 integrity
}

@test "at no request: a hit tells it, too, but not what HEADs would" {
	given "$damaged"
	cat "$(stats_file detailed)" >/dev/null
	unmount_fs
	forget_requests
	mount_fs
	cat "$(stats_file detailed)" >/dev/null
	assert_equal "$(requests LIST) $(requests GET) $(requests HEAD)" '1 1 0'
	assert_logged 1 ": warn: bucket=bkt: $by_listing\$"
	assert_logged 1 ": warn: bucket=bkt: $by_listing$by_heads\$"
}

@test "it is the same in whatever pages, ranges and order" {
	local size

	given "$damaged" -o cache=off
	for size in 1 2 3; do
		stub_ctl PATCH settings "{\"page_size\": $size}"
		cat "$(stats_file quick)" "$(stats_file quick)" >/dev/null
		unmount_fs
		mount_fs -o cache=off
	done
	unmount_fs
	stub_ctl PUT 'bucket/bkt?order=given' "$(jq -c reverse <<<"$damaged")"
	mount_fs -o cache=off
	cat "$(stats_file detailed)" >/dev/null
	assert_logged 3 ": warn: bucket=bkt: $by_listing\$"
	assert_logged 1 ": warn: bucket=bkt: $by_listing$by_heads\$"
}

@test "what is mended is not told, what breaks again is" {
	given '[{"key": "x/1.delta", "size": 1}]'
	cat "$(stats_file quick)" >/dev/null
	assert_logged 1 'reference, .*: 1 of 1 bytes, the first is x/1.delta$'
	S3_ENDPOINT=$ENDPOINT s3 <<<'put bkt x/reference.bin 100'
	cat "$(stats_file quick)" >/dev/null
	S3_ENDPOINT=$ENDPOINT s3 <<<'rm bkt x/reference.bin'
	cat "$(stats_file quick)" >/dev/null
	assert_logged 2 'reference, .*: 1 of 1 bytes, the first is x/1.delta$'
	assert_logged 2 integrity
}
