#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Buckets that are listed as several ranges of keys at once: figures that are right
# to the byte wherever they are cut and whatever changes there, on stores that do
# not list in ranges or in order too; what that costs; HEADs beside the listing.

load lib
load documents
load mounts

# 3,555 objects: deltaspaces in one another, references between their deltas, first
# deltas unlike the others, deltas without metadata, directories of one kind of
# key, odd keys.
mixed=$(jq -nc 'def deltas($key; $n; $size): {key: ($key + "%03d.delta"), count: $n,
		size: 10, meta: {"dg-file-size": $size}};
	[{key: "-.delta", size: 9, meta: {file_size: "55"}}, deltas(""; 40; "100"),
	{key: "reference.bin", size: 70}, deltas("zz"; 40; "300"),
	(range(6) | "n/\(.)/" as $d
		| {key: "\($d)!.delta", size: 8, meta: {file_size: "77\(.)"}},
		deltas($d + "a"; 20; "200"), deltas($d + "m/"; 15; "400"),
		{key: "\($d)m/reference.bin", size: 80},
		{key: "\($d)m/w/%04d", count: 490, size: 3},
		{key: "\($d)reference.bin", size: 90},
		{key: "\($d)z%03d.delta", count: 20, size: 12}),
	{key: "o/!.delta", size: 3, meta: {file_size: "21"}},
	{key: "o/a %03d&+%%%%é.delta", count: 120, size: 7, meta: {"file-size": "31"}},
	{key: "o/\n<%03d>/日本.delta", count: 60, size: 7, meta: {"file-size": "41"}},
	{key: "o/reference.bin", size: 33}, {key: "o/y.delta", size: 4},
	{key: "//z.delta", size: 5, meta: {file_size: "12"}}, {key: "/z.delta", size: 6}]')

on_the_stub() {
	BUCKET=bkt # for field()
}

# A bucket on the stub, with pages of so many objects.  Every open computes, and
# nothing is put there that a later listing would show.
given() {
	local page_size=$1 objects=$2

	shift 2
	on_the_stub
	[[ $ENDPOINT != "$S3_ENDPOINT" ]] || start_stub
	stub_ctl PATCH settings "{\"page_size\": $page_size}"
	stub_ctl PUT bucket/bkt "$objects"
	mount_fs -o cache=off "$@"
}

n_starts() {
	starts | wc -l
}

# Listings cost the pages of N objects, and no more than EXTRA beside.
assert_lists() {
	local n pages=$1 extra=$2

	n=$(requests LIST)
	((pages <= n && n <= pages + extra)) ||
		fail "$n LISTs for $pages pages, of them $(n_starts) ranges"
}

# The one line that is more than info says this; no line at all without it.
assert_warned() {
	unmount_fs
	assert_logged $# "${1:-}"
	assert_logged $# ': (warn|error): '
}

# --- figures -------------------------------------------------------------------------

# Change the bucket at each key on standard input: every fifth is replaced, deleted,
# gets another delta right behind it or before it, or a deltaspace of its own.
change_at() {
	local key i=$1
	local -a at=('put bkt %s 5 dg-file-size=999\n' 'rm bkt %s\n'
		'put bkt %s! 6\n' 'put bkt %s!.delta 7 file_size=123\n'
		'put bkt %s/.delta 8 file_size=456\n')

	while read -r key; do
		# shellcheck disable=SC2059
		printf "${at[i++ % 5]}" "$key"
		((i % 5)) || printf 'put bkt %s~ 9\n' "${key%?}"
	done | sed "s/ bkt / $BUCKET /" | S3_ENDPOINT=$ENDPOINT s3
}

@test "ranges, guessed and remembered: the right figures in all modes" {
	given 100 "$mixed"
	assert_right quick
	(($(n_starts) > 0))
	forget_requests
	assert_right
	(($(n_starts) > 0))
}

@test "objects come, go and change at every boundary of pages and ranges" {
	local first

	given 100 "$mixed"
	assert_right quick
	for first in 0 2 4; do
		forget_requests
		field quick .stats.bucket
		(($(n_starts) > 0))
		{ starts; asked continuation-token; } | sort -u |
			head -n 60 >"$BATS_TEST_TMPDIR/boundaries"
		(($(wc -l <"$BATS_TEST_TMPDIR/boundaries") >= 30))
		change_at "$first" <"$BATS_TEST_TMPDIR/boundaries"
		assert_right quick
	done
	assert_right sampled detailed
	assert_warned
}

@test "objects named exactly like the boundaries that were guessed" {
	local boundaries=$BATS_TEST_TMPDIR/boundaries

	given 100 "$mixed"
	assert_right quick
	starts >"$boundaries"
	sed 's/.*/put bkt & 3\nput bkt &! 4\nput bkt &!.delta 5 file_size=9/' \
		"$boundaries" | S3_ENDPOINT=$ENDPOINT s3
	unmount_fs
	forget_requests
	mount_fs -o cache=off
	field quick .stats.bucket
	starts | grep -Fxf "$boundaries"
	assert_right
}

