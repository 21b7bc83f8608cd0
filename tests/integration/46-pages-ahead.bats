#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A page is asked for as soon as the one before it has told its token, which the
# stub does before the objects, as Amazon does.

load lib
load documents

# 60 objects on six pages: 40 deltas of 1,000 bytes each, and 20 direct objects.
given() {
	BUCKET=bkt
	start_stub
	stub_ctl PATCH settings '{"page_size": 10}'
	stub_ctl PUT "bucket/$BUCKET" '[
		{"key": "a/%02d.delta", "count": 40, "size": 10, "meta": {"dg-file-size": "1000"}},
		{"key": "b/%02d", "count": 20, "size": 7}]'
	mount_fs -o cache=off "$@"
}

assert_quick() {
	assert_figures quick 60 540 540 0 40 20 0/0/40
}

# The next page of LIST stops in its first object.
stall_next_page() {
	forget_requests
	fault '{"class": "LIST", "times": 1, "gate": "g", "gate_at": 600}'
}

has_requests() {
	(($(requests LIST) >= $1))
}

is_empty() {
	(($(stub_ctl GET "gate/$1") == 0))
}

# Prints the queries that were sent more than once.
repeated_queries() {
	stub_ctl GET log | jq -r '.[] | select(.class == "LIST").query' | sort | uniq -d
}

@test "the next page is asked for while one comes in" {
	local reader

	given
	assert_quick
	stall_next_page
	in_background cat "$(stats_file quick)" >"$BATS_TEST_TMPDIR/quick"
	reader=$!
	wait_for_gate g
	wait_until has_requests 2
	sleep 0.2
	assert_equal "$(requests LIST)" 2 # what follows that is not known
	open_gate g
	wait "$reader"
	assert_equal "$(jq .stats.object_count "$BATS_TEST_TMPDIR/quick")" 60
	assert_equal "$(repeated_queries)" ''
	assert_quick
}

@test "a bucket of two pages costs two requests, one after the other" {
	given
	stub_ctl PATCH settings '{"page_size": 30}'
	assert_quick
	assert_equal "$(requests LIST)" 2
	assert_equal "$(stub_ctl GET max_in_flight)" 1
}

@test "there are never more requests under way than connections" {
	local reader

	given -o connections=1
	assert_quick
	stall_next_page
	in_background cat "$(stats_file quick)" >/dev/null
	reader=$!
	wait_for_gate g
	sleep 0.2
	assert_equal "$(requests LIST)" 1
	open_gate g
	wait "$reader"
	assert_equal "$(stub_ctl GET max_in_flight)" 1
	assert_equal "$(repeated_queries)" ''
}

@test "pages that break off, or are refused: each object counts once" {
	given -o retries=20
	fault '{"class": "LIST", "every": 3, "cut": 900}' \
		'{"class": "LIST", "every": 4, "status": 503, "code": "SlowDown"}' \
		'{"class": "LIST", "every": 5, "drop": "body"}'
	for _ in 1 2 3; do
		assert_quick
	done
	assert_figures detailed 60 40140 540 39600 40 20 40/0/0
	stub_ctl DELETE faults
	assert_right
}

@test "a reader who goes ends what was asked for ahead" {
	local reader

	given -o linger=0
	assert_quick
	stall_next_page
	in_background env --default-signal=INT cat "$(stats_file quick)"
	reader=$!
	wait_for_gate g
	wait_until has_requests 2
	kill -INT "$reader"
	wait "$reader" || true
	wait_until is_empty g
	stub_ctl DELETE faults
	assert_quick
}
