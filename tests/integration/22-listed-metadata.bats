#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stores whose listings tell user metadata (MinIO, RustFS), which saves the HEADs:
# the same figures as with them; what is not told is asked for; and stores that
# don't know the parameter are not asked twice.

load lib
load documents

# a/b/1.tar.delta has no metadata at all; no document lies there.
undocumented_example=$(worked_example | sed s/stats_quick/stats_other/)

# 20 deltas of 1,000 bytes each and 5 direct objects on three pages.
three_pages='[{"key": "a/%02d.delta", "count": 20, "size": 10,
		"meta": {"dg-file-size": "1000"}},
	{"key": "b/%02d", "count": 5, "size": 7}]'

# FORM: a value of the stub's setting; null: it knows no such parameter.
given() {
	local form=$1 objects=$2

	BUCKET=bkt
	start_stub
	stub_ctl PATCH settings "{\"page_size\": 10, \"metadata\": $form}"
	stub_ctl PUT "bucket/$BUCKET" "$objects"
	mount_fs --retries=1
}

assert_worked_example() {
	assert_figures sampled 5 2737 1607 1130 4 1 1/2/1
	assert_figures detailed 5 2887 1607 1280 4 1 2/0/2
}

assert_three_pages() {
	assert_figures sampled 25 20035 235 19800 20 5 1/19/0
	assert_figures detailed 25 20035 235 19800 20 5 20/0/0
}

assert_heads() {
	assert_equal "$(requests HEAD "/$BUCKET/") HEADs" "$1 HEADs"
}

# How many pages were asked for with metadata=true.
times_asked() {
	stub_ctl GET log | jq '[.[] | select(.class == "LIST")
		| select(.query | test("(^|&)metadata=true(&|$)"))] | length'
}

assert_asked() {
	assert_equal "asked $(times_asked) times" "asked $1 times"
}

# --- told --------------------------------------------------------------------------

@test "MinIO's form: the figures are the same, and no HEAD is sent" {
	given '"minio"' "$undocumented_example"
	assert_worked_example
	assert_heads 0
	assert_equal "$(requests PUT) documents" '2 documents'
}

@test "RustFS's form: a HEAD only for the delta without any metadata" {
	given '"rustfs"' "$undocumented_example"
	assert_figures detailed 5 2887 1607 1280 4 1 2/0/2
	assert_heads 1
	assert_equal "$(requests HEAD /a/b/1.tar.delta)" 1
	assert_figures sampled 5 2737 1607 1130 4 1 1/2/1
	assert_heads 2
}

@test "all pages of a listing are asked, and all tell" {
	local form

	for form in '"minio"' '"rustfs"'; do
		given "$form" "$three_pages"
		assert_three_pages
		assert_heads 0
		(($(times_asked) >= 3)) || fail "asked $(times_asked) times"
		unmount_fs
	done
}

@test "quick never asks" {
	given '"minio"' "$three_pages"
	assert_figures quick 25 235 235 0 20 5 0/0/20
	assert_three_pages
	forget_requests
	stub_ctl PUT bucket/bkt "$three_pages"
	assert_figures quick 25 235 235 0 20 5 0/0/20
	assert_asked 0
}

@test "a cached document is valid whether it was told or asked for" {
	given '"minio"' "$three_pages"
	assert_three_pages
	unmount_fs
	stub_ctl PATCH settings '{"metadata": null}'
	mount_fs
	forget_requests
	assert_three_pages
	assert_heads 0
	assert_equal "$(requests PUT) documents" '0 documents'
}

@test "the first of the names that is not empty counts, leading zeros and all" {
	given '"minio"' '[
		{"key": "1.delta", "size": 1, "meta": {"file-size": "1",
			"file_size": "0000000000000000000000000000000000000000100"}},
		{"key": "2.delta", "size": 1, "meta": {"deltaglider-original-size": "200",
			"file-size": "", "DG_File_Size": ""}},
		{"key": "3.delta", "size": 1, "meta": {"file-size": "9223372036854775808",
			"deltaglider-original-size": "5"}},
		{"key": "4.delta", "size": 1, "meta": {"file-size": "-5"}},
		{"key": "5.delta", "size": 1, "meta": {"project": "5", "size": "6"}}]'
	assert_figures detailed 5 303 5 298 5 0 2/0/3
	assert_heads 0
}

