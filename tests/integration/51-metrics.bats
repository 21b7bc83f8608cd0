#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# metrics.prom: what is in status.json and in the documents, for Prometheus.

load lib
load mounts

OBJECTS='[{"key": "a/reference.bin", "size": 100},
	{"key": "a/%d.delta", "count": 5, "size": 10, "meta": {"dg-file-size": "90"}},
	{"key": "b", "size": 7}]'

given() {
	BUCKET=bkt
	start_stub
	stub_ctl PUT bucket/bkt "$OBJECTS"
	mount_fs
}

samples() {
	"$HERE/exposition.py" "$MNT"/*/metrics.prom
}

# NAME, then labels besides those of the bucket and of quick: its value, "" if none.
metric() {
	samples | awk -v key="$1{bucket=\"$BUCKET\",mode=\"quick\"${2:+,$2}}" \
		'$1 == key { print $2 }'
}

assert_metric() {
	assert_equal "$1 ${2:-} $(metric "$1" "${2:-}")" "$1 ${2:-} $3"
}

read_quick() {
	cat "$MNT/$BUCKET/stats_quick.json"
}

@test "metrics: figures and times are those of the document" {
	new_bucket
	s3 put "$BUCKET" a/reference.bin 1000
	s3 put "$BUCKET" a/1.delta 10
	s3 put "$BUCKET" c 100
	mount_fs
	read_quick >"$BATS_TEST_TMPDIR/doc"
	local name filter
	while read -r name filter; do
		assert_metric "dgstatfs_$name" '' "$(jq -r "$filter" "$BATS_TEST_TMPDIR/doc")"
	done <<-END
		objects .stats.object_count
		delta_objects .stats.delta_objects
		direct_objects .stats.direct_objects
		original_size_bytes .stats.total_size
		stored_size_bytes .stats.compressed_size
		saved_size_bytes .stats.space_saved
		listed_objects .validation.object_count
		listed_objects_size_sum_bytes .validation.compressed_size
		computed_timestamp_seconds .computed_at|fromdate
		up 1
		running 0
	END
	assert_metric dgstatfs_delta_sizes 'origin="estimated"' 1
	assert_metric dgstatfs_results_total 'how="computed"' 1
	assert_metric dgstatfs_not_cached_total 'why="absent"' 1
	read_quick >/dev/null # a hit, of a later LIST
	(($(metric dgstatfs_validated_timestamp_seconds) >= $(metric dgstatfs_computed_timestamp_seconds)))
}

@test "metrics: no figures before there is a result, and none of zeros after an error" {
	given
	assert_equal "$(metric dgstatfs_objects)$(metric dgstatfs_up)" ''
	assert_metric dgstatfs_failures_total '' 0
	fault '{"class": "LIST", "status": 403, "code": "AccessDenied"}'
	refused 'Permission denied' read_quick
	assert_equal "$(metric dgstatfs_objects)" ''
	assert_metric dgstatfs_up '' 0
	assert_metric dgstatfs_failures_total '' 1
	stub_ctl DELETE faults
	read_quick >/dev/null
	fault '{"class": "LIST", "status": 403, "code": "AccessDenied"}'
	refused 'Permission denied' read_quick
	assert_metric dgstatfs_objects '' 6
	assert_metric dgstatfs_up '' 0
	assert_metric dgstatfs_failures_total '' 2
}

@test "metrics: those of all buckets are one set, with no series twice" {
	given
	stub_ctl PUT bucket/other.one '[{"key": "x", "size": 3}]'
	cat "$MNT"/{bkt,other.one}/stats_*.json >/dev/null
	samples >"$BATS_TEST_TMPDIR/samples"
	assert_equal "$(grep -c '^dgstatfs_objects{' "$BATS_TEST_TMPDIR/samples")" 6
	grep -xF 'dgstatfs_objects{bucket="other.one",mode="detailed"} 1' \
		"$BATS_TEST_TMPDIR/samples"
	run ! grep -vE '^dgstatfs_[a-z_]+\{bucket="(bkt|other.one)"(,[a-z]+="[a-z_]+")*\} ' \
		"$BATS_TEST_TMPDIR/samples"
}

@test "metrics: they are answered while the store hangs, with the last figures" {
	given
	read_quick >/dev/null
	fault '{"gate": "all"}'
	reader "$MNT/bkt/stats_quick.json"
	wait_for_gate all 2
	within 2000 assert_metric dgstatfs_running '' 1
	assert_metric dgstatfs_objects '' 6
	open_gate all
	assert_reader_ends 0 0
}

# Bytes of a text without the blanks that fill it up, rounded to the next step.
steps_of() {
	echo $((($(sed 's/ *$//' "$1" | wc -c) + 1023) / 1024 * 1024))
}

# Fewer digits are a step less only for names of some lengths: there it can be seen.
@test "metrics: the length goes in steps and stays, and nobody can write" {
	given
	local name=bkt file length n_seen=0
	for _ in {1..9}; do
		name+=x
		file=$MNT/$name/metrics.prom
		stub_ctl PUT "bucket/$name" '[{"key": "a", "size": 1000000000000000000}]'
		cat "$MNT/$name"/stats_*.json >/dev/null
		length=$(cat "$file" | wc -c)
		assert_equal "$length $(stat -c %s "$file") $(wc -c <"$file")" \
			"$(steps_of "$file") $length $length"
		stub_bucket "$name"
		cat "$MNT/$name"/stats_*.json >/dev/null
		assert_equal "$(cat "$file" | wc -c) $(stat -c %s "$file")" "$length $length"
		((length < 65536))
		n_seen=$((n_seen + ($(steps_of "$file") < length)))
	done
	((n_seen > 0)) || fail "none would be shorter: more digits, or names"
	refused 'Permission denied' bash -c 'echo x >"$0"' "$file"
	assert_equal "$(stat -c %a "$file")" 444
}
