#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A store that answers wrongly, late or not at all: the right figures or an error,
# never something in between, nothing of it in the cache, and all is well afterwards.

load lib
load documents

# 25 objects on three pages: 20 deltas of 1,000 bytes each, and 5 direct objects.
bkt='[{"key": "a/%02d.delta", "count": 20, "size": 10, "meta": {"dg-file-size": "1000"}},
	{"key": "b/%02d", "count": 5, "size": 7}]'

given() {
	BUCKET=bkt
	start_stub
	stub_ctl PATCH settings '{"page_size": 10}'
	stub_ctl PUT bucket/bkt "$bkt"
	mount_fs "${@:---retries=1}"
}

assert_truth() {
	assert_figures quick 25 235 235 0 20 5 0/0/20
	assert_figures sampled 25 20035 235 19800 20 5 1/19/0
	assert_figures detailed 25 20035 235 19800 20 5 20/0/0
}

# An open of each mode fails with this message, and with one line in the log.
assert_open_fails() {
	local mode

	for mode in quick sampled detailed; do
		run ! cat "$(stats_file "$mode")"
		[[ $output == *": $1" ]] || fail "$mode: $output"
		assert_logged 1 ": error: bucket=bkt mode=$mode: "
	done
	assert_logged 3 ': error: '
}

assert_recovers() {
	assert_equal "$(requests PUT)" 0
	stub_ctl DELETE faults
	assert_truth
	assert_equal "$(requests PUT)" 3
}

# All three modes fail with EIO as long as the listing has these faults.
assert_listing_refused() {
	given
	fault "$@"
	assert_open_fails 'Input/output error'
	assert_recovers
}

list_sub() {
	jq -nc --arg from "$1" --arg to "$2" '{class: "LIST", sub: [$from, $to]}'
}

# --- listings that can't be true -----------------------------------------------------

# Three pages with these objects in no order: the figures of them all, by tokens
# alone, which is told once and not tried otherwise again.
assert_listed_in_no_order() {
	given -o cache=off
	stub_ctl PATCH settings '{"page_size": 2}'
	stub_ctl PUT 'bucket/bkt?order=given' "$1"
	assert_right
	forget_requests
	field quick .stats.bucket
	assert_equal "$(requests LIST)" "$2"
	assert_logged 1 ': warn: bucket=bkt: the store does not list in the order of bytes'
	assert_logged 0 ': error: '
}

@test "keys out of order on a page: the right figures" {
	assert_listed_in_no_order '[{"key": "a/2.delta", "size": 5, "meta": {"file_size": "9"}},
		{"key": "a/1.delta", "size": 6, "meta": {"file_size": "8"}},
		{"key": "a/reference.bin", "size": 7}, {"key": "b", "size": 1},
		{"key": "c", "size": 1}]' 3
}

@test "keys out of order from page to page: the right figures" {
	assert_listed_in_no_order '[{"key": "a/2.delta", "size": 5, "meta": {"file_size": "9"}},
		{"key": "b/1.delta", "size": 5},
		{"key": "a/1.delta", "size": 6, "meta": {"file_size": "8"}},
		{"key": "b/reference.bin", "size": 7}, {"key": "a/3.delta", "size": 1}]' 3
}

# The first listing in each mode fails for the order, the second for what is twice.
@test "a page that comes again, in no order" {
	given
	stub_ctl PATCH settings '{"page_size": 2}'
	stub_ctl PUT 'bucket/bkt?order=given' '[{"key": "d"}, {"key": "c"}, {"key": "b"},
		{"key": "a"}, {"key": "f"}, {"key": "e"}]'
	fault "$(list_sub '<Key>f<(.*)<Key>e<' '<Key>d<\1<Key>c<')"
	assert_open_fails 'Input/output error'
	assert_equal "$(requests PUT)" 0
}