@test "a bucket that shrinks to a page, to nothing, and grows again" {
	local objects

	given 100 "$mixed"
	assert_right quick
	for objects in '[{"key": "n/3/x.delta", "size": 2}]' '[]' "$mixed"; do
		stub_ctl PUT bucket/bkt "$objects"
		assert_right
	done
}

# Keys of so many kinds, 2,500 objects of each.
@test "whatever the keys look like" {
	local key

	given 50 '[]'
	for key in '%d' '%06x' 'a/%d/x.delta' '2025/10/14/%05d.log' '%%%04d' \
		'é%04d日' 'x%04d/reference.bin' "$(printf 'p%.0s' {1..900})%03x"; do
		stub_ctl PUT bucket/bkt "[{\"key\": \"$key\", \"count\": 2500, \"size\": 1}]"
		assert_right quick
		assert_right quick
	done
	assert_warned
}

# --- what it costs -------------------------------------------------------------------

@test "up to a page: one LIST and one GET" {
	local n

	start_stub
	on_the_stub
	for n in 0 1 999 1000; do
		stub_ctl PUT bucket/bkt \
			"[{\"key\": \"%04d\", \"count\": $n, \"size\": 1}]"
		MNT=$BATS_TEST_TMPDIR/$n mount_fs -o cache=ro -o bucket=bkt
		forget_requests
		assert_equal "$(MNT=$BATS_TEST_TMPDIR/$n field quick \
			.stats.object_count)" "$n"
		assert_equal "$(requests LIST) $(requests GET) $(requests)" '1 1 2'
	done
}

@test "two pages: two LISTs, none by start-after" {
	given 1000 '[{"key": "%04d", "count": 2000, "size": 1}]'
	assert_equal "$(field quick .stats.object_count)" 2000
	assert_equal "$(requests LIST) $(n_starts)" '2 0'
	forget_requests
	assert_equal "$(field quick .stats.object_count)" 2000
	assert_equal "$(requests LIST) $(n_starts)" '2 0'
}

# Half of what a listing may cost beside its pages is kept until its end is known,
# and pages of 1000 are what it counts on.
@test "a hundred pages: at most a tenth more requests, and twenty" {
	local bucket n=0

	for bucket in '[{"key": "%04d", "count": 1000, "size": 1}]' \
		"$(jq -nc '[range(40) | {key: "d\(.)/%02d.delta", count: 25, size: 1}]')" \
		"$(jq -nc '[range(1000) | {key: (. * 1000003 % 1048576 | tostring
			| @base64)}]')"; do
		MNT=$BATS_TEST_TMPDIR/$((++n)) given 10 "$bucket"
		forget_requests
		MNT=$BATS_TEST_TMPDIR/$n field quick .stats.object_count
		assert_lists 100 30
		(($(n_starts) > 0))
		forget_requests
		MNT=$BATS_TEST_TMPDIR/$n field quick .stats.object_count
		assert_lists 100 30
	done
}

@test "ten full pages: at most sixteen requests more; again, four" {
	given 1000 '[{"key": "%05d", "count": 10000, "size": 1}]'
	assert_equal "$(field quick .stats.object_count)" 10000
	assert_lists 10 17
	(($(n_starts) > 0))
	forget_requests
	assert_equal "$(field quick .stats.object_count)" 10000
	assert_lists 10 4
	(($(n_starts) > 0))
}

@test "there are never more requests under way than connections" {
	given 100 "$mixed" -o connections=1
	assert_equal "$(field detailed .stats.object_count)" 3541
	assert_equal "$(field quick .stats.object_count)" 3541
	(($(n_starts) > 0))
	assert_equal "$(stub_ctl GET max_in_flight)" 1
}

# --- stores that do not list in ranges, or in order ---------------------------------------

# The bucket costs its 36 pages, and nothing is tried in ranges any more.
assert_only_tokens() {
	forget_requests
	field quick .stats.bucket
	assert_equal "$(requests LIST) $(n_starts)" '36 0'
}

given_start() {
	start_stub
	stub_ctl PATCH settings "{\"start_after\": \"$1\"}"
	given 100 "$mixed"
}

@test "a store that ignores start-after" {
	given_start ignored
	assert_right
	assert_only_tokens
	assert_warned 'bucket=bkt: the store does not honour start-after'
}

@test "a store that begins with start-after itself: seen where there is such a key" {
	given_start inclusive
	assert_right
	assert_right quick
	assert_only_tokens
	assert_warned 'bucket=bkt: the store does not honour start-after'
}

@test "a store that loses the first key behind start-after" {
	given_start late
	assert_right
	assert_only_tokens
	assert_warned 'bucket=bkt: its ranges do not agree, again and again'
}

