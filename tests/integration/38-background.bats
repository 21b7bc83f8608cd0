#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# When figures are computed that nobody, or not only the listing, asks for: ttl,
# detailed=on_refresh, interval.

load lib
load mounts

DETAILED=bkt/stats_detailed.json

# COUNT deltas, of originals of SIZE bytes.
set_objects() {
	stub_ctl PUT bucket/bkt '[{"key": "%03d.delta", "count": '"$1"', "size": 10,
		"meta": {"dg-file-size": "'"${2:-100}"'"}}]'
}

# put_document MODE SECONDS <DOCUMENT: into the bucket, as if computed so long ago.
put_document() {
	local file=$BATS_TEST_TMPDIR/aged

	sed 's/"computed_at": "[^"]*"/"computed_at": "'"$(date -u -d "-$2 seconds" +%FT%TZ)"'"/' \
		>"$file"
	curl -sSf -T "$file" "$ENDPOINT/bkt/.deltaglider/stats_$1.json"
}

total() {
	jq .stats.total_size "$MNT/$1"
}

# --- ttl ---------------------------------------------------------------------------------

# The same objects to a listing, though their metadata tell another size.
@test "ttl: what is older is computed anew though it is valid, and stored" {
	start_stub
	set_objects 3 100
	mount_fs
	cat "$MNT/$DETAILED" >"$BATS_TEST_TMPDIR/document"
	unmount_fs
	set_objects 3 777
	put_document detailed 21500 <"$BATS_TEST_TMPDIR/document"
	mount_fs -o ttl=6h
	forget_requests
	assert_equal "$(total "$DETAILED")" 300
	assert_equal "$(requests HEAD)" 0
	put_document detailed 21700 <"$BATS_TEST_TMPDIR/document"
	forget_requests
	assert_equal "$(total "$DETAILED")" 2331
	assert_equal "$(requests LIST)/$(requests HEAD)/$(requests PUT)" 1/3/1
	assert_equal "$(total "$DETAILED")" 2331
	assert_equal "$(requests LIST)/$(requests HEAD)/$(requests PUT)" 2/3/1
	assert_logged 0 ': (warn|error): '
}

@test "ttl: without one, a document of any age is valid" {
	start_stub
	set_objects 3 100
	mount_fs
	cat "$MNT/$DETAILED" >"$BATS_TEST_TMPDIR/document"
	put_document detailed 1000000000 <"$BATS_TEST_TMPDIR/document"
	forget_requests
	assert_equal "$(total "$DETAILED")" 300
	assert_equal "$(requests LIST)/$(requests HEAD)/$(requests PUT)" 1/0/0
}
