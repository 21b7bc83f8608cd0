#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The servers and the helpers that all other tests rely on, without dgstatfs.

load lib

page() {
	curl -s "$ENDPOINT/bkt?list-type=2&$1"
}

status() {
	curl -s -o /dev/null -w '%{http_code}' "$@"
}

one_object() {
	stub_ctl PUT bucket/bkt '[{"key": "a", "body": "0123456789"}]'
}

# --- the real gateway --------------------------------------------------------------

@test "gateway: refuses a wrong secret and an unknown key" {
	S3_SECRET=wrong run ! s3 mk t-refused
	[[ $output == *SignatureDoesNotMatch* ]]
	S3_KEY=nobody run ! s3 mk t-refused
	[[ $output == *InvalidAccessKeyId* ]]
}

@test "gateway: keeps odd keys byte for byte, in order of their bytes" {
	new_bucket
	local long
	long=$(printf 'k%.0s' {1..1024})
	s3 <<-END
		put $BUCKET a%20b+c%25%0An 1
		put $BUCKET a/../b 1
		put $BUCKET //x 1
		put $BUCKET %C3%A9%01 1
		put $BUCKET "q'%22%26<>" 1
		put $BUCKET $long 1
	END
	run -0 --separate-stderr s3 ls "$BUCKET"
	assert_equal "$(cut -f 1 <<<"$output")" "$(printf '%s\n' //x \
		a%20b%2Bc%25%0An a/../b "$long" q%27%22%26%3C%3E %C3%A9%01)"
}

@test "gateway: keeps bodies and metadata; a copy onto itself changes the latter" {
	new_bucket
	printf 'hello' >"$BATS_TEST_TMPDIR/body"
	s3 put "$BUCKET" k "@$BATS_TEST_TMPDIR/body" dg-file-size=900
	assert_equal "$(s3 get "$BUCKET" k)" hello
	assert_equal "$(s3 head "$BUCKET" k | jq -c .meta)" '{"dg-file-size":"900"}'
	s3 touch "$BUCKET" k dg-file-size=901
	assert_equal "$(s3 head "$BUCKET" k | jq -c .meta)" '{"dg-file-size":"901"}'
}

@test "gateway: the other user is refused, until a policy lets it in" {
	new_bucket
	s3 put "$BUCKET" k 3
	S3_KEY=otherkey S3_SECRET=othersecret run ! s3 ls "$BUCKET"
	[[ $output == *AccessDenied* ]]
	s3 policy "$BUCKET" '{"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/other"]},
		"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::'"$BUCKET"'"}]}'
	S3_KEY=otherkey S3_SECRET=othersecret run -0 s3 ls "$BUCKET"
	S3_KEY=otherkey S3_SECRET=othersecret run ! s3 get "$BUCKET" k
}

# --- the counting proxy --------------------------------------------------------------

@test "proxy: passes signed requests unchanged and counts them by class" {
	new_bucket
	start_proxy
	S3_ENDPOINT=$ENDPOINT s3 <<-END
		put $BUCKET a/1 100000 x=y
		put $BUCKET b%20%25/2 3
		head $BUCKET a/1
		get $BUCKET b%20%25/2
		ls $BUCKET
	END
	assert_equal "$(requests PUT)/$(requests HEAD)/$(requests LIST)" 2/1/1
	assert_equal "$(requests GET /b%20)" 1
	assert_equal "$(s3 ls "$BUCKET" | cut -f 1,2)" $'a/1\t100000\nb%20%25/2\t3'
	forget_requests
	assert_equal "$(requests)" 0
}

@test "proxy: a hundred connections at once" {
	start_proxy
	seq 100 | xargs -P 100 -I{} curl -s -o /dev/null "$ENDPOINT/none/{}"
	assert_equal "$(requests GET)" 100
}

# --- the stub: what it serves ----------------------------------------------------------

@test "stub: pages, tokens, start-after, prefix and both ways to write a key" {
	start_stub
	stub_ctl PUT bucket/bkt '[{"key": "b c+", "size": 7}, {"key_hex": "ff0a"},
		{"key": "a/%02d", "count": 25}]'
	run -0 page 'encoding-type=url&max-keys=25'
	[[ $output == *'<Key>a/24</Key>'* && $output != *'<Key>b'* ]]
	local token
	token=$(sed -n 's/.*<NextContinuationToken>\(.*\)<\/Next.*/\1/p' <<<"$output")
	run -0 page "encoding-type=url&continuation-token=$token"
	[[ $output == *'<Key>b+c%2B</Key>'*'<Size>7</Size>'*'<Key>%FF%0A</Key>'* ]]
	[[ $output == *'<IsTruncated>false</IsTruncated>'* ]]
	run -0 page 'start-after=a/23&prefix=a/'
	[[ $output == *'<KeyCount>1</KeyCount>'*'<Key>a/24</Key>'* ]]
}