@test "what is deleted or replaced is not asked for, so it changes nothing" {
	given '"minio"' "$three_pages"
	fault '{"class": "HEAD", "status": 404}'
	assert_three_pages
	assert_equal "$(requests PUT) documents" '2 documents'
}

# --- not told ----------------------------------------------------------------------

@test "an entry without the element gets its HEAD" {
	given '"minio"' '[
		{"key": "a.delta", "size": 1, "meta": {"dg-file-size": "100"}},
		{"key": "b.delta", "size": 1, "meta": {"dg-file-size": "200"}, "told": false},
		{"key": "c/c.delta", "size": 1, "meta": {"dg-file-size": "300"}, "told": false},
		{"key": "c/d.delta", "size": 1, "meta": {"dg-file-size": "400"}}]'
	assert_figures detailed 4 1000 4 996 4 0 4/0/0
	assert_heads 2
	assert_equal "$(requests HEAD '/(b|c/c).delta')" 2
	forget_requests
	assert_figures sampled 4 800 4 796 4 0 2/2/0
	assert_heads 1
	assert_equal "$(requests HEAD /c/c.delta)" 1
}

@test "of an entry that must not be read, the HEAD is refused" {
	given '"minio"' '[
		{"key": "a.delta", "size": 1, "meta": {"dg-file-size": "100"}},
		{"key": "b.delta", "size": 1, "told": false}]'
	fault '{"class": "HEAD", "path": "/b.delta", "status": 403}'
	run ! cat "$(stats_file detailed)"
	[[ $output == *': Permission denied' ]] || fail "$output"
	assert_figures sampled 2 200 2 198 2 0 1/1/0
}

@test "a value in doubt is asked for" {
	given '"minio"' '[
		{"key": "a.delta", "size": 1, "meta": {"dg-file-size": "100"}},
		{"key": "b.delta", "size": 1, "meta": {"dg-file-size": "200"}}]'
	fault '{"class": "LIST", "sub": ["(<X-Amz-Meta-Dg-File-Size>)200(<)", "\\g<1>200<x/>\\2"]}'
	assert_figures detailed 2 300 2 298 2 0 2/0/0
	assert_heads 1
	assert_equal "$(requests HEAD /b.delta)" 1
}

@test "metadata that are no XML: that page is read without, and its deltas asked for" {
	given '"rustfs"' '[
		{"key": "a/%02d.delta", "count": 20, "size": 10, "meta": {"dg-file-size": "1000"}},
		{"key": "b/1.delta", "size": 10, "meta": {"1st": "x", "dg-file-size": "2000"}},
		{"key": "b/11.delta", "size": 10, "meta": {"dg-file-size": "3000"}}]'
	assert_figures detailed 22 25000 220 24780 22 0 22/0/0
	assert_heads 2
	assert_equal "$(requests HEAD /b/)" 2
	assert_equal "$(requests PUT) documents" '1 documents'
}

# --- stores that don't know it -------------------------------------------------------

@test "a store that ignores it: HEADs as ever, and it is asked once" {
	given null "$three_pages"
	assert_figures detailed 25 20035 235 19800 20 5 20/0/0
	assert_heads 20
	assert_asked 1
	assert_figures sampled 25 20035 235 19800 20 5 1/19/0
	assert_heads 21
	stub_ctl PUT bucket/other "$three_pages"
	cat "$MNT/other/stats_detailed.json" >/dev/null
	assert_asked 1
}

@test "a store that refuses it: the page is asked for without, and it is asked once" {
	local form

	for form in '"refused"' '"unknown"'; do
		given "$form" "$undocumented_example"
		assert_worked_example
		assert_heads 6
		assert_asked 1
		assert_equal "$(grep -c ': error: ' "$LOG") errors" '0 errors'
		unmount_fs
	done
}

@test "an empty bucket decides nothing" {
	given '"minio"' "$three_pages"
	stub_ctl PUT bucket/empty '[]'
	assert_equal "$(jq .stats.object_count "$MNT/empty/stats_detailed.json")" 0
	assert_three_pages
	assert_heads 0
}

@test "a refusal for another reason is an error, and decides nothing" {
	given '"minio"' "$three_pages"
	fault '{"class": "LIST", "status": 403, "code": "AccessDenied"}'
	run ! cat "$(stats_file detailed)"
	[[ $output == *': Permission denied' ]] || fail "$output"
	assert_equal "$(requests LIST)" 2
	stub_ctl DELETE faults
	assert_three_pages
	assert_heads 0
}
