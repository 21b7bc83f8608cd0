#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# .dgstatfs, the directory of the mount itself: where it is seen, and that what it tells
# of requests is what the store has counted.

# shellcheck disable=SC2010,SC2012 # what ls prints is what is tested
load lib
load mounts

OBJECTS='[{"key": "a/reference.bin", "size": 100},
	{"key": "a/%d.delta", "count": 50, "size": 10, "meta": {"dg-file-size": "90"}},
	{"key": "b", "size": 7}]'

given() {
	start_stub
	stub_ctl PUT bucket/bkt "$OBJECTS"
	mount_fs "$@"
	OWN=$MNT/.dgstatfs
}

status() {
	jq -c "$1" "$OWN/status.json"
}

assert_status() {
	assert_equal "$1: $(status "$1")" "$1: $2"
}

has_status() {
	[[ $(status "$1") == "$2" ]]
}

samples() {
	"$HERE/exposition.py" "$@"
}

read_all() {
	cat "$MNT"/bkt/stats_*.json >/dev/null
}

@test "own: who looks at names finds it, who does not want dots does not" {
	given
	assert_equal "$(ls "$MNT")" bkt
	assert_equal "$(ls -A "$MNT" | xargs)" '.dgstatfs bkt'
	assert_equal "$(cd "$MNT" && echo *)" bkt
	assert_equal "$(ls -A "$OWN" | xargs)" 'metrics.prom metrics_all status.json'
	assert_equal "$(find "$MNT" -path '*/.dgstatfs*' | wc -l)" 4
	assert_equal "$(stat -c '%a %F' "$OWN" "$OWN"/* | sort | uniq -c | xargs)" \
		'3 444 regular file 1 755 directory'
	assert_equal "$(stat -c %i "$MNT" "$OWN" "$OWN"/* "$MNT/bkt" | sort -u | wc -l)" 6
	assert_equal "$(cd "$OWN/.." && ls)" bkt
	refused 'No such file' stat "$OWN/stats_quick.json"
	refused 'No such file' stat "$MNT/.dgstat"
	refused 'Operation not permitted' touch "$OWN/new"
	refused 'Operation not permitted' rmdir "$OWN"
	refused 'Permission denied' bash -c 'echo x >"$0"' "$OWN/status.json"
	assert_equal "$(grep -l bkt -r "$OWN")" ''
}

# By what was asked, as the stub has counted it too.
assert_counts_agree() {
	assert_equal "$(jq -c '.requests.ended | [.list, .head, .get, .put, .list_buckets,
		.bucket | add]' "$OWN/status.json")" \
		"[$(requests LIST),$(requests HEAD),$(requests GET),$(requests PUT),$(
		)$(requests BUCKETS),$(requests BUCKET)]"
}

@test "own: requests are those that the store has counted, of a store that fails" {
	given --retries=20
	assert_status '[.requests.ended[] | add] | add' 0
	ls "$MNT" >/dev/null
	read_all
	refused 'No such file' stat "$MNT/absent"
	assert_counts_agree
	assert_status '.requests.ended | [.head.ok, .get.missing, .put.ok]' '[51,3,3]'
	assert_status '[.requests.ended[] | .refused, .pushed_back, .broken] | add' 0
	assert_status .requests.ended.bucket.missing 2
	fault '{"class": "HEAD", "percent": 20, "status": 503, "code": "SlowDown"}' \
		'{"class": "LIST", "times": 2, "drop": "head"}' \
		'{"class": "GET", "times": 1, "status": 403, "code": "AccessDenied"}'
	echo detailed >"$MNT/bkt/refresh"
	read_all
	assert_counts_agree
	assert_status '.requests.ended.list.broken' 2
	assert_status '.requests.ended.get.refused' 1
	assert_status '.requests.ended.head | .ok == 101 and .pushed_back > 0' true
	assert_status '.requests | [.under_way, .waiting, .limit > 0]' '[0,0,true]'
	assert_equal "$(samples "$OWN/metrics.prom" |
		sed -n 's/^dgstatfs_requests_total{operation="list",outcome="broken"} //p')" 2
	assert_equal "$(samples "$OWN/metrics.prom" |
		sed -n 's/^dgstatfs_request_duration_seconds_count{operation="put"} //p')" \
		"$(requests PUT)"
}

@test "own: how long answers take is in the histogram" {
	given
	fault '{"class": "LIST", "delay": 0.3}'
	cat "$MNT/bkt/stats_quick.json" >/dev/null
	samples "$OWN/metrics.prom" >"$BATS_TEST_TMPDIR/samples"
	local name=dgstatfs_request_duration_seconds
	grep -xF "${name}_bucket{operation=\"list\",le=\"0.25\"} 0" "$BATS_TEST_TMPDIR/samples"
	grep -xF "${name}_bucket{operation=\"list\",le=\"+Inf\"} 1" "$BATS_TEST_TMPDIR/samples"
	assert_equal "$(sed -n "s/${name}_sum{operation=\"list\"} //p" \
		"$BATS_TEST_TMPDIR/samples" | jq '. >= 0.3')" true
}

@test "own: it is answered while nothing is, from the first moment on" {
	start_stub
	fault '{"gate": "all"}'
	mount_fs
	OWN=$MNT/.dgstatfs
	local file
	reader "$MNT/bkt/stats_quick.json"
	wait_for_gate all
	for file in status.json metrics.prom metrics_all; do
		within 2000 cat "$OWN/$file" >/dev/null
		within 2000 stat "$OWN/$file" >/dev/null
	done
	within 2000 ls -l "$OWN" >/dev/null
	assert_status '.requests | [.under_way, .ended.bucket.ok]' '[1,0]'
	stub_ctl DELETE faults
	assert_reader_ends 0 1 # there is no such bucket
}

@test "own: what waits for its next try is told, of the bucket and of the mount" {
	given
	fault '{"class": "LIST", "status": 503, "code": "SlowDown",
		"headers": {"Retry-After": "20"}}'
	reader "$MNT/bkt/stats_quick.json"
	wait_until has_status .requests.waiting 1
	assert_status .requests.under_way 0
	assert_equal "$(jq -c '[.requests.under_way, .requests.waiting, .quick.state]' \
		"$MNT/bkt/status.json")" '[0,1,"retrying"]'
	kill -INT "${READERS[0]}"
}

@test "own: all metrics in one file are those of the files that a glob finds" {
	given
	stub_ctl PUT bucket/other '[{"key": "x", "size": 3}]'
	stub_ctl PUT bucket/unread '[{"key": "x", "size": 3}]'
	ls "$MNT" >/dev/null
	cat "$MNT"/{bkt,other}/stats_quick.json >/dev/null
	samples "$OWN/metrics.prom" "$MNT"/*/metrics.prom | grep -v 'bucket="unread"' \
		>"$BATS_TEST_TMPDIR/files"
	samples "$OWN/metrics_all" | diff - "$BATS_TEST_TMPDIR/files"
	grep -q 'dgstatfs_build_info{version="' "$BATS_TEST_TMPDIR/files"
	run ! grep -q 'bucket="unread"' "$OWN/metrics_all"
	assert_equal "$(($(stat -c %s "$OWN/metrics_all") % 1024))" 0
	assert_equal "$(cat "$OWN/metrics_all" | wc -c)" "$(stat -c %s "$OWN/metrics_all")"
}
