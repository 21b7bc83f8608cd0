#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Whether the answer to a HEAD is of the object that was listed; and stores whose
# HEADs never say what their listings say.

load lib
load mounts

# N deltas of another size and another original size each, in a bucket on the stub.
given_deltas() {
	BUCKET=bkt
	seq 0 "$(($1 - 1))" | jq -c '{key: ("d/\(1000 + .).delta"), size: (10 + .),
		last_modified: "2025-10-14T10:30:\(10 + . % 40).288Z",
		meta: {"dg-file-size": "\(5000 + .)"}}' |
		jq -sc . >"$BATS_TEST_TMPDIR/objects"
	stub_ctl PUT bucket/bkt "@$BATS_TEST_TMPDIR/objects"
	N=$1 TOTAL=$((5000 * $1 + $1 * ($1 - 1) / 2))
}

assert_detailed() {
	assert_equal "$(field detailed '[.stats.total_size, .accuracy.exact_deltas] | @tsv')" \
		"$TOTAL"$'\t'"$N"
}

refresh() {
	echo detailed >"$MNT/bkt/refresh"
}

n_cached() {
	requests PUT stats_detailed
}

# A HEAD of each delta, and so many at most that were asked for again.
assert_heads() {
	local heads

	heads=$(requests HEAD)
	((heads >= N && heads <= N + $1)) || fail "$heads HEADs for $N deltas, $1 again"
}

# --- answers that come on the wrong request ----------------------------------------------

# What somebody else is told of another object.
STRAY='HTTP/1.1 200 OK\r\nETag: \"0f0f\"\r\nContent-Length: 12\r\nLast-Modified: Tue, 14 Oct 2025 10:30:10 GMT\r\nx-amz-meta-dg-file-size: 1\r\n\r\n'

@test "an answer that came unasked shifts those behind it: none of them counts" {
	local connections

	start_stub
	given_deltas 40
	for connections in 1 4 256; do
		stub_ctl DELETE bucket/bkt
		stub_ctl PUT bucket/bkt "@$BATS_TEST_TMPDIR/objects"
		stub_ctl DELETE faults
		fault '{"class": "HEAD", "times": 1, "stray": "'"$STRAY"'"}'
		forget_requests
		mount_fs -o "connections=$connections"
		assert_detailed
		assert_equal "$(n_cached)" 1
		assert_heads 2
		(($(requests HEAD) > N)) || fail 'the first answer was believed'
		unmount_fs
	done
	! complaints | grep -E 'warn|error'
}

@test "one connection after the other is shifted" {
	start_stub
	given_deltas 40
	local key

	# no delta has it twice: what comes again counts
	for key in 1005 1012 1019 1026 1033; do
		fault '{"class": "HEAD", "path": "'$key'", "times": 1, "stray": "'"$STRAY"'"}'
	done
	mount_fs -o connections=2
	assert_detailed
	assert_equal "$(n_cached)" 1
	assert_equal "$(stub_ctl GET fired)" 5
}

# --- the same thing in other words -------------------------------------------------------

# Three deltas of one ETag and one date, since a fault sets one for all.
# shellcheck disable=SC2034 # BUCKET
given_alike() {
	BUCKET=bkt N=3 TOTAL=300
	stub_ctl PUT bucket/bkt '[{"key": "%d.delta", "count": 3, "size": 10,
		"etag": "d41d8cd98f00b204e9800998ecf8427e",
		"last_modified": "2025-10-14T10:30:33.288Z", "meta": {"dg-file-size": "100"}}]'
}

# SET_HEADERS [GIVEN]: nothing is asked for again.
assert_same() {
	start_stub
	"${2:-given_deltas}" 7
	fault "{\"class\": \"HEAD\", \"set_headers\": $1}"
	mount_fs
	assert_detailed
	assert_equal "$(n_cached)" 1
	assert_heads 0
	! complaints | grep -E 'warn|error'
}

@test "a store that rounds the date up" {
	assert_same '{"Last-Modified": "Tue, 14 Oct 2025 10:30:34 GMT"}' given_alike
}

@test "an ETag that is empty is none" {
	assert_same '{"ETag": "\"\""}'
}

@test "HEADs without an ETag" {
	assert_same '{"ETag": null}'
}

@test "HEADs without a date" {
	assert_same '{"Last-Modified": null}'
}

@test "an ETag that a proxy made weak" {
	assert_same '{"ETag": "W/\"d41d8cd98f00b204e9800998ecf8427e\""}' given_alike
}

@test "an ETag that a proxy put the name of a coding behind" {
	assert_same '{"ETag": "\"d41d8cd98f00b204e9800998ecf8427e-gzip\""}' given_alike
}

@test "an ETag that is weak, and has the coding outside of its quotes" {
	assert_same '{"ETag": "W/\"D41D8CD98F00B204E9800998ECF8427E\"-gzip"}' given_alike
}

# --- stores that do not agree with themselves --------------------------------------------

# SET_HEADERS FIELD N: N deltas.  All is cached after one sweep, with one warning,
# and the next sweep has no more to ask.
assert_way_of_store() {
	start_stub
	given_deltas "$3"
	fault "{\"class\": \"HEAD\", \"set_headers\": $1}"
	mount_fs -o connections=4
	assert_detailed
	assert_equal "$(n_cached)" 1
	assert_heads 36 # 32 in a row, and what was under way then
	assert_logged 1 "the store's HEADs tell another $2 than its listings"
	forget_requests
	assert_detailed
	assert_equal "$(requests HEAD)" 0
	refresh
	assert_detailed
	assert_equal "$(requests HEAD)" "$3"
	assert_equal "$(n_cached)" 1
	assert_logged 1 'warn'
}

