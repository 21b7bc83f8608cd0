#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# --explain: where each setting comes from, what the sources of keys say, and whether
# the store does what a mount needs; on set-ups that work and on broken ones.

load lib

OUT=$BATS_TEST_TMPDIR/out

# explain STATUS [OPTION...]: as JSON, too; it ends with STATUS, and says the same.
explain() {
	local status=$1

	shift
	run -"$status" --separate-stderr "$DGSTATFS" --explain "$@"
	# shellcheck disable=SC2154 # set by run
	printf '%s\n' "$output" >"$OUT"
	run -"$status" --separate-stderr "$DGSTATFS" --explain --json "$@"
	printf '%s\n' "$output" >"$OUT.json"
	jq -e ".works == $([[ $status == 0 ]] && echo true || echo false)" "$OUT.json"
	! grep -E 'testsecret|othersecret|hidden' "$OUT" "$OUT.json"
}

# What jq finds, as text.
said() {
	jq -r "$1" "$OUT.json"
}

assert_said() {
	assert_equal "$(said "$1")" "$2"
}

# The report has this, word for word, and advice that has that.
assert_told() {
	grep -F -e "$1" "$OUT" || fail "not '$1': $(<"$OUT")"
	grep '^    - ' "$OUT" | grep -F -e "$2" || fail "no advice '$2': $(<"$OUT")"
	[[ $(said '.advice[]') == *"$2"* ]]
}

stub_with_bucket() {
	start_stub
	stub_ctl PUT bucket/bkt '[{"key": "a", "size": 1}, {"key": "b", "size": 1}]'
}

# --- what works --------------------------------------------------------------------------

@test "a store that works: times, objects, whose keys, and nothing is mounted" {
	new_bucket
	s3 put "$BUCKET" a 5
	AWS_ACCESS_KEY_ID=testkey explain 0 "--bucket=$BUCKET" "$ENDPOINT"
	assert_said '.checks.ListBuckets.value' works
	assert_said ".checks.\"LIST $BUCKET\" | .value + \": \" + .said" \
		'works: first page: 1 object, in order'
	[[ $(said '.checks.ListBuckets.ms') == +([0-9]) ]]
	assert_said '.keys | .source.value + " " + .key_id.value' 'environment ...tkey'
	assert_said .store.clock.value 'that of this machine'
	assert_said '.store.metadata_in_listings.value' 'none in this page'
	assert_said '.endpoint | .service.value + " " + .bucket.style + " " + .region.value' \
		"$ENDPOINT/ path style us-east-1"
	assert_said '.advice | length' 0
	grep -F 'all that was tried works' "$OUT"
}

@test "what is typed to mount is explained with one word more, and with less" {
	mkdir "$MNT"
	explain 0 "$ENDPOINT" "$MNT"
	explain 0 -o "ro,nosuid,endpoint_url=$ENDPOINT" "$MNT"
	explain 0 "--endpoint-url=$ENDPOINT" /no/such/mount/point
	explain 0 "$ENDPOINT"
	run ! mountpoint -q "$MNT"
	run ! "$DGSTATFS" --json "$ENDPOINT" "$MNT"
	[[ $output == *'--json is for --explain' ]]
}

@test "where each setting comes from" {
	mkdir "$BATS_TEST_TMPDIR/.aws"
	cat >"$BATS_TEST_TMPDIR/.aws/config" <<-'EOF'
		[profile mon]
		region = eu-west-7
		max_attempts = 1
	EOF
	printf '[mon]\naws_access_key_id = otherkey\naws_secret_access_key = othersecret\n' \
		>"$BATS_TEST_TMPDIR/.aws/credentials"
	unset AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE
	HOME=$BATS_TEST_TMPDIR AWS_ENDPOINT_URL=$ENDPOINT explain 0 -o profile=mon --linger=3s
	assert_said '.settings.endpoint_url | .value + ", " + .origin' \
		"$ENDPOINT, AWS_ENDPOINT_URL"
	assert_said '.settings.profile | .value + ", " + .origin' 'mon, -o'
	assert_said '.settings.region | .value + ", " + .origin' \
		"eu-west-7, $BATS_TEST_TMPDIR/.aws/config, profile mon"
	assert_said '.settings.retries | .value + ", " + .origin' \
		"0, $BATS_TEST_TMPDIR/.aws/config, profile mon"
	assert_said '.settings.linger | .value + ", " + .origin' '3s, command line'
	assert_said '.settings.timeout | .value + ", " + .origin' '60s, default'
	assert_said '.keys.source.value' 'credentials file'
	assert_said '.keys.key_id.value' ...rkey
}

