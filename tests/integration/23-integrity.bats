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

status() {
	jq -c "$1" "$MNT/$BUCKET/status.json"
}

samples() {
	"$HERE/exposition.py" "$MNT/$BUCKET/metrics.prom"
}

# assert_told [MODE...]: these are read, and what status.json says then is right.
assert_told() {
	local mode

	for mode; do
		cat "$(stats_file "$mode")" >/dev/null
	done
	S3_ENDPOINT=$ENDPOINT script model.py "$BUCKET" "$MNT/$BUCKET/status.json"
}

# --- status.json -----------------------------------------------------------------------

@test "what was replaced after it was listed is not compared with what it was" {
	given '[{"key": "a/1.delta", "size": 100}, {"key": "a/reference.bin", "size": 1000}]'
	fault '{"class": "HEAD", "set_headers": {"ETag": "\"0f0f\"",
		"Last-Modified": "Tue, 14 Oct 2025 18:30:00 GMT", "x-amz-meta-dg-file-size": "50"}}'
	assert_equal "$(field detailed .stats.total_size)" 50
	assert_equal "$(status .integrity.objects.deltas_not_smaller)" 0
}

@test "status.json tells the first ones, at no request" {
	given "$damaged"
	assert_equal "$(status .integrity)" null
	cat "$(stats_file quick)" >/dev/null
	forget_requests
	assert_equal "$(status '.integrity | .objects, .bytes')" \
		'{"deltas_without_reference":2,"orphaned_references":2,"empty_deltas":1,"deltas_not_smaller":null}
{"deltas_without_reference":50,"orphaned_references":3500,"empty_deltas":0,"deltas_not_smaller":null}'
	assert_equal "$(status '.integrity.deltaspaces | del(.deltas_not_smaller)
		| map_values(map("\(.key) \(.objects)"))')" \
		'{"deltas_without_reference":["a/b/1.delta 2"],"orphaned_references":["reference.bin 1","a/b/c/reference.bin 1"],"empty_deltas":["b/empty.delta 1"]}'
	assert_equal "$(requests)" 0
	cat "$(stats_file detailed)" >/dev/null
	assert_equal "$(status '.integrity | [.objects, .bytes | .deltas_not_smaller]')" '[1,40]'
	assert_equal "$(status '.integrity.deltaspaces.deltas_not_smaller[].key')" '"a/z.delta"'
	assert_equal "$(status '.integrity.listed_at == .detailed.result.validated_at')" true
}

@test "what HEADs told holds for hits in the same bucket, not in another mount" {
	given "$damaged"
	assert_told detailed
	assert_told detailed quick
	assert_equal "$(status '[.detailed.result.how, .integrity.objects.deltas_not_smaller]')" \
		'["hit",1]'
	unmount_fs
	mount_fs
	assert_told detailed
	assert_equal "$(status '[.detailed.result.how, .integrity.objects.deltas_not_smaller]')" \
		'["hit",null]'
}

@test "random buckets, in small pages, ranges, without order: as the model has it" {
	local seed

	start_stub
	stub_ctl PATCH settings '{"page_size": 10}'
	for seed in 1 2 3 4 5 6; do
		BUCKET=bkt-$seed
		script damaged.py "$seed" >"$BATS_TEST_TMPDIR/objects"
		stub_ctl PUT "bucket/$BUCKET$( ((seed % 3)) || echo '?order=given')" \
			"@$BATS_TEST_TMPDIR/objects"
	done
	mount_fs -o cache=off
	for seed in 1 2 3 4 5 6; do
		BUCKET=bkt-$seed
		assert_told quick
		assert_told sampled
		assert_told quick detailed # in remembered ranges
	done
}