@test "a page that begins in the midst of another, in no order" {
	given
	stub_ctl PATCH settings '{"page_size": 3}'
	stub_ctl PUT 'bucket/bkt?order=given' '[{"key": "d"}, {"key": "c"}, {"key": "b"},
		{"key": "a"}, {"key": "f"}, {"key": "e"}]'
	fault "$(list_sub '<Key>a<(.*)<Key>f<' '<Key>c<\1<Key>b<')"
	assert_open_fails 'Input/output error'
	assert_equal "$(requests PUT)" 0
}

@test "a key twice on a page" {
	assert_listing_refused "$(list_sub 'a%2F01|a/01' a/00)"
}

@test "the last key of a page again on the next one" {
	assert_listing_refused "$(list_sub 'a/10' a/09)"
}

@test "a token that repeats" {
	assert_listing_refused "$(list_sub '(<NextContinuationToken>)[^<]*' '\1same')"
}

@test "truncated without a token" {
	assert_listing_refused \
		"$(list_sub '<NextContinuationToken>[^<]*</NextContinuationToken>' '')"
}

@test "truncated with an empty token" {
	assert_listing_refused "$(list_sub '(<NextContinuationToken>)[^<]*' '\1')"
}

@test "neither truncated nor not" {
	assert_listing_refused "$(list_sub '<IsTruncated>[^<]*</IsTruncated>' '')"
}

@test "truncated: perhaps" {
	assert_listing_refused "$(list_sub '(<IsTruncated>)[^<]*' '\1perhaps')"
}

@test "another root element" {
	assert_listing_refused "$(list_sub ListBucketResult ListAllMyBucketsResult)"
}

@test "another root element on the last page only" {
	given
	fault '{"class": "LIST", "query": "continuation-token=t.YS8xOS5kZWx0YQ",
		"sub": ["ListBucketResult", "Other"]}'
	assert_open_fails 'Input/output error'
	assert_recovers
}

@test "no XML at all" {
	assert_listing_refused '{"class": "LIST", "status": 200, "body": "hello"}'
}

@test "an empty answer" {
	assert_listing_refused '{"class": "LIST", "status": 200}'
}

@test "a page of HTML" {
	assert_listing_refused '{"class": "LIST", "status": 200,
		"body": "<!DOCTYPE html><html><body><p>Welcome</p></body></html>"}'
}

@test "a document type with entities" {
	assert_listing_refused "$(list_sub '<ListBucketResult' \
		'<!DOCTYPE l [<!ENTITY x "a"><!ENTITY y "&x;&x;">]><ListBucketResult')"
}

@test "XML that ends too early, with the connection in order" {
	assert_listing_refused "$(list_sub '</ListBucketResult>' '')"
}

@test "something after the end of the XML" {
	assert_listing_refused "$(list_sub '</ListBucketResult>' '</ListBucketResult><x/>')"
}

# The pages that were.
asked_twice() {
	{ starts && asked continuation-token; } | sort | uniq -d
}

was_one_asked_twice() {
	(($(asked_twice | wc -l) == 1))
}

# Many come in, so that more than one thread may read them; what is wrong shows at the end.
@test "of large pages, one that is wrong at its end is asked for once more" {
	BUCKET=bkt
	start_stub
	stub_ctl PUT bucket/bkt '[{"key": "k%05d", "count": 12000, "size": 7}]'
	mount_fs -o cache=off
	field quick .stats.object_count >/dev/null # how to list it in ranges
	forget_requests
	fault '{"class": "LIST", "query": "start-after", "after": 2, "times": 1, "gate": "wrong",
			"sub": ["<KeyCount>\\d+<", "<KeyCount>7<"]}' \
		'{"class": "LIST", "gate": "rest", "gate_at": 50000}'
	field quick .stats.object_count >"$BATS_TEST_TMPDIR/count" &
	wait_for_gate wrong
	wait_for_gate rest 4
	open_gate wrong
	wait_until was_one_asked_twice
	open_gate rest
	wait $!
	assert_equal "$(<"$BATS_TEST_TMPDIR/count")" 12000
	was_one_asked_twice
}

