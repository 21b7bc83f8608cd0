#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# When figures are computed that nobody, or not only the listing, asks for: ttl,
# detailed=on_refresh, interval; and what SIGUSR1 tells of it all.

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

# What nobody has opened, from memory.
objects_of() {
	getfattr --absolute-names --only-values -n user.deltaglider.objects "$MNT/$1" 2>/dev/null
}

has_objects() {
	[[ $(objects_of "$1") == "$2" ]]
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
	assert_equal "$(complaints)" ''
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

# --- detailed=on_refresh -------------------------------------------------------------------

@test "on_refresh: no open begins a HEAD, nor a listing, before somebody asks" {
	start_stub
	set_objects 3
	mount_fs -o detailed=on_refresh
	refused 'No data available' cat "$MNT/$DETAILED"
	assert_logged 1 'bucket=bkt mode=detailed: no result yet.*refresh'
	run ! grep -r total_size "$MNT/bkt" --include=stats_detailed.json
	assert_equal "$(requests LIST)/$(requests HEAD)" 0/0
	echo detailed >"$MNT/bkt/refresh"
	assert_equal "$(total "$DETAILED")" 300
	set_objects 5
	forget_requests
	assert_equal "$(total "$DETAILED")" 300
	assert_equal "$(requests)" 0
	assert_equal "$(jq .stats.object_count "$MNT/bkt/stats_quick.json")" 5
	touch "$MNT/bkt/refresh"
	assert_equal "$(total "$DETAILED")" 500
	assert_equal "$(requests HEAD)" 5
}

@test "on_refresh: after a new mount, what lies in the bucket, for one GET" {
	start_stub
	set_objects 3
	mount_fs
	assert_equal "$(total "$DETAILED")" 300
	unmount_fs
	curl -sSf -T /dev/null "$ENDPOINT/bkt/another"
	mount_fs -o detailed=on_refresh
	forget_requests
	assert_equal "$(total "$DETAILED") $(total "$DETAILED")" '300 300'
	assert_equal "$(requests GET)/$(requests LIST)/$(requests HEAD)" 1/0/0
	assert_equal "$(stat -c %Y "$MNT/$DETAILED")" \
		"$(date -d "$(jq -r .computed_at "$MNT/$DETAILED")" +%s)"
}

@test "on_refresh: interval asks" {
	start_stub
	set_objects 3
	mount_fs -o detailed=on_refresh,interval=200ms,interval_modes=detailed
	wait_until has_objects "$DETAILED" 3
	assert_equal "$(total "$DETAILED")" 300
	set_objects 5
	wait_until has_objects "$DETAILED" 5
	assert_equal "$(total "$DETAILED")" 500
}

# --- interval ----------------------------------------------------------------------------

@test "interval: what nobody opens is computed, stored and kept fresh, in these modes" {
	start_stub
	set_objects 3
	stub_bucket other
	mount_fs -o interval=200ms,interval_modes=quick,detailed
	wait_until has_objects "$DETAILED" 3
	wait_until has_objects bkt/stats_quick.json 3
	wait_until has_objects other/stats_detailed.json 1
	set_objects 5
	wait_until has_objects "$DETAILED" 5
	wait_until has_objects bkt/stats_quick.json 5
	run ! objects_of bkt/stats_sampled.json
	curl -sSf "$ENDPOINT/bkt/.deltaglider/stats_detailed.json" |
		jq -e '.stats.object_count == 5'
	unmount_fs
	assert_logged 0 ': (warn|error): .*bkt'
}

@test "interval: a new bucket is found, in a mount that is not confined" {
	start_stub
	set_objects 3
	mount_fs -o interval=200ms,bucket_ttl=100ms
	wait_until has_objects bkt/stats_quick.json 3
	stub_bucket new
	wait_until has_objects new/stats_quick.json 1
}

@test "interval: only the buckets that are named" {
	start_stub
	set_objects 3
	stub_bucket other
	mount_fs -o interval=100ms,bucket=bkt
	wait_until has_objects bkt/stats_quick.json 3
	local before
	before=$(requests LIST)
	wait_until has_requests LIST $((before + 2))
	assert_equal "$(requests LIST /other)/$(requests BUCKETS)" 0/0
}

# Nobody looks meanwhile: that would find it, too.
@test "interval: one of these that is not there is read when it is" {
	start_stub
	mount_fs -o interval=100ms,bucket_ttl=100ms,bucket=bkt
	wait_until has_requests LIST 1
	wait_until has_requests BUCKET 3
	set_objects 3
	forget_requests
	wait_until has_requests LIST 2
	wait_until has_objects bkt/stats_quick.json 3
	assert_equal "$(requests BUCKETS)" 0
}

@test "interval: without one, and at the start, nobody asks for anything" {
	start_stub
	set_objects 3
	mount_fs
	local b=$BATS_TEST_TMPDIR/b
	MNT=$b LOG=$BATS_TEST_TMPDIR/b.log mount_fs -o interval=20d
	sleep 0.5
	assert_equal "$(requests)" 0
}

@test "interval: never two at once, however long one takes" {
	start_stub
	set_objects 3
	fault '{"class": "LIST", "gate": "lists"}'
	mount_fs -o interval=50ms,interval_modes=quick,detailed,max_wait=100ms
	wait_for_gate lists
	sleep 0.5
	assert_equal "$(requests LIST)" 1
	open_gate lists
	wait_until has_objects "$DETAILED" 3
	assert_logged 0 'max_wait'
}

@test "interval: a store that fails is asked again, and heals by itself" {
	start_stub
	set_objects 3
	fault '{"class": "LIST", "status": 403, "code": "AccessDenied"}'
	mount_fs -o interval=100ms
	wait_until is_logged 2 'bucket=bkt mode=quick: .*AccessDenied'
	stub_ctl DELETE faults
	wait_until has_objects bkt/stats_quick.json 3
}

# Of a listing of the bucket there is none as long as these two stay the same.
@test "interval: where HeadBucket tells what is in a bucket, that is asked" {
	start_stub
	stub_ctl PATCH settings '{"usage": true}'
	set_objects 3
	mount_fs -o interval=50ms,bucket=bkt,connect_timeout=1h
	wait_until has_objects bkt/stats_quick.json 3
	wait_until has_requests BUCKET 30
	local heads lists
	lists=$(requests LIST) heads=$(requests BUCKET)
	# our document is an object more at the second time; then each twelfth
	((lists >= 2 && lists <= 2 + heads / 12)) || fail "$lists of $heads"
	set_objects 4
	wait_until has_objects bkt/stats_quick.json 4
}

@test "interval: the gateway tells" {
	new_bucket
	s3 put "$BUCKET" a 10
	start_proxy
	mount_fs -o "interval=100ms,bucket=$BUCKET,connect_timeout=1h"
	wait_until has_objects "$BUCKET/stats_quick.json" 1
	wait_until has_requests BUCKET 14
	local heads lists # our document, and each twelfth, as above
	lists=$(requests LIST) heads=$(requests BUCKET)
	((lists <= 3 + heads / 12)) || fail "$lists of $heads"
	s3 put "$BUCKET" b 10
	wait_until has_objects "$BUCKET/stats_quick.json" 2
}

@test "interval: the mount ends at once, whatever is under way" {
	start_stub
	set_objects 3
	stub_ctl PATCH settings '{"usage": true}'
	fault '{"class": "HEAD", "gate": "heads"}' '{"class": "BUCKET", "gate": "buckets"}'
	mount_fs -o interval=50ms,interval_modes=detailed,bucket=bkt:other
	wait_for_gate buckets 2
	within 3000 unmount_fs
	open_gate buckets
	mount_fs -o interval=50ms,interval_modes=detailed,bucket=bkt
	wait_for_gate heads 3
	within 3000 unmount_fs
}

# --- SIGUSR1 -------------------------------------------------------------------------------

@test "SIGUSR1: what is known of each bucket and mode is logged, whatever hangs" {
	start_stub
	set_objects 3
	mount_fs
	cat "$MNT/bkt/stats_quick.json" >/dev/null
	fault '{"class": "LIST", "gate": "lists"}'
	reader "$MNT/$DETAILED"
	wait_for_gate lists
	kill -USR1 "$FS_PID"
	assert_logged 1 'state: bucket=bkt mode=quick doing=idle computed_at=.* validated_at=.* how=computed why=absent counted=3$'
	assert_logged 1 'state: bucket=bkt mode=detailed doing=listing for_ms=.* heads=0/0$'
	assert_logged 2 'state: bucket='
	open_gate lists
	assert_reader_ends 0 0
	stub_ctl DELETE faults
	fault '{"class": "LIST", "status": 403, "code": "AccessDenied"}'
	refused 'Permission denied' cat "$MNT/$DETAILED"
	kill -USR1 "$FS_PID"
	assert_logged 1 'state: bucket=bkt mode=detailed doing=idle .* counted=3 failed_at=.* error=".*AccessDenied.*" \(Permission denied\)$'
	assert_logged 4 'state: bucket='
	unmount_fs
}
