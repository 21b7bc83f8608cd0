# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For test files that look at documents: `load lib` and then `load documents`.
# All of it is about $MNT/$BUCKET.
#
#   assert_figures MODE FIGURE...   what the document says: object_count total_size
#                                   compressed_size space_saved delta_objects
#                                   direct_objects exact/sampled/estimated
#   assert_right [MODE...]          all of the text is what model.py expects of the
#                                   bucket at ENDPOINT (three modes)
#   cached MODE                     the document in the bucket, as boto3 gets it
#   put_cached MODE                 put one there from standard input
#   cache_key MODE
#
#   worked_example                  a small bucket, as objects for the stub, whose
#                                   figures were worked out by hand

worked_example() {
	echo '[
		{"key": ".deltaglider/stats_quick.json", "size": 400},
		{"key": "a/1.zip.delta", "size": 10, "meta": {"dg-file-size": "900"}},
		{"key": "a/2.zip.delta", "size": 20,
			"meta": {"dg-file-size": "", "file_size": "950"}},
		{"key": "a/b/1.tar.delta", "size": 30},
		{"key": "a/reference.bin", "size": 1000},
		{"key": "a/z.zip.delta", "size": 40,
			"meta": {"dg-file-size": "12x", "file_size": "77"}},
		{"key": "c/reference.bin", "size": 500},
		{"key": "readme é.txt", "size": 7}]'
}

cache_key() {
	echo ".deltaglider/stats_$1.json"
}

stats_file() {
	echo "$MNT/$BUCKET/stats_$1.json"
}

assert_figures() {
	local mode=$1

	shift
	assert_equal "$mode $(script member.py figures "$(stats_file "$mode")")" "$mode $*"
}

assert_right() {
	local mode files=()

	(($# > 0)) || set -- quick sampled detailed
	for mode; do
		files+=("$(stats_file "$mode")")
	done
	S3_ENDPOINT=$ENDPOINT script model.py "$BUCKET" "${files[@]}"
}

cached() {
	s3 get "$BUCKET" "$(cache_key "$1")"
}

put_cached() {
	cat >"$BATS_TEST_TMPDIR/to-put"
	s3 put "$BUCKET" "$(cache_key "$1")" "@$BATS_TEST_TMPDIR/to-put"
}