@test "sources that were asked before, and why they had none" {
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	export AWS_SHARED_CREDENTIALS_FILE=$BATS_TEST_TMPDIR/credentials
	printf '[default]\naws_access_key_id = testkey\naws_secret_access_key = testsecret\n' \
		>"$AWS_SHARED_CREDENTIALS_FILE"
	explain 0 "$ENDPOINT"
	assert_said '.sources.environment.value' none
	assert_said '.sources."credentials file".value' 'has the keys'
	[[ $(said '.sources."shared AWS files".said') == "profile default of $AWS_SHARED_CREDENTIALS_FILE"* ]]
}

@test "acceleration, which is not built: said, and told at the start of a mount" {
	start_stub
	export AWS_CONFIG_FILE=$BATS_TEST_TMPDIR/config
	printf '%s\n' '[default]' 's3 =' '  use_accelerate_endpoint = True' >"$AWS_CONFIG_FILE"
	explain 0 "$ENDPOINT"
	assert_said '.endpoint.acceleration' null # another store's, anyway
	http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 explain 1
	assert_said '.endpoint | .acceleration.value + " " + .acceleration.said' \
		'none use_accelerate_endpoint is not built'
	http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 run \
		"${DGSTATFS%fs}" --retries=0 bkt
	[[ $output == *'profile default: use_accelerate_endpoint is not built: the plain host is used'* ]]
}

# --- what does not -----------------------------------------------------------------------

@test "no keys: where they were looked for, and what to do" {
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	explain 1 "$ENDPOINT"
	assert_told 'no credentials found: environment, profile default of /dev/null' 'give keys'
	assert_said '.sources.environment.value' none
	assert_said '.keys.source.value' null
}

@test "keys that are wrong, and that may not list" {
	AWS_SECRET_ACCESS_KEY=hidden explain 1 "$ENDPOINT"
	assert_told 'HTTP status 403, SignatureDoesNotMatch' 'the secret key is not'
	AWS_ACCESS_KEY_ID=nobody explain 1 "$ENDPOINT"
	assert_told 'HTTP status 403, InvalidAccessKeyId' 'the store does not know the key id'
	new_bucket
	AWS_ACCESS_KEY_ID=otherkey AWS_SECRET_ACCESS_KEY=othersecret \
		explain 1 "--bucket=$BUCKET" "$ENDPOINT"
	assert_told "LIST $BUCKET: HTTP status 403, AccessDenied" 'the right is s3:ListBucket'
	explain 1 --no-sign-request "--bucket=$BUCKET" "$ENDPOINT"
	assert_told "LIST $BUCKET: HTTP status 403, AccessDenied" 'the store wants a signature'
	explain 1 --bucket=no-such-bucket "$ENDPOINT"
	assert_told 'LIST no-such-bucket: HTTP status 404, NoSuchBucket' 'there is no bucket'
}

@test "who may not list buckets, and has named one" {
	stub_with_bucket
	fault '{"class": "BUCKETS", "status": 403, "code": "AccessDenied"}'
	explain 1 "$ENDPOINT"
	assert_told 'ListBuckets: HTTP status 403, AccessDenied' 'the keys may not list buckets'
	explain 0 --bucket=bkt "$ENDPOINT"
	assert_said '.checks.ListBuckets.value' fails
}

@test "a role that may not be assumed: which, and what to do" {
	local role=arn:aws:iam:::role/R1

	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	export AWS_CONFIG_FILE=$BATS_TEST_TMPDIR/config AWS_ENDPOINT_URL_STS=$ENDPOINT
	printf '%s\n' '[default]' "role_arn = $role" 'source_profile = other' '[profile other]' \
		'aws_access_key_id = otherkey' 'aws_secret_access_key = othersecret' >"$AWS_CONFIG_FILE"
	explain 1 "$ENDPOINT"
	assert_told "role of profile default: role $role: STS says AccessDenied" \
		'the role may not be assumed with these keys: its trust policy'
	sed -i s/R1/none/ "$AWS_CONFIG_FILE"
	explain 1 "$ENDPOINT"
	assert_told 'STS says NoSuchEntity' 'there is no such role: look at role_arn'
}