# Only where ranges were cut the last time, and there only one of them.
@test "a store that loses the first key behind one remembered boundary" {
	local start next

	given 1000 '[{"key": "%05d", "count": 10000, "size": 1}]'
	assert_right quick
	assert_right quick
	forget_requests
	field quick .stats.object_count
	for start in $(starts); do
		printf -v next %05d $((10#$start + 1))
		fault '{"class": "LIST", "ask": ["start-after='"$start"'", "start-after='"$next"'"]}'
		assert_equal "$(field quick .stats.object_count)" 10000
		stub_ctl DELETE faults
		assert_equal "$(field quick .stats.object_count)" 10000
	done
}

# Ranges begin with keys that are the same, however often they are decoded.
@test "a store that decodes start-after twice: no harm" {
	given_start double-decoded
	assert_right quick
	assert_right
	(($(n_starts) > 0))
	assert_warned
}

@test "a store that lists in another order" {
	start_stub
	given 100 '[]'
	stub_ctl PUT 'bucket/bkt?order=given' "$(jq -c 'reverse' <<<"$mixed")"
	assert_right
	assert_only_tokens
	assert_warned 'bucket=bkt: the store does not list in the order of bytes'
}

# 20 pages in order, so that ranges were begun.
@test "a store whose disorder shows late" {
	given 100 '[]'
	stub_ctl PUT 'bucket/bkt?order=given' "$(jq -c '.[5:] + .[:5]' <<<"$mixed")"
	assert_right
	assert_only_tokens
	assert_warned 'bucket=bkt: the store does not list in the order of bytes'
}

# --- HEADs beside the listing -------------------------------------------------------------

# Of 2,000 deltas, on 40 pages, each counts 10.
given_deltas() {
	start_stub
	given 50 '[{"key": "d/%04d.delta", "count": 2000, "size": 1,
		"meta": {"dg-file-size": "10"}}]' "$@"
}

@test "HEADs begin with the first page where no document can be valid, else not" {
	given_deltas -o cache=rw
	fault '{"class": "LIST", "query": "continuation-token", "gate": "list"}'
	reader "$MNT/bkt/stats_detailed.json"
	wait_for_gate list
	wait_until has_requests HEAD 50
	assert_equal "$(requests LIST)" 2
	open_gate list
	assert_reader_ends 0 0
	assert_figures detailed 2000 20000 2000 18000 2000 0 2000/0/0
	stub_ctl DELETE faults
	forget_requests
	field detailed .stats.bucket
	assert_equal "$(requests HEAD)" 0
}

# How many LISTs there were does not change while other things go on.
is_paused() {
	local n

	n=$(requests LIST /bkt)
	jq . "$MNT/other/stats_quick.json" && jq . "$MNT/other/stats_quick.json"
	(($(requests LIST /bkt) == n))
}

@test "the listing pauses when HEADs fall behind" {
	given_deltas -o connections=16
	stub_ctl PUT bucket/other '[{"key": "x"}]'
	fault '{"class": "HEAD", "gate": "heads"}'
	reader "$MNT/bkt/stats_detailed.json"
	wait_for_gate heads 4
	wait_until is_paused
	(($(requests LIST /bkt) < 10)) || fail "$(requests LIST /bkt) LISTs"
	(($(stub_ctl GET max_in_flight) <= 18))
	open_gate heads
	assert_reader_ends 0 0
	assert_figures detailed 2000 20000 2000 18000 2000 0 2000/0/0
}

# --- on the real gateway ------------------------------------------------------------------

@test "3,500 objects on a real server: right at first, again, and after changes" {
	new_bucket
	start_proxy
	s3 <<-END
		fill $BUCKET %03d.delta 60 10 dg-file-size=100
		put $BUCKET reference.bin 70
		put $BUCKET -.delta 9 file_size=55
		fill $BUCKET n/a%03d.delta 60 10 dg-file-size=200
		put $BUCKET n/%21.delta 8 file_size=77
		fill $BUCKET n/m/%04d 1400 3
		fill $BUCKET n/m/%03d.delta 60 11 dg-file-size=300
		put $BUCKET n/m/reference.bin 80
		put $BUCKET n/reference.bin 90
		fill $BUCKET n/z%03d.delta 60 12
		fill $BUCKET 'o/a %03d&+é.delta' 60 7 file-size=31
		put $BUCKET o/reference.bin 33
		fill $BUCKET x/%06x 1800 1
	END
	mount_fs
	field quick .stats.bucket
	(($(n_starts) > 0))
	assert_right
	forget_requests
	field quick .stats.bucket
	(($(n_starts) > 0))
	{ starts; asked continuation-token; } | sort -u >"$BATS_TEST_TMPDIR/boundaries"
	change_at 0 <"$BATS_TEST_TMPDIR/boundaries"
	assert_right quick
	change_at 2 <"$BATS_TEST_TMPDIR/boundaries"
	assert_right
	assert_warned
}