@test "an object without a size" {
	assert_listing_refused "$(list_sub '<Size>7</Size>' '')"
}

@test "an object without a key" {
	assert_listing_refused "$(list_sub '<Key>b/03</Key>' '')"
}

@test "a negative size" {
	assert_listing_refused "$(list_sub '<Size>7<' '<Size>-7<')"
}

@test "a size beyond 2^63-1" {
	assert_listing_refused "$(list_sub '<Size>7<' '<Size>9223372036854775808<')"
}

@test "a size that is no number" {
	assert_listing_refused "$(list_sub '<Size>7<' '<Size>7e3<')"
}

@test "an empty size" {
	assert_listing_refused "$(list_sub '<Size>7<' '<Size><')"
}

@test "a status that nobody expects" {
	assert_listing_refused '{"class": "LIST", "status": 400, "code": "InvalidRequest"}'
}

@test "a redirection" {
	assert_listing_refused '{"class": "LIST", "status": 302,
		"headers": {"Location": "http://127.0.0.1:1/"}}'
}

@test "no HTTP at all" {
	assert_listing_refused '{"class": "LIST", "raw": "220 ready\r\n"}'
}

@test "objects whose ETag is missing count, and are cached" {
	given
	fault "$(list_sub '<ETag>[^<]*</ETag>' '')"
	assert_truth
	assert_right
	assert_equal "$(requests PUT)" 3
}

# --- what passes when it is tried again ------------------------------------------------

@test "unavailable for a while: the right figures" {
	given -o retries=4
	fault '{"class": "LIST", "times": 2, "status": 503, "code": "SlowDown"}' \
		'{"class": "LIST", "times": 1, "status": 500, "code": "InternalError"}' \
		'{"class": "HEAD", "times": 3, "status": 503}' \
		'{"class": "LIST", "query": "token", "times": 1, "status": 429}'
	assert_truth
	assert_right
}

@test "an error in a 200 that may pass: the right figures" {
	given
	fault '{"class": "LIST", "times": 1, "status": 200, "code": "SlowDown"}' \
		'{"class": "LIST", "after": 1, "times": 1, "status": 200,
			"code": "InternalError"}'
	assert_truth
}

@test "an error in a 200 that never passes" {
	assert_listing_refused '{"class": "LIST", "status": 200, "code": "SlowDown"}'
}

@test "a refusal in a 200" {
	given
	fault '{"class": "LIST", "status": 200, "code": "AccessDenied"}'
	assert_open_fails 'Permission denied'
	assert_recovers
}

# Two pages, which are one range: it is known how many requests there are.
@test "a page that fails half-way is read again, and its first half counts once" {
	given -o retries=6
	stub_ctl PATCH settings '{"page_size": 20}'
	fault '{"class": "LIST", "query": "token", "times": 1, "cut": 500}' \
		'{"class": "LIST", "query": "token", "times": 1, "drop": "body"}' \
		'{"class": "LIST", "query": "token", "times": 1, "drop": "head"}' \
		'{"class": "LIST", "query": "token", "times": 1, "drop": "before"}' \
		'{"class": "LIST", "times": 1, "cut": 900}'
	assert_figures detailed 25 20035 235 19800 20 5 20/0/0
	assert_equal "$(requests LIST)" 7
	assert_right
}

# With tries enough for it.
@test "pages that break off, or are refused: each object counts once" {
	given -o retries=20 -o cache=off
	fault '{"class": "LIST", "every": 3, "cut": 900}' \
		'{"class": "LIST", "every": 4, "status": 503, "code": "SlowDown"}' \
		'{"class": "LIST", "every": 5, "drop": "body"}'
	for _ in 1 2 3; do
		assert_figures quick 25 235 235 0 20 5 0/0/20
	done
	assert_figures detailed 25 20035 235 19800 20 5 20/0/0
	stub_ctl DELETE faults
	assert_right
}