@test "a role of a profile whose services are not there: nothing is sent to Amazon" {
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	export AWS_CONFIG_FILE=$BATS_TEST_TMPDIR/config HTTPS_PROXY=http://127.0.0.1:1
	printf '%s\n' '[default]' 'role_arn = arn:aws:iam:::role/R1' 'source_profile = other' \
		'services = gone' '[profile other]' 'aws_access_key_id = otherkey' \
		'aws_secret_access_key = othersecret' >"$AWS_CONFIG_FILE"
	explain 1 "$ENDPOINT"
	grep -F 'R1: the section [services ...] that the profile names is not there' "$OUT"
	! grep -F amazonaws.com "$OUT"
}

@test "a password in the URL of a source is not shown, and its host is" {
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	AWS_CONTAINER_CREDENTIALS_FULL_URI=http://user:hidden@127.0.0.1:1/x explain 1 "$ENDPOINT"
	grep -E 'container credentials +.*at http://127\.0\.0\.1:1\b' "$OUT"
}

@test "keys that have expired" {
	stub_with_bucket
	fault '{"status": 400, "code": "ExpiredToken"}'
	AWS_SESSION_TOKEN=hidden explain 1 "$ENDPOINT"
	assert_told 'HTTP status 400, ExpiredToken' 'the keys have expired'
	assert_said '.keys.key_id.token' 'temporary, with a session token'
}

@test "the wrong region: which is right, if the store says so" {
	local refusal='"status": 400, "code": "AuthorizationHeaderMalformed"'

	stub_with_bucket
	fault "{\"class\": \"LIST\", \"auth\": \"/us-east-1/\", $refusal,
		\"headers\": {\"x-amz-bucket-region\": \"eu-west-7\"}}"
	explain 0 --bucket=bkt "$ENDPOINT"
	assert_told 'LIST bkt                works' \
		'bkt is in region eu-west-7: region=eu-west-7 saves a request'
	stub_ctl DELETE faults
	fault "{$refusal}"
	explain 1 --bucket=bkt "$ENDPOINT"
	assert_told 'HTTP status 400, AuthorizationHeaderMalformed' \
		'the store wants signatures for another region: region=NAME'
}

@test "a clock that is an hour off: by how much, and what to do" {
	local later

	stub_with_bucket
	later=$(date -u -d '+1 hour' '+%a, %d %b %Y %T GMT')
	fault '{"clock": 3600, "status": 403, "code": "RequestTimeTooSkewed"}' \
		"{\"set_headers\": {\"Date\": \"$later\"}}"
	explain 0 --bucket=bkt "$ENDPOINT"
	[[ $(said .store.clock.value) == 3[56][0-9][0-9]' s ahead of the one here' ]]
	assert_told 'ahead of the one here' 'set the clock of this machine'
	stub_ctl DELETE faults
	fault '{"status": 403, "code": "RequestTimeTooSkewed"}' # whatever it is told
	explain 1 "$ENDPOINT"
	assert_told 'HTTP status 403, RequestTimeTooSkewed' 'set the clock of this machine'
}

@test "an endpoint where nobody listens, one that is silent, and one that is not known" {
	explain 1 http://127.0.0.1:1
	assert_told 'ListBuckets' 'nothing listens there'
	start_server "$HERE/black_hole.py" silent
	explain 1 --request-timeout=300ms "$ENDPOINT"
	assert_told 'no byte for 300 ms' 'no answer in time'
	explain 1 --timeout=300ms "$ENDPOINT"
	assert_told 'no end within 300 ms' 'no answer in time'
	explain 1 http://no-such-host.invalid
	assert_told 'ListBuckets' 'the name is not known'
}

@test "what is no S3 store" {
	start_stub
	fault '{"status": 200, "body": "<html>hello</html>"}'
	explain 1 "$ENDPOINT"
	grep -F 'ListBuckets             fails' "$OUT"
	stub_ctl DELETE faults
	fault '{"status": 404, "body": "<html>hello</html>"}'
	explain 1 "$ENDPOINT"
	assert_told 'HTTP status 404' 'that is no answer of an S3 store'
}

@test "TLS that is not trusted" {
	local pem=$BATS_TEST_TMPDIR/pem

	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$pem.key" -out "$pem.crt" 2>/dev/null
	cat "$pem.key" "$pem.crt" >"$pem"
	start_stub --tls "$pem"
	explain 1 "$ENDPOINT"
	assert_told 'ListBuckets' 'its certificate is not trusted: ca_bundle=FILE'
	explain 0 "--ca-bundle=$pem.crt" "$ENDPOINT"
	assert_said '.network.certificates | .value + ", " + .origin' "$pem.crt, command line"
}

