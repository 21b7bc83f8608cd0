#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Roles that are assumed through STS: on the gateway, which checks signatures, trust and
# expiry; and on a stub what is sent, and what AWS alone answers.

load lib
load mounts
load keys

readonly ROLE=arn:aws:iam:::role/R1

BASE=('[profile base]' 'aws_access_key_id = testkey' 'aws_secret_access_key = testsecret')

# config_roles LINE...: the config file, with the gateway's user as the profile base.
config_roles() {
	config "${BASE[@]}" "$@"
}

given_bucket() {
	new_bucket
	s3 put "$BUCKET" a 5
	export AWS_ENDPOINT_URL_STS=$S3_ENDPOINT
}

given_stub() {
	given_service
	export AWS_ENDPOINT_URL_STS=$SERVICE
}

@test "a role of the gateway, with the keys of another profile" {
	given_bucket
	config_roles '[default]' "role_arn = $ROLE" 'source_profile = base' \
		'role_session_name = my session'
	[[ $(explained role) == *'role of profile default: role arn:aws:iam:::role/R1: STS says InvalidArgument' ]]
	config_roles '[default]' "role_arn = $ROLE" 'source_profile = base'
	mount_fs
	read_anew
	run -0 "$DGSTATFS" --explain --json "--bucket=$BUCKET" "$ENDPOINT"
	assert_equal "$(jq -r '.keys | .source.value + ", " + .key_id.token' <<<"$output")" \
		'role, temporary, with a session token'
	assert_equal "$(cat "$LOG")" ''
}

@test "a role that is assumed by a role, with keys of 4 s that really expire: no read fails" {
	local end

	given_bucket
	config_roles '[default]' "role_arn = $ROLE" 'source_profile = first' 'duration_seconds = 4' \
		'[profile first]' "role_arn = $ROLE" 'source_profile = base' 'duration_seconds = 4'
	mount_fs -o cache=off
	end=$((SECONDS + 6))
	while ((SECONDS < end)); do read_anew; done
	assert_equal "$(cat "$LOG")" ''
}

@test "roles that can't be assumed: which, and why" {
	given_bucket
	config_roles '[default]' 'role_arn = arn:aws:iam:::role/none' 'source_profile = base'
	[[ $(explained role) == 'fails: role of profile default: role arn:aws:iam:::role/none: STS says NoSuchEntity' ]]
	config_roles '[default]' "role_arn = $ROLE" 'source_profile = other' '[profile other]' \
		'aws_access_key_id = otherkey' 'aws_secret_access_key = othersecret'
	[[ $(explained role) == *'STS says AccessDenied' ]]
	config_roles '[default]' "role_arn = $ROLE"
	[[ $(explained role) == *'role_arn needs source_profile or credential_source, and not both' ]]
	config_roles '[default]' "role_arn = $ROLE" 'source_profile = a' '[profile a]' \
		"role_arn = $ROLE" 'source_profile = b' '[profile b]' "role_arn = $ROLE" \
		'source_profile = a'
	[[ $(explained role) == *'source_profile a is a loop' ]]
	config_roles '[default]' "role_arn = $ROLE" 'source_profile = default'
	[[ $(explained role) == *'source_profile default is a loop' ]]
	config_roles '[default]' "role_arn = $ROLE" 'source_profile = none'
	[[ $(explained role) == *'source_profile none is not there' ]]
	config_roles '[default]' "role_arn = $ROLE" 'source_profile = base' 'mfa_serial = x'
	[[ $(explained role) == *'mfa_serial: nobody is here to be asked for a code' ]]
	config_roles '[default]' "role_arn = $ROLE" 'credential_source = EcsContainer'
	[[ $(explained role) == *'credential_source EcsContainer has no keys' ]]
}

