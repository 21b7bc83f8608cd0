#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Where requests are sent, for which region, and who says so.

load lib

PEM=$BATS_TEST_TMPDIR/pem

# A certificate of its own for 127.0.0.1.
new_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$PEM.key" -out "$PEM.crt" 2>/dev/null
	cat "$PEM.key" "$PEM.crt" >"$PEM"
}

read_figures() {
	assert_equal "$(jq .stats.object_count "$MNT/bkt/stats_quick.json")" 1
}

@test "endpoint, region and style are those that botocore picks" {
	local step=1

	new_certificate
	[[ $SANITIZER == none ]] || step=9
	"$HERE/botocore-endpoints.py" "$DGSTATFS" "$BATS_TEST_TMPDIR" "$PEM.crt" "$step"
}

# The regions that requests about buckets were signed for, each once.  Which one of those
# that are sent at the same time finds out is chance.
regions() {
	stub_ctl GET log | jq -r '[.[] | select(.class != "BUCKETS").headers |
		with_entries(.key |= ascii_downcase).authorization |
		capture("Credential=[^/]*/[0-9]*/(?<region>[^/]*)/").region] | unique | join(" ")'
}

stub_with_region() {
	start_stub
	stub_ctl PUT bucket/bkt '[{"key": "a", "size": 1}]'
	fault '{"class": "BUCKETS", "sub": ["</Name>", "</Name><BucketRegion>eu-west-7</BucketRegion>"]}'
}

@test "the region of a bucket is the one that ListBuckets says" {
	stub_with_region
	mount_fs
	ls "$MNT"
	read_figures
	assert_equal "$(regions)" eu-west-7
	# that of one who was named, without a list, is told by a refusal
	unmount_fs
	forget_requests
	fault '{"auth": "/us-east-1/", "status": 400,
		"code": "AuthorizationHeaderMalformed", "headers": {"x-amz-bucket-region": "eu-west-7"}}'
	mount_fs -o bucket=bkt
	read_figures
	assert_equal "$(regions)" 'eu-west-7 us-east-1'
	forget_requests
	read_figures
	assert_equal "$(regions)" eu-west-7
}

@test "a store whose regions in ListBuckets mean something else is asked as before" {
	stub_with_region
	fault '{"auth": "/eu-west-7/", "status": 403, "code": "SignatureDoesNotMatch"}'
	mount_fs
	ls "$MNT"
	read_figures
	assert_equal "$(regions)" 'eu-west-7 us-east-1'
	forget_requests
	read_figures
	assert_equal "$(regions)" us-east-1
}

@test "requester pays, and whose a bucket is: said with each request about it, and signed" {
	start_stub
	stub_ctl PUT bucket/bkt '[{"key": "a", "size": 1}, {"key": "b/x.delta", "size": 2}]'
	mount_fs -o requester_pays,expected_bucket_owner=123456789012
	ls "$MNT"
	jq .stats.object_count "$MNT/bkt/stats_detailed.json"
	unmount_fs
	stub_ctl GET log | jq -e '[.[] | {class, headers: .headers | with_entries(.key |= ascii_downcase)}] |
		([.[].class] | unique | contains(["BUCKETS", "GET", "HEAD", "LIST", "PUT"])) and
		all(.[]; if .class == "BUCKETS" then .headers | has("x-amz-request-payer") | not else
			.headers["x-amz-request-payer"] == "requester" and
			.headers["x-amz-expected-bucket-owner"] == "123456789012" and
			(.headers.authorization | contains(";x-amz-expected-bucket-owner;") and
				contains(";x-amz-request-payer"))
		end)'
}

@test "the gateway takes these for signed" {
	new_bucket
	s3 put "$BUCKET" a 5
	mount_fs -o "requester_pays,expected_bucket_owner=123456789012,bucket=$BUCKET"
	assert_equal "$(field quick .stats.object_count)" 1
}

@test "what is no plain bucket is refused by name" {
	local ap=arn:aws:s3:us-west-2:123456789012:accesspoint/a

	run -1 "$DGSTATFS" --explain "--bucket=$ap"
	[[ $output == *'access points are not supported: name a bucket'* ]]
	mkdir "$MNT"
	run -1 "$DGSTATFS" "s3://$ap" "$MNT"
	[[ $output == *'access points are not supported'* ]]
	run -1 "$DGSTATFS" s3://abc--usw2-az1--x-s3 "$MNT"
	[[ $output == *'S3 Express directory buckets are not supported'* ]]
	# elsewhere it is a name like others
	start_stub
	stub_ctl PUT bucket/abc--usw2-az1--x-s3 '[]'
	"$DGSTATFS" --explain --bucket=abc--usw2-az1--x-s3 "$ENDPOINT"
}

# What --explain says of the region, with the settings given.
region_by() {
	AWS_CA_BUNDLE=$PEM.crt https_proxy=http://127.0.0.1:1 http_proxy=http://127.0.0.1:1 \
		"$DGSTATFS" --explain --json "$@" |
		jq -r '.endpoint | .region.value + ", " + .region.origin + ", " + .service.value'
}

@test "the region of the instance, where nothing else names one" {
	local aws=https://s3.amazonaws.com/ keys=$BATS_TEST_TMPDIR/keys

	new_certificate
	mkdir "$keys"
	unset AWS_EC2_METADATA_DISABLED
	start_server "$HERE/../stub/stub-keys" "$keys"
	export AWS_EC2_METADATA_SERVICE_ENDPOINT=$ENDPOINT
	assert_equal "$(region_by)" \
		'eu-west-7, EC2 metadata service, https://s3.eu-west-7.amazonaws.com/'
	assert_equal "$(AWS_REGION=eu-2 region_by)" 'eu-2, AWS_REGION, https://s3.eu-2.amazonaws.com/'
	# the endpoint makes it needless, and nobody is asked
	: >"$keys/log"
	assert_equal "$(region_by http://127.0.0.1:1)" 'us-east-1, default, http://127.0.0.1:1/'
	run ! grep placement "$keys/log"
	# none, or none that can be one
	echo >"$keys/region"
	assert_equal "$(region_by)" "us-east-1, default, $aws"
	echo evil.example/x >"$keys/region"
	assert_equal "$(region_by)" "us-east-1, default, $aws"
	AWS_EC2_METADATA_DISABLED=true region_by |
		grep "us-east-1, default, $aws"
}