@test "a proxy that refuses: for HTTP and for TLS, and without its password" {
	local proxy

	unset no_proxy
	start_stub
	proxy=${ENDPOINT/\/\//\/\/user:hidden@}
	fault '{"status": 403, "body": "<html>no</html>"}'
	http_proxy=$proxy explain 1 http://store.example
	assert_told 'HTTP status 403' 'the proxy may have refused'
	assert_said '.network.proxy | .value + ", " + .origin' \
		"http://***@${ENDPOINT#http://}, http_proxy"
	HTTPS_PROXY=$proxy NO_PROXY=elsewhere explain 1 https://store.example
	assert_told 'the proxy refuses: HTTP status 403' 'the proxy may have refused'
	assert_said '.network.proxy.origin' HTTPS_PROXY
	assert_said '.network.no_proxy | .value + ", " + .origin' 'elsewhere, NO_PROXY'
	http_proxy=http://127.0.0.1:1 explain 1 http://store.example
	assert_told 'ListBuckets' 'nothing listens there: look at endpoint_url and at the proxy'
}

@test "what the store is: its name, metadata in listings, or that it wants no such question" {
	stub_with_bucket
	fault '{"class": "LIST", "sub": ["<Key>a</Key>",
		"<Key>a</Key><UserMetadata><X-Amz-Meta-Dg-File-Size>5</X-Amz-Meta-Dg-File-Size></UserMetadata>"]}' \
		'{"set_headers": {"Server": "MinIO"}}'
	explain 0 --bucket=bkt "$ENDPOINT"
	assert_said '.store | .server.value + ", " + .metadata_in_listings.value' 'MinIO, yes'
	assert_equal "$(requests LIST)" 2 # one for each report
	stub_ctl DELETE faults
	fault '{"class": "LIST", "query": "metadata=true", "status": 400, "code": "InvalidArgument"}'
	explain 0 --bucket=bkt "$ENDPOINT"
	assert_said '.store.metadata_in_listings.value' refused
	stub_ctl PUT bucket/bkt '[]'
	stub_ctl DELETE faults
	explain 0 --bucket=bkt "$ENDPOINT"
	assert_said '.store.metadata_in_listings.value' 'not known: no object'
}

assert_condition() {
	explain 0 --bucket="${BUCKET:-bkt}" "${@:2}" "$ENDPOINT"
	assert_said '.store.conditional_put.value' "$1"
}

@test "a conditional PUT: a store that knows it, ignores it or refuses it; and what is not tried" {
	new_bucket
	s3 put "$BUCKET" a 5
	assert_condition 'not tried'
	mount_fs
	field quick .stats.object_count
	unmount_fs
	assert_condition yes
	BUCKET=
	stub_with_bucket
	assert_condition 'not tried'
	assert_equal "$(requests PUT)" 0
	stub_ctl PUT bucket/bkt '[{"key": ".deltaglider/stats_quick.json", "body": "{}"}]'
	assert_condition 'not known' # somebody else's
	stub_ctl PUT bucket/bkt '[{"key": ".deltaglider/stats_quick.json", "body": "{}",
		"meta": {"x-deltaglider-cache": "true"}}]'
	assert_condition 'not tried' --cache=ro
	assert_equal "$(requests PUT)" 0
	assert_condition yes
	fault '{"class": "PUT", "unheard": ["if-none-match"]}'
	assert_condition ignored
	assert_equal "$(curl -sS "$ENDPOINT/bkt/.deltaglider/stats_quick.json")" '{}'
	assert_equal "$(requests PUT)" 4 # one for each report
	[[ $(stub_ctl GET log | jq '[.[] | select(.class == "PUT").headers |
		with_entries(.key |= ascii_downcase)] | all(."if-none-match" == "*")') == true ]]
	stub_ctl DELETE faults
	fault '{"class": "PUT", "status": 501, "code": "NotImplemented"}'
	assert_condition refused
	stub_ctl DELETE faults
	fault '{"class": "PUT", "status": 403, "code": "AccessDenied"}'
	assert_condition 'not known'
	assert_said '.store.conditional_put.said' \
		'PUT bkt/.deltaglider/stats_quick.json: HTTP status 403, AccessDenied, request id stub'
}