@test "stub: metadata names keep their underscore, bodies and headers are kept" {
	start_stub
	stub_ctl PUT bucket/bkt '[{"key": "d", "size": 9, "meta": {"dg_file_size": "1"}}]'
	run -0 curl -sI "$ENDPOINT/bkt/d"
	[[ $output == *'Content-Length: 9'*'x-amz-meta-dg_file_size: 1'* ]]
	curl -s -X PUT -H 'x-amz-meta-a: b' -H 'Content-Type: application/json' \
		--data-binary '{}' "$ENDPOINT/bkt/e%20//f"
	run -0 curl -si "$ENDPOINT/bkt/e%20//f"
	[[ $output == *'Content-Type: application/json'*'x-amz-meta-a: b'*'{}' ]]
}

@test "stub: ListBuckets in pages, HeadBucket, virtual-host style" {
	start_stub
	stub_ctl PUT bucket/bkt '[{"key": "k", "body": "hello"}]'
	stub_ctl PUT bucket/one '[]'
	stub_ctl PATCH settings '{"bucket_page_size": 1}'
	run -0 curl -s "$ENDPOINT/"
	[[ $output == *'<Name>bkt</Name>'*'<ContinuationToken>'* ]]
	run -0 curl -s "$ENDPOINT/?continuation-token=t.Ymt0"
	[[ $output == *'<Name>one</Name>'* && $output != *ContinuationToken* ]]
	assert_equal "$(status -I "$ENDPOINT/one")" 200
	assert_equal "$(status -I "$ENDPOINT/two")" 404
	assert_equal "$(curl -s "http://bkt.localhost:${ENDPOINT##*:}/k")" hello
}

@test "stub: an order that the test gives is kept over pages" {
	start_stub
	stub_ctl PUT 'bucket/bkt?order=given' '[{"key": "z"}, {"key": "a"}, {"key": "m"}]'
	run -0 page 'max-keys=2'
	[[ $output == *'<Key>z</Key>'*'<Key>a</Key>'* ]]
	run -0 page 'max-keys=2&continuation-token=t.YQ=='
	[[ $output == *'<KeyCount>1</KeyCount>'*'<Key>m</Key>'* ]]
}

# --- the stub: what goes wrong ---------------------------------------------------------

@test "stub: errors by class, path, query, after and times" {
	start_stub
	one_object
	fault '{"class": "GET", "path": "^/bkt/a", "after": 1, "times": 1, "status": 503,
		"code": "SlowDown"}' \
		'{"query": "prefix=x", "status": 301, "headers": {"x-amz-bucket-region": "eu"}}'
	assert_equal "$(status "$ENDPOINT/bkt/a")" 200
	assert_equal "$(status "$ENDPOINT/bkt/a")" 503
	assert_equal "$(status "$ENDPOINT/bkt/a")" 200
	run -0 curl -si "$ENDPOINT/bkt?list-type=2&prefix=x"
	[[ $output == *301*'x-amz-bucket-region: eu'* ]]
}

@test "stub: repeated token, none at all, wrong root, error in disguise" {
	start_stub
	stub_ctl PUT bucket/bkt '[{"key": "%03d", "count": 30}]'
	fault '{"times": 2, "sub": ["(<NextContinuationToken>)[^<]*", "\\1same"]}' \
		'{"times": 1, "sub": ["<NextContinuationToken>[^<]*</NextContinuationToken>", ""]}' \
		'{"times": 1, "sub": ["ListBucketResult", "Other"]}' \
		'{"times": 1, "status": 200, "code": "InternalError"}'
	[[ $(page max-keys=10) == *'Token>same<'* ]]
	[[ $(page 'max-keys=10&continuation-token=same') == *'Token>same<'* ]]
	run -0 page max-keys=10
	[[ $output == *'<IsTruncated>true'* && $output != *Token* ]]
	[[ $(page max-keys=10) == *'<Other '* ]]
	[[ $(page max-keys=10) == *'<Error><Code>InternalError'* ]]
}

@test "stub: headers changed and left out, raw bytes" {
	start_stub
	one_object
	fault '{"times": 1, "set_headers": {"ETag": "\"other\"", "Last-Modified": null}}' \
		'{"times": 1, "raw": "HTTP/1.0 200 OK\r\n\r\nraw"}'
	run -0 curl -sI "$ENDPOINT/bkt/a"
	[[ $output == *'ETag: "other"'* && $output != *Last-Modified* ]]
	assert_equal "$(curl -s "$ENDPOINT/bkt/a")" raw
}