@test "a body that is always cut" {
	assert_listing_refused '{"class": "LIST", "query": "token", "cut": 1500}'
}

@test "unavailable for ever: as many tries as were asked for" {
	given -o retries=2
	fault '{"class": "LIST", "status": 503, "code": "ServiceUnavailable"}'
	run ! cat "$(stats_file quick)"
	[[ $output == *'Input/output error' ]]
	assert_equal "$(requests LIST)" 3
	stub_ctl DELETE faults
	assert_truth
}

# --- HEADs -----------------------------------------------------------------------------

# The figures are for their reader alone: after the fault, the next one computes.
assert_not_cached() {
	assert_equal "$(requests PUT)" 0
	stub_ctl DELETE faults
	forget_requests
	assert_figures detailed 25 20035 235 19800 20 5 20/0/0
	assert_equal "$(requests HEAD) $(requests PUT)" '20 1'
}

@test "an object deleted before its HEAD is an estimate, and nothing is cached" {
	given
	fault '{"class": "HEAD", "path": "/a/07", "status": 404}'
	assert_figures detailed 25 19045 235 18810 20 5 19/0/1
	assert_not_cached
}

@test "the sampled object deleted before its HEAD: likewise" {
	given
	fault '{"class": "HEAD", "path": "/a/00", "times": 2, "status": 404}'
	assert_figures sampled 25 235 235 0 20 5 0/0/20
	assert_equal "$(requests PUT)" 0
	assert_figures sampled 25 20035 235 19800 20 5 1/19/0
	assert_equal "$(requests HEAD) $(requests PUT)" '3 1'
}

@test "another ETag, length or date in a HEAD: counts, and nothing is cached" {
	local changed

	given
	for changed in '"ETag": "\"other\""' '"Content-Length": "11"' \
		'"Last-Modified": "Tue, 14 Oct 2025 10:30:02 GMT"'; do
		stub_ctl DELETE faults
		fault '{"class": "HEAD", "path": "/a/07",
			"set_headers": {"x-amz-meta-dg-file-size": "2000", '"$changed"'}}'
		assert_figures detailed 25 21035 235 20800 20 5 20/0/0
	done
	assert_not_cached
}

@test "a listed date with fractions is that of the HEAD; a quoted ETag too" {
	given
	stub_ctl PUT bucket/bkt '[{"key": "x.delta", "size": 1,
		"last_modified": "2025-10-14T10:30:00.999Z", "meta": {"file_size": "5"}}]'
	assert_figures detailed 1 5 1 4 1 0 1/0/0
	assert_equal "$(requests PUT)" 1
}

@test "a HEAD refused: EACCES" {
	given
	fault '{"class": "HEAD", "path": "/a/07", "status": 403}'
	run ! cat "$(stats_file detailed)"
	[[ $output == *'Permission denied' ]]
	assert_not_cached
}

@test "a HEAD that never succeeds: EIO" {
	given
	fault '{"class": "HEAD", "path": "/a/19", "status": 500}'
	run ! cat "$(stats_file detailed)"
	[[ $output == *'Input/output error' ]]
	assert_equal "$(requests HEAD /a/19)" 2
	assert_not_cached
}

@test "a HEAD of another status: EIO" {
	given
	fault '{"class": "HEAD", "path": "/a/19", "status": 301}'
	run ! cat "$(stats_file detailed)"
	[[ $output == *'Input/output error' ]]
	assert_not_cached
}

@test "a HEAD whose connection is reset is sent again" {
	given -o retries=4
	fault '{"class": "HEAD", "times": 3, "drop": "before"}' \
		'{"class": "HEAD", "times": 2, "drop": "head"}'
	assert_truth
	assert_right
}

# --- no bucket, no right, no server ------------------------------------------------------

