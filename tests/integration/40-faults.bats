#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What goes wrong with a store: the right figures or the errno of the manual, in
# time, nothing wrong in the cache, and the next read is right again.  A test for
# each row of faults.table; faults.bash says what of it is checked.

load lib
load documents
load faults

# Both have computed the figures, and neither has put them yet.
own_two_writers() {
	local mode dir=$BATS_TEST_TMPDIR pid pids=()

	mkdir "$dir"/{first,second,left}
	stub_start
	fault '{"class": "GET", "gate": "get"}' '{"class": "PUT", "gate": "put"}'
	mount_fs
	MNT=$dir/other LOG=$dir/other.log mount_fs
	for mode in quick sampled detailed; do
		in_background cat "$(stats_file "$mode")" >"$dir/first/stats_$mode.json"
		pids+=("$!")
		in_background cat "$dir/other/bkt/stats_$mode.json" \
			>"$dir/second/stats_$mode.json"
		pids+=("$!")
	done
	wait_for_gate get 6 # none has found a document
	open_gate get
	wait_for_gate put 6
	open_gate put
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	assert_equal "$(requests PUT)" 6
	for mode in quick sampled detailed; do
		S3_ENDPOINT=$ENDPOINT cached "$mode" >"$dir/left/stats_$mode.json"
	done
	S3_ENDPOINT=$ENDPOINT script model.py bkt "$dir"/{first,second,left}/*.json
	stub_ctl DELETE faults
	forget_requests
	assert_right
	MNT=$dir/other assert_right
	# those HEADs are the model's
	assert_equal "$(requests PUT) $(requests HEAD)" '0 80'
	assert_equal "$(complaints; LOG=$dir/other.log complaints)" ''
}

# Amazon, as far as the program can tell: the stub is its proxy.
own_amazon() {
	local pem=$BATS_TEST_TMPDIR/amazon.pem amazon=amazonaws.com

	certificate "$pem" "DNS:s3.$amazon,DNS:s3.eu-2.$amazon"
	stub_start --connect "$pem"
	stub_ctl POST faults '[{"auth": "/us-east-1/s3/", "status": 301,
		"headers": {"x-amz-bucket-region": "eu-2",
			"Location": "https://s3.cn-2.'$amazon'/bkt"}}]'
	export HTTPS_PROXY=$ENDPOINT
	ENDPOINT=s3:// mount_fs \
		-o "force_path_style,bucket=bkt,ca_bundle=$pem.crt,retries=0"
	assert_right
	assert_equal "$(stub_ctl GET log | jq -r '.[] | select(.method == "CONNECT").path' |
		sort -u | xargs)" "s3.$amazon:443 s3.eu-2.$amazon:443"
	assert_equal "$(complaints)" ''
}

# In every way there is, and all at once: never a figure that is wrong.
@test "storm: 5 % of requests go wrong, and each read is right or an error" {
	local reads=1000 names=storm-0:storm-1:storm-2:storm-3 found failed

	# sanitizers are after other things than numbers
	[[ $SANITIZER == none ]] || reads=200
	start_stub
	mount_fs -o "bucket=$names,bucket_ttl=0,request_timeout=$(scaled 500)ms,linger=0"
	found=$("$HERE/storm.py" "$MNT" "$ENDPOINT" "$reads")
	echo "$found; of $(requests) requests, $(stub_ctl GET fired) went wrong"
	assert_equal "$(jq add <<<"$found")" "$reads"
	(($(jq .right <<<"$found") > reads / 2))
	assert_equal "$(jq -c 'keys - ["right", "EIO", "EACCES", "ENOENT", "ETIMEDOUT"]' \
		<<<"$found")" '[]'
	# shellcheck disable=SC2034 # assert_right's
	for BUCKET in ${names//:/ }; do
		assert_right
	done
	unmount_fs
	# one line for each, but where the name was looked up in vain
	failed=$(jq 'add - .right - (.ENOENT // 0)' <<<"$found")
	assert_equal "$(grep ': error: ' "$LOG" | grep -vc 'No such file')" "$failed"
}

# --- from faults.table: tests/lint/faults --write -----------------------------------
@test "fault: connection refused" { row; }
@test "fault: proxy refuses" { row; }
@test "fault: no way there" { row; }
@test "fault: name not resolved" { row; }
@test "fault: connection never made" { row; }
@test "fault: no TLS there" { row; }
@test "fault: certificate not trusted" { row; }
@test "fault: answer never comes" { row; }
@test "fault: answer stops half-way" { row; }
@test "fault: a head that comes byte by byte" { row; }
@test "fault: a head that never ends" { row; }
@test "fault: two HEADs of forty are never answered" { row; }
@test "fault: every page slow" { row; }
@test "fault: slower than the deadline" { row; }
@test "fault: cached document never comes" { row; }
@test "fault: reset before the answer, once" { row; }
@test "fault: reset in the head, once" { row; }
@test "fault: reset in the body, once" { row; }
@test "fault: reset of a HEAD, once" { row; }
@test "fault: reset before every answer" { row; }
@test "fault: reset in every head" { row; }
@test "fault: reset in every body" { row; }
@test "fault: Content-Length too large, once" { row; }
@test "fault: Content-Length too large" { row; }
@test "fault: Content-Length too small" { row; }
@test "fault: head of a HEAD cut, once" { row; }
@test "fault: head of a listing cut, once" { row; }
@test "fault: every HEAD cut in its head" { row; }
@test "fault: every listing cut in its head" { row; }
@test "fault: listing without a length cut in its body, once" { row; }
@test "fault: listing without a length cut in its body" { row; }
@test "fault: listing without a length, whole" { row; }
@test "fault: no HTTP at all" { row; }
@test "fault: no HTTP on a used connection, once" { row; }
@test "fault: a folded field" { row; }
@test "fault: a folded length and date" { row; }
@test "fault: a field twice, the same" { row; }
@test "fault: a field twice, with two values, once" { row; }
@test "fault: a field twice, with two values" { row; }
@test "fault: two ETags" { row; }
@test "fault: two lengths" { row; }
@test "fault: a blank before the colon, once" { row; }
@test "fault: a blank before the colon" { row; }
@test "fault: a field without a name" { row; }
@test "fault: a line without a colon" { row; }
@test "fault: a status line among the fields, once" { row; }
@test "fault: a status line among the fields" { row; }
@test "fault: a control character" { row; }
@test "fault: another version of HTTP" { row; }
@test "fault: no HTTP at all, once" { row; }
@test "fault: status 503 for 1 %" { row; }
@test "fault: status 503 for 5 %" { row; }
@test "fault: status 503 for all" { row; }
@test "fault: status 500 for 1 %" { row; }
@test "fault: status 500 for 5 %" { row; }
@test "fault: status 500 for all" { row; }
@test "fault: status 429 for 1 %" { row; }
@test "fault: status 429 for 5 %" { row; }
@test "fault: status 429 for all" { row; }
@test "fault: status 200 with SlowDown, once" { row; }
@test "fault: status 200 with SlowDown" { row; }
@test "fault: status 200 with AccessDenied" { row; }
@test "fault: status 418" { row; }
@test "fault: keys refused" { row; }
@test "fault: refused in the middle of a listing" { row; }
@test "fault: token expires in the middle of a listing" { row; }
@test "fault: token is no longer known, in the middle of a listing" { row; }
@test "fault: token expires in the middle of the HEADs" { row; }
@test "fault: refused in the middle of the HEADs" { row; }
@test "fault: bucket deleted before a listing" { row; }
@test "fault: bucket deleted in the middle of a listing" { row; }
@test "fault: object deleted before its HEAD" { row; }
@test "fault: bucket deleted in the middle of the HEADs" { row; }
@test "fault: object replaced before its HEAD" { row; }
@test "fault: a HEAD says 404 that is not so, once" { row; }
@test "fault: all HEADs say 404" { row; }
@test "fault: a HEAD answered with a bare 200, once" { row; }
@test "fault: HEADs answered with a bare 200" { row; }
@test "fault: HEADs answered with an empty page" { row; }
@test "fault: HEADs answered with a page of HTML" { row; }
@test "fault: a HEAD answered with another object's, once" { row; }
@test "fault: answers shifted by one on a connection" { row; }
@test "fault: a 404 and answers shifted by one" { row; }
@test "fault: status 301 to another region" { row; }
@test "fault: status 301 to another region of Amazon" { row; }
@test "fault: status 307 to another region" { row; }
@test "fault: status 400 of another region" { row; }
@test "fault: status 301 in a circle" { row; }
@test "fault: status 301 to nowhere" { row; }
@test "fault: status 301 to what is no region" { row; }
@test "fault: status 400 that names no region, but HeadBucket does" { row; }
@test "fault: signature malformed, and HeadBucket's refusal tells the region" { row; }
@test "fault: status 301 to an endpoint, without a region" { row; }
@test "fault: HeadBucket 301" { row; }
@test "fault: HeadBucket 400" { row; }
@test "fault: clock an hour behind" { row; }
@test "fault: clock an hour ahead" { row; }
@test "fault: clock wrong, HeadBucket" { row; }
@test "fault: clock said to be wrong, and is not" { row; }
@test "fault: a page twice" { row; }
@test "fault: token repeated" { row; }
@test "fault: token missing" { row; }
@test "fault: token empty" { row; }
@test "fault: token garbage" { row; }
@test "fault: common prefixes instead of keys" { row; }
@test "fault: common prefixes instead of keys, once" { row; }
@test "fault: keys up to a delimiter, without common prefixes" { row; }
@test "fault: a delimiter that nobody asked for, and that was not applied" { row; }
@test "fault: only a part of the bucket: a prefix" { row; }
@test "fault: only a part of the bucket: behind a key" { row; }
@test "fault: a listing of another bucket" { row; }
@test "fault: a listing of another bucket, once" { row; }
@test "fault: a name with a path and a host around it" { row; }
@test "fault: the last page, and a token" { row; }
@test "fault: truncated, and says that it is not" { row; }
@test "fault: truncated, and says that it is not, once" { row; }
@test "fault: more keys than were counted" { row; }
@test "fault: fewer keys than were counted" { row; }
@test "fault: another page than was asked for" { row; }
@test "fault: words and numbers with blanks around them" { row; }
@test "fault: an empty page in between" { row; }
@test "fault: empty pages without end" { row; }
@test "fault: a size that is negative" { row; }
@test "fault: a size of 2^63" { row; }
@test "fault: sizes of 2^63-1, whose sum is more" { row; }
@test "fault: a key of 10 MB" { row; }
@test "fault: no XML" { row; }
@test "fault: an empty answer" { row; }
@test "fault: a page of HTML" { row; }
@test "fault: XML of something else" { row; }
@test "fault: XML that ends too early" { row; }
@test "fault: XML bomb of entities" { row; }
@test "fault: XML bomb of depth" { row; }
@test "fault: compressed, though nobody asked" { row; }
@test "fault: header fields of 1 MB" { row; }
@test "fault: a header field for each of 10,000 names" { row; }
@test "fault: bucket grows during the listing" { row; }
@test "fault: listed objects go during the listing" { row; }
@test "fault: objects go during the listing" { row; }
@test "fault: start-after refused: 400" { row; }
@test "fault: start-after refused: 403" { row; }
@test "fault: start-after refused: 404 NoSuchKey" { row; }
@test "fault: start-after refused: 404 and HTML" { row; }
@test "fault: start-after refused: 405" { row; }
@test "fault: start-after refused: 501" { row; }
@test "fault: start-after refused: 500, again and again" { row; }
@test "fault: start-after refused: 502, again and again" { row; }
@test "fault: start-after refused: an error in a 200" { row; }
@test "fault: metadata=true refused: 400" { row; }
@test "fault: metadata=true refused: 403" { row; }
@test "fault: metadata=true refused: 404 NoSuchKey" { row; }
@test "fault: metadata=true refused: 404 and HTML" { row; }
@test "fault: metadata=true refused: 405" { row; }
@test "fault: metadata=true refused: 501" { row; }
@test "fault: metadata=true refused: 500, again and again" { row; }
@test "fault: metadata=true refused: 502, again and again" { row; }
@test "fault: metadata=true refused: an error in a 200" { row; }
@test "fault: start-after and all else refused" { row; }
@test "fault: a listing says NoSuchKey" { row; }
@test "fault: a listing is a 404 in HTML" { row; }
@test "fault: cached document of 100 MB" { row; }
@test "fault: cached document of another bucket" { row; }
@test "fault: cached document refused" { row; }
@test "fault: cached document fails" { row; }
@test "fault: cached document cut short" { row; }
@test "fault: PUT refused" { row; }
@test "fault: PUT fails" { row; }
@test "fault: PUT reset" { row; }
@test "fault: PUT never answered" { row; }
@test "fault: PUT not answered in time" { row; }
@test "fault: two mounts write the cache at once" { row; }
@test "fault: list of buckets fails" { row; }
@test "fault: list of buckets refused" { row; }
@test "fault: list of buckets is no XML" { row; }
@test "fault: bucket's name fails" { row; }
@test "fault: bucket's name refused" { row; }
@test "fault: bucket's name unknown" { row; }
@test "fault: bucket's name not answered" { row; }
@test "fault: no room for the log" { row; }
@test "fault: keys out of order" { row; }
# --- end of what is from faults.table ------------------------------------------------
