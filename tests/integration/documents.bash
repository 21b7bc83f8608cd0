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

cache_key() {
	echo ".deltaglider/stats_$1.json"
}

stats_file() {
	echo "$MNT/$BUCKET/stats_$1.json"
}

assert_figures() {
	local mode=$1

	shift
	assert_equal "$mode $(field "$mode" '[(.stats | .object_count, .total_size,
		.compressed_size, .space_saved, .delta_objects, .direct_objects),
		(.accuracy | [.exact_deltas, .sampled_deltas, .estimated_deltas]
		| map(tostring) | join("/"))] | map(tostring) | join(" ")')" "$mode $*"
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