# Keys that sort between those of a deltaspace, look like a reference, lie in the root
# or behind empty names; what no original size is.
@test "buckets that are made to mislead: as the model has them" {
	local n=0 bucket

	start_stub
	stub_ctl PATCH settings '{"page_size": 3}'
	while read -r bucket; do
		stub_ctl PUT "bucket/bkt-$((n++))" "$(jq -c 'map({key: .[0], size: .[1]} +
			if .[2] then {meta: {"dg-file-size": .[2]}} else {} end)' <<<"$bucket")"
	done <<-'END'
		[["reference.bin",0],["x.delta",0],["/reference.bin",5],["//reference.bin",6],["//1.delta",0,"0"],["/1.delta",7,"7"]]
		[["a/1.delta",1],["a/b/1.delta",2],["a/b/c/z.delta",4],["a/b/z.delta",5],["a/reference.bin",9],["a/z.delta",6],["a-/1.delta",1],["a.delta",2],["a0/1.delta",3],["a0/reference.bin",1],["a!/reference.bin",1]]
		[["reference.bin/1.delta",3],["reference.bin/reference.bin",4],["xreference.bin",4],["a/reference.bin.delta",3],["a/reference.bin.delta/1",3],["a/Reference.bin",3],["a/reference.bin/",0]]
		[[".deltaglider/reference.bin",3],[".deltaglider/a.delta",3],["x/.deltaglider/a.delta",3],[".deltagliderx/1.delta",4],["a/.deltaglider/reference.bin",2]]
		[["r/reference.bin",9223372036854774784],["s/reference.bin",9223372036854774784],["b/1.delta",5,"4"],["b/2.delta",5,"5"],["b/3.delta",5,"6"],["b/4.delta",5,"5x"],["b/5.delta",5,"9223372036854775808"],["b/6.delta",0,"0"]]
	END
	mount_fs -o cache=off
	for ((n--; n >= 0; n--)); do
		BUCKET=bkt-$n
		assert_told sampled detailed quick # the last ones in remembered ranges
	done
}

@test "more deltaspaces than are told of; a bucket that changes" {
	given '[{"key": "%04d/1.delta", "count": 60, "size": 3},
		{"key": "%04d/2.delta", "count": 60, "size": 0, "meta": {"file_size": "0"}},
		{"key": "%04d/reference.bin", "count": 10, "size": 5},
		{"key": "r/%03d/reference.bin", "count": 30, "size": 5}]'
	assert_told quick detailed
	assert_equal "$(status '.integrity | .objects[], (.deltaspaces[] | length)')" \
		$'100\n30\n60\n60\n20\n20\n20\n20'
	S3_ENDPOINT=$ENDPOINT s3 <<-'END'
		put bkt 0010/reference.bin 5
		rm bkt 0011/1.delta
		put bkt 0012/0.delta 0
		put bkt r/005/.delta 7
		put bkt .delta 0
	END
	assert_told quick
	assert_equal "$(status '.integrity.objects | del(.deltas_not_smaller)')" \
		'{"deltas_without_reference":99,"orphaned_references":29,"empty_deltas":62}'
}

@test "keys that JSON does not have, and long ones" {
	local long

	long=$(printf 'é%.0s' {1..490})
	given '[{"key_hex": "61ff2f2025e99f2e64656c7461", "size": 1},
		{"key": "b\u0001/\"\\.delta", "size": 2},
		{"key": "c/'"$long"'.delta", "size": 3}]'
	cat "$(stats_file quick)" >/dev/null
	assert_equal "$(status '.integrity.deltaspaces.deltas_without_reference[]
		| [.key, .is_url_encoded, .is_cut]')" \
		'["a%FF/%20%25%E9%9F.delta",true,false]
["b\u0001/\"\\.delta",false,false]
["c/'"${long:0:199}"'",false,true]'
}

@test "metrics.prom has gauges of the bucket, and none of what is not known" {
	given "$damaged"
	run ! grep -E 'flawed|integrity' "$MNT/bkt/metrics.prom"
	cat "$(stats_file sampled)" >/dev/null
	assert_equal "$(samples | grep ^dgstatfs_flawed_)" \
		'dgstatfs_flawed_objects{bucket="bkt",flaw="deltas_without_reference"} 2
dgstatfs_flawed_objects{bucket="bkt",flaw="empty_deltas"} 1
dgstatfs_flawed_objects{bucket="bkt",flaw="orphaned_references"} 2
dgstatfs_flawed_size_bytes{bucket="bkt",flaw="deltas_without_reference"} 50
dgstatfs_flawed_size_bytes{bucket="bkt",flaw="empty_deltas"} 0
dgstatfs_flawed_size_bytes{bucket="bkt",flaw="orphaned_references"} 3500'
	assert_equal "$(samples | grep ^dgstatfs_integrity)" \
		"dgstatfs_integrity_timestamp_seconds{bucket=\"bkt\"} $(
			status '.sampled.result.validated_at | fromdate')"
	cat "$(stats_file detailed)" >/dev/null
	assert_equal "$(samples | grep -c 'flaw="deltas_not_smaller"')" 2
	samples | grep -xF 'dgstatfs_flawed_objects{bucket="bkt",flaw="deltas_not_smaller"} 1'
}

# --- the log ---------------------------------------------------------------------------

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