@test "a bucket that has gone: ENOENT, and so has its directory" {
	given
	assert_truth
	stub_ctl DELETE bucket/bkt
	run ! cat "$(stats_file quick)"
	[[ $output == *'No such file or directory' ]]
	assert_logged 1 ': error: bucket=bkt mode=quick: .*NoSuchBucket'
	[[ ! -e $MNT/bkt ]]
	assert_equal "$(ls "$MNT")" ''
}

@test "wrong, unknown and missing credentials: EACCES" {
	new_bucket
	AWS_SECRET_ACCESS_KEY=wrong mount_fs -o bucket="$BUCKET"
	run ! cat "$(stats_file quick)"
	[[ $output == *'Permission denied' ]]
	assert_logged 1 'error: .*SignatureDoesNotMatch'
	unmount_fs
	AWS_ACCESS_KEY_ID=unknown mount_fs -o bucket="$BUCKET"
	run ! cat "$(stats_file quick)"
	[[ $output == *'Permission denied' ]]
	assert_logged 1 'error: .*InvalidAccessKeyId'
	unmount_fs
	AWS_ACCESS_KEY_ID='' AWS_SECRET_ACCESS_KEY='' mount_fs -o bucket="$BUCKET"
	run ! cat "$(stats_file quick)"
	[[ $output == *'Permission denied' ]]
	assert_logged 3 'error: '
}

@test "another user's bucket: EACCES" {
	new_bucket
	AWS_ACCESS_KEY_ID=otherkey AWS_SECRET_ACCESS_KEY=othersecret \
		mount_fs -o bucket="$BUCKET"
	run ! cat "$(stats_file quick)"
	[[ $output == *'Permission denied' ]]
	assert_logged 1 'error: .*403.*AccessDenied'
}

# Sets output to what an open says, of a bucket at this endpoint.
open_at() {
	ENDPOINT=$1
	BUCKET=bkt
	shift
	mount_fs -o bucket=bkt -o retries=0 "$@"
	run ! cat "$(stats_file quick)"
	assert_logged 1 ': error: bucket=bkt mode=quick: '
}

@test "connection refused: ECONNREFUSED" {
	open_at http://127.0.0.1:1
	[[ $output == *'Connection refused' ]]
}

@test "a name that is not resolved: EHOSTUNREACH" {
	open_at http://nowhere.invalid
	[[ $output == *'No route to host' ]]
}

@test "no answer within request_timeout: ETIMEDOUT" {
	start_stub
	fault '{"class": "LIST", "gate": "never"}'
	open_at "$ENDPOINT" -o connect_timeout=300ms -o request_timeout=300ms
	[[ $output == *'Connection timed out' ]]
}

@test "an answer that stops within request_timeout: ETIMEDOUT" {
	start_stub
	stub_ctl PUT bucket/bkt "$bkt"
	fault '{"class": "LIST", "gate": "never", "gate_at": 700}'
	open_at "$ENDPOINT" -o connect_timeout=300ms -o request_timeout=300ms
	[[ $output == *'Connection timed out' ]]
}

@test "no progress within timeout: ETIMEDOUT" {
	start_stub
	stub_ctl PUT bucket/bkt "$bkt"
	fault '{"class": "HEAD", "gate": "never"}'
	BUCKET=bkt
	mount_fs -o timeout="$(scaled 500)ms"
	run ! cat "$(stats_file detailed)"
	[[ $output == *'Connection timed out' ]]
	assert_figures quick 25 235 235 0 20 5 0/0/20
}

@test "not done within deadline: ETIMEDOUT, though there is progress" {
	start_stub
	stub_ctl PUT bucket/bkt "$bkt"
	stub_ctl PATCH settings '{"page_size": 1}'
	fault '{"class": "LIST", "after": 20, "gate": "never"}' '{"class": "LIST", "delay": 0.1}'
	BUCKET=bkt
	mount_fs -o deadline="$(scaled 500)ms"
	run ! cat "$(stats_file quick)"
	[[ $output == *'Connection timed out' ]]
	(($(requests LIST) > 1))
}