@test "another ETag in every HEAD than in the listing" {
	assert_way_of_store '{"ETag": "\"0f0f\""}' ETag 7
}

@test "another ETag in every HEAD than in the listing, of many deltas" {
	assert_way_of_store '{"ETag": "\"0f0f\""}' ETag 100
}

@test "another date in every HEAD than in the listing" {
	assert_way_of_store '{"Last-Modified": "Tue, 14 Oct 2025 18:30:00 GMT"}' date 7
}

@test "another date in every HEAD than in the listing, of many deltas" {
	assert_way_of_store '{"Last-Modified": "Tue, 14 Oct 2025 18:30:00 GMT"}' date 100
}

@test "another length in every HEAD than in the listing" {
	assert_way_of_store '{"Content-Length": "7"}' length 7
}

@test "another length in every HEAD than in the listing, of many deltas" {
	assert_way_of_store '{"Content-Length": "7"}' length 100
}

@test "what was learned in one bucket is known in others" {
	start_stub
	given_deltas 7
	stub_ctl PUT bucket/other "@$BATS_TEST_TMPDIR/objects"
	fault '{"class": "HEAD", "set_headers": {"ETag": "\"0f0f\""}}'
	mount_fs
	assert_detailed
	forget_requests
	BUCKET=other assert_detailed
	assert_heads 0
	assert_equal "$(n_cached)" 1
}

@test "a store that does not agree with itself, and max_wait: there is an answer" {
	start_stub
	given_deltas 7
	fault '{"class": "HEAD", "set_headers": {"ETag": "\"0f0f\""}, "delay": 0.5}'
	mount_fs -o max_wait=500ms,connections=2
	refused 'Connection timed out' cat "$MNT/bkt/stats_detailed.json"
	wait_until is_cached
	assert_detailed
}

is_cached() {
	(($(n_cached) > 0))
}

# --- and objects that have changed -------------------------------------------------------

@test "where some objects fit, those that do not have changed: nothing is cached" {
	start_stub
	given_deltas 20
	fault '{"class": "HEAD", "path": "/d/100", "set_headers": {"ETag": "\"0f0f\""}}'
	mount_fs -o log_level=info
	assert_detailed
	assert_equal "$(n_cached)" 0
	assert_heads 10
	assert_logged 1 'so this result is not cached'
	assert_detailed
	assert_equal "$(n_cached)" 0
}

@test "ETag and date of the only delta are others: it was replaced" {
	start_stub
	given_deltas 1
	fault '{"class": "HEAD", "set_headers": {"ETag": "\"0f0f\"",
		"Last-Modified": "Tue, 14 Oct 2025 18:30:00 GMT", "x-amz-meta-dg-file-size": "9"}}'
	mount_fs -o log_level=info
	assert_equal "$(field detailed .stats.total_size)" 9
	assert_equal "$(n_cached)" 0
	assert_equal "$(requests HEAD)" 2
	assert_logged 1 'replaced after it was listed, so this result is not cached'
}

@test "the only delta was copied onto itself, after it was listed" {
	start_stub
	given_deltas 1
	fault '{"class": "LIST", "gate": "listed"}'
	mount_fs -o log_level=info
	in_background cat "$MNT/bkt/stats_detailed.json" >"$BATS_TEST_TMPDIR/read"
	wait_for_gate listed
	fault '{"class": "HEAD", "set_headers": {"x-amz-meta-dg-file-size": "9",
		"Last-Modified": "'"$(LC_ALL=C date -u '+%a, %d %b %Y %T GMT')"'"}}'
	open_gate listed
	wait $!
	assert_equal "$(jq .stats.total_size "$BATS_TEST_TMPDIR/read")" 9
	assert_equal "$(requests HEAD)" 2
	assert_equal "$(n_cached)" 0
	assert_logged 1 'replaced after it was listed, so this result is not cached'
}

# --- keys that are mangled on the way ----------------------------------------------------

@test "where every HEAD says 404 a warning tells of it, once an hour" {
	start_stub
	given_deltas 50
	fault '{"class": "HEAD", "status": 404}'
	mount_fs -o connections=4
	assert_equal "$(field detailed .accuracy.estimated_deltas)" 50
	assert_heads 36
	assert_logged 1 'warn: bucket=bkt mode=detailed: 50 of 50 HEADs say 404'
	forget_requests
	assert_equal "$(field detailed .accuracy.estimated_deltas)" 50
	assert_equal "$(requests HEAD)" 50 # by now it is believed at once
	assert_equal "$(n_cached)" 0
	assert_equal "$(field sampled .accuracy.estimated_deltas)" 50
	assert_logged 2 'warn'
	assert_logged 1 'warn: bucket=bkt mode=sampled: 1 of 1 HEADs say 404'
}

@test "where few HEADs say 404 there is no warning" {
	start_stub
	given_deltas 20
	fault '{"class": "HEAD", "path": "/d/100", "status": 404}'
	mount_fs
	assert_equal "$(field detailed .accuracy.estimated_deltas)" 10
	run ! grep warn <(complaints)
}