@test "stub: connections reset before, in the head and in the body; a cut body" {
	start_stub
	one_object
	fault '{"times": 1, "drop": "before"}' '{"times": 1, "drop": "head"}' \
		'{"times": 1, "drop": "body"}' '{"times": 1, "cut": 4}'
	# curl's 56: failure to receive (reset); 18: the body ended too early
	run -56 curl -s "$ENDPOINT/bkt/a"
	run -56 curl -s "$ENDPOINT/bkt/a"
	run -56 curl -s "$ENDPOINT/bkt/a"
	assert_equal "$output" 01234
	run -18 curl -s "$ENDPOINT/bkt/a"
	assert_equal "$output" 0123
}

@test "stub: a gate holds what comes, before the answer and within its body" {
	start_stub
	one_object
	fault '{"class": "GET", "gate": "g", "gate_at": 4}' '{"class": "HEAD", "gate": "g"}'
	in_background curl -s -o "$BATS_TEST_TMPDIR/got" "$ENDPOINT/bkt/a"
	local get=$!
	in_background curl -sI -o /dev/null "$ENDPOINT/bkt/a"
	local head=$!
	wait_for_gate g 2
	[[ ! -s $BATS_TEST_TMPDIR/got || $(<"$BATS_TEST_TMPDIR/got") == 0123 ]]
	open_gate g
	wait "$get" "$head"
	assert_equal "$(<"$BATS_TEST_TMPDIR/got")" 0123456789
}

@test "stub: a client that goes away leaves the gate" {
	start_stub
	fault '{"gate": "never"}'
	run -28 curl -s -m 0.3 "$ENDPOINT/bkt/a"
	gate_is_empty() { [[ $(stub_ctl GET gate/never) == 0 ]]; }
	wait_until gate_is_empty
}

@test "stub: a page that waits does not see a later PUT" {
	start_stub
	one_object
	fault '{"class": "LIST", "times": 1, "gate": "g"}'
	in_background curl -s -o "$BATS_TEST_TMPDIR/got" "$ENDPOINT/bkt?list-type=2"
	local list=$!
	wait_for_gate g
	curl -s -X PUT --data-binary x "$ENDPOINT/bkt/b"
	open_gate g
	wait "$list"
	[[ $(<"$BATS_TEST_TMPDIR/got") == *'<KeyCount>1</KeyCount>'* ]]
	[[ $(page '') == *'<KeyCount>2</KeyCount>'* ]]
}

@test "stub: a hundred connections at once are counted" {
	start_stub
	one_object
	fault '{"class": "HEAD", "gate": "g"}'
	in_background xargs -a <(seq 100) -P 100 -I{} \
		curl -sI -o /dev/null "$ENDPOINT/bkt/a"
	local heads=$!
	wait_for_gate g 100
	open_gate g
	wait "$heads"
	assert_equal "$(requests HEAD)" 100
	assert_equal "$(stub_ctl GET max_in_flight)" 100
	assert_equal "$(stub_ctl GET log | jq '[.[] | select(.status == 200)] | length')" 100
}

@test "stub: a scenario from a file; a mistake in a control call is told" {
	cat >"$BATS_TEST_TMPDIR/scenario.json" <<-'END'
		{"buckets": {"bkt": [{"key": "k", "body": "hello"}]},
		 "settings": {"space_as_plus": false},
		 "faults": [{"times": 1, "status": 500, "code": "InternalError"}]}
	END
	start_stub "$BATS_TEST_TMPDIR/scenario.json"
	[[ $(curl -s "$ENDPOINT/bkt/k") == *InternalError* ]]
	assert_equal "$(curl -s "$ENDPOINT/bkt/k")" hello
	run ! fault '{"clas": "LIST"}'
	[[ $output == *clas* ]]
	run ! stub_ctl POST nonsense
}

# --- the helpers -------------------------------------------------------------------------

@test "helpers: at_end runs the latest first and keeps words together" {
	at_end test "$(printf 'a b\nc')" = $'a b\nc'
	local order=''
	note() { order+=$1; }
	at_end note 2
	at_end note 1
	teardown
	assert_equal "$order" 12
}

@test "helpers: is_mounted knows a mount point by its exact name" {
	run -0 is_mounted /proc
	run -1 is_mounted "$BATS_TEST_TMPDIR"
}