# --- TLS ---------------------------------------------------------------------------------

# A gateway of our own with a certificate for 127.0.0.1: sets HTTPS.
start_tls_gateway() {
	local pem=$BATS_TEST_TMPDIR/server.pem rgw=$HERE/../server/rgw

	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=gateway \
		-addext subjectAltName=IP:127.0.0.1 -keyout "$pem" \
		-out "$BATS_TEST_TMPDIR/ca.pem" 2>/dev/null
	cat "$BATS_TEST_TMPDIR/ca.pem" >>"$pem"
	at_end "$rgw" stop "$BATS_TEST_TMPDIR/rgw"
	S3_ENDPOINT=$(TLS_CERT=$pem "$rgw" start "$BATS_TEST_TMPDIR/rgw")
	export S3_ENDPOINT
	HTTPS=https://127.0.0.1:$((${S3_ENDPOINT##*:} + 1))
}

@test "TLS: with the authority known, figures; without or for another name, EPROTO" {
	start_tls_gateway
	s3 <<-'END'
		mk bkt
		put bkt a/x.delta 1 dg-file-size=1000
	END
	BUCKET=bkt
	ENDPOINT=$HTTPS mount_fs -o ca_bundle="$BATS_TEST_TMPDIR/ca.pem"
	assert_figures detailed 1 1000 1 999 1 0 1/0/0
	unmount_fs
	AWS_CA_BUNDLE=$BATS_TEST_TMPDIR/ca.pem ENDPOINT=$HTTPS mount_fs
	assert_figures detailed 1 1000 1 999 1 0 1/0/0
	unmount_fs
	open_at "$HTTPS"
	[[ $output == *'Protocol error' ]]
	unmount_fs
	: >"$LOG"
	open_at "${HTTPS/127.0.0.1/localhost}" -o ca_bundle="$BATS_TEST_TMPDIR/ca.pem"
	[[ $output == *'Protocol error' ]]
}

# --- the log -----------------------------------------------------------------------------

@test "the log: one line with bucket, operation, status, code and request id" {
	given
	fault '{"class": "LIST", "status": 403, "code": "AccessDenied"}'
	run ! cat "$(stats_file quick)"
	assert_logged 1 'error: bucket=bkt mode=quick: (LIST|GET) bkt: .* 403.*AccessDenied.*request id stub'
	assert_logged 1 ''
}

@test "the log: a HEAD too, with its key" {
	given
	fault '{"class": "HEAD", "path": "/a/07", "status": 403}'
	run ! cat "$(stats_file detailed)"
	assert_logged 1 'error: bucket=bkt mode=detailed: .*HEAD.*a/07.delta.* 403.*request id stub'
	assert_logged 1 ''
}

@test "the log: no secret, signature or session token, at any level" {
	local word

	export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=SecretExample
	export AWS_SESSION_TOKEN=TokenExample
	given -o log_level=debug -o retries=1
	assert_truth
	fault '{"class": "LIST", "status": 403, "code": "SignatureDoesNotMatch"}'
	run ! cat "$(stats_file quick)"
	stub_ctl GET log | jq -r '.[].headers | to_entries[] |
		select(.key | ascii_downcase == "authorization").value' |
		sed 's/.*Signature=//' >"$BATS_TEST_TMPDIR/signatures"
	(($(grep -cE '^[0-9a-f]{64}$' "$BATS_TEST_TMPDIR/signatures") > 20))
	run ! grep -Fqf "$BATS_TEST_TMPDIR/signatures" "$LOG"
	for word in SecretExample TokenExample Signature= uthorization; do
		run ! grep -F "$word" "$LOG"
	done
	wait_until is_logged 4 .
}