@test "what STS is sent for a role, and whose keys sign" {
	given_stub
	config_roles '[default]' "role_arn = $ROLE" 'source_profile = base' 'external_id = a b+c' \
		'role_session_name = me' 'duration_seconds = 900'
	[[ $(explained role) == 'has the keys: ' ]]
	assert_equal "$(form Action) $(form Version) $(form RoleArn) $(form ExternalId)" \
		"AssumeRole 2011-06-15 $ROLE a b+c"
	assert_equal "$(form RoleSessionName) $(form DurationSeconds)" 'me 900'
	[[ $(form authorization) == *Credential=testkey/*/us-east-1/sts/aws4_request*'SignedHeaders=content-type;host;x-amz-date,'* ]]
	# of a profile with both, the keys win where it is a source, the role else
	config_roles '[default]' "role_arn = $ROLE" 'source_profile = default' \
		'aws_access_key_id = own' 'aws_secret_access_key = s'
	[[ $(explained role) == 'has the keys: ' ]]
	[[ $(form authorization) == *Credential=own/* ]]
	config_roles '[default]' "role_arn = $ROLE" 'credential_source = EcsContainer' 'region = eu-west-7'
	AWS_CONTAINER_CREDENTIALS_FULL_URI=$SERVICE/container explained role
	[[ $(form authorization) == *Credential=key-*/eu-west-7/sts/*';x-amz-security-token,'* ]]
	config_roles '[profile p]' "role_arn = $ROLE" 'credential_source = Environment'
	AWS_ACCESS_KEY_ID=env AWS_SECRET_ACCESS_KEY=s run "$DGSTATFS" --explain -o profile=p "$ENDPOINT"
	[[ $(form authorization) == *Credential=env/* ]]
}

@test "STS at the profile's endpoint, and an answer of AWS that refuses" {
	given_stub
	unset AWS_ENDPOINT_URL_STS
	config_roles '[default]' "role_arn = $ROLE" 'source_profile = base' "endpoint_url = $SERVICE"
	[[ $(explained role) == 'has the keys: ' ]]
	config_roles '[default]' "role_arn = $ROLE" 'source_profile = base' 'services = my' \
		'endpoint_url = http://127.0.0.1:1' '[services my]' 'sts =' "  endpoint_url = $SERVICE"
	[[ $(explained role) == 'has the keys: ' ]]
	explained role
	assert_equal "$(jq -r .sources.role.at <<<"$output")" "$SERVICE"
	echo PackedPolicyTooLarge >"$THERE/error"
	[[ $(explained role) == *'STS says PackedPolicyTooLarge' ]]
}

# Nobody is asked: the proxy of TLS is nobody.
sts_is_at() {
	https_proxy=http://127.0.0.1:1 run "$DGSTATFS" --explain --json "$ENDPOINT"
	assert_equal "$(jq -r .sources.role.at <<<"$output")" "https://$1"
}

@test "the hosts of STS: by region, for all of them, and not by what is S3's alone" {
	local sts=('[default]' "role_arn = $ROLE" 'source_profile = base' 'region = eu-west-1')

	start_stub
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x \
		-keyout /dev/null -out "$BATS_TEST_TMPDIR/ca.crt" 2>/dev/null
	export AWS_CA_BUNDLE=$BATS_TEST_TMPDIR/ca.crt
	config_roles "${sts[@]}"
	sts_is_at sts.eu-west-1.amazonaws.com
	AWS_STS_REGIONAL_ENDPOINTS=legacy sts_is_at sts.amazonaws.com
	AWS_USE_DUALSTACK_ENDPOINT=true sts_is_at sts.eu-west-1.api.aws
	config_roles "${sts[@]}" 'sts_regional_endpoints = legacy' 's3 =' '  use_dualstack_endpoint = true'
	sts_is_at sts.amazonaws.com
	AWS_USE_FIPS_ENDPOINT=true sts_is_at sts-fips.eu-west-1.amazonaws.com
	assert_equal "$(jq -r .settings.use_dualstack_endpoint.value <<<"$output")" true
	config_roles "${sts[@]}" 'use_dualstack_endpoint = true' 's3 =' '  use_dualstack_endpoint = true'
	sts_is_at sts.eu-west-1.api.aws
}

@test "web identity: by variables and by the profile, not signed, the file read anew" {
	given_stub
	config_roles '[default]' "role_arn = $ROLE" 'web_identity_token_file = /none' \
		'aws_access_key_id = config' 'aws_secret_access_key = s'
	printf 'token-of-web/+=' >"$BATS_TEST_TMPDIR/token"
	export AWS_WEB_IDENTITY_TOKEN_FILE=$BATS_TEST_TMPDIR/token
	AWS_ROLE_ARN=arn:own AWS_ROLE_SESSION_NAME=pod explained 'web identity'
	assert_equal "$(form Action) $(form RoleArn) $(form RoleSessionName) $(form WebIdentityToken)" \
		'AssumeRoleWithWebIdentity arn:own pod token-of-web/+='
	assert_equal "$(form authorization)" ''
	[[ $(explained 'web identity') == 'has the keys: ' ]]
	assert_equal "$(form RoleArn)" "$ROLE"
	[[ $output != *token-of-web* ]]
	echo 4 >"$THERE/life"
	mount_fs
	read_anew
	printf 'second' >"$BATS_TEST_TMPDIR/token"
	is_second() { read_anew >/dev/null && [[ $(form WebIdentityToken) == second ]]; }
	wait_until is_second
	assert_equal "$(cat "$LOG")" ''
	unset AWS_WEB_IDENTITY_TOKEN_FILE
	[[ $(explained 'web identity') == 'fails: web identity: /none: No such file or directory' ]]
}
