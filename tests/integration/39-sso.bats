#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A login at IAM Identity Center that another program has cached: which file it is, what
# the portal is asked, and what a user is told to type.

load lib
load mounts
load keys

readonly URL=https://my.awsapps.com/start
ROLE=('sso_account_id = 123456789012' 'sso_role_name = my-role')

given_portal() {
	given_service
	export AWS_ENDPOINT_URL_SSO=$SERVICE/ HOME=$BATS_TEST_TMPDIR
	CACHE=$HOME/.aws/sso/cache
	mkdir -p "$CACHE"
}

# login NAME SECONDS [TOKEN]: it expires then; NAME is the session's, or the start URL.
login() {
	jq -n --arg token "${3:-login-of-sso}" --argjson left "$2" \
		'{startUrl: "u", region: "eu-west-7", accessToken: $token, expiresAt: (now + $left | todate)}' \
		>"$CACHE/$(printf %s "$1" | sha1sum | cut -d ' ' -f 1).json"
}

session() {
	config '[profile p]' 'sso_session = my' "${ROLE[@]}" '[sso-session my]' \
		"sso_start_url = $URL" 'sso_region = eu-west-7'
	export AWS_PROFILE=p
}

@test "SSO: the keys of a login by session and by start URL, and what the portal is asked" {
	given_portal
	session
	login my 3600
	mount_fs
	read_anew
	assert_equal "$(cat "$LOG")" ''
	assert_equal "$(<"$THERE/log")" \
		'GET /federation/credentials?account_id=123456789012&role_name=my-role'
	explained SSO
	[[ $(jq -r '.keys | .source.value + ", " + .key_id.token + .expire.in' <<<"$output") == \
		'SSO, temporary, with a session token'*' s' ]]
	config '[profile p]' "sso_start_url = $URL" 'sso_region = eu-west-7' "${ROLE[@]}"
	[[ $(explained SSO) == *'No such file or directory' ]]
	login "$URL" 3600
	[[ $(explained SSO) == 'has the keys: ' ]]
	unset AWS_ENDPOINT_URL_SSO
	config '[profile p]' "sso_start_url = $URL" 'sso_region = eu-west-7' "${ROLE[@]}" \
		'services = my' '[services my]' 'sso =' "  endpoint_url = $SERVICE"
	[[ $(explained SSO) == 'has the keys: ' ]]
	check_secrets
}

@test "SSO: the portal's host, and aws login, which is said not to be known" {
	given_portal
	unset AWS_ENDPOINT_URL_SSO
	session
	login my 3600
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x \
		-keyout /dev/null -out "$BATS_TEST_TMPDIR/ca.crt" 2>/dev/null
	export AWS_CA_BUNDLE=$BATS_TEST_TMPDIR/ca.crt https_proxy=http://127.0.0.1:1
	explained SSO
	assert_equal "$(jq -r .sources.SSO.at <<<"$output")" https://portal.sso.eu-west-7.amazonaws.com
	AWS_USE_FIPS_ENDPOINT=true AWS_USE_DUALSTACK_ENDPOINT=true explained SSO
	assert_equal "$(jq -r .sources.SSO.at <<<"$output")" https://portal.sso-fips.eu-west-7.api.aws
	config '[profile p]' 'login_session = arn:aws:sts::1:x' 'aws_access_key_id = config' \
		'aws_secret_access_key = s'
	[[ $(explained 'aws login') == 'fails: login_session of profile p is not known here, '*' --profile p '* ]]
	config '[profile p]' 'role_arn = arn:aws:iam::1:role/q' 'source_profile = q' \
		'[profile q]' 'login_session = arn:aws:sts::1:x'
	[[ $(explained role) == 'fails: role of profile p: login_session of profile q is not known here'* ]]
}

@test "SSO: a login that another profile's role is assumed with" {
	given_portal
	session
	login my 3600
	printf '%s\n' '[profile q]' 'role_arn = arn:aws:iam::1:role/q' 'source_profile = p' \
		>>"$AWS_CONFIG_FILE"
	export AWS_PROFILE=q AWS_ENDPOINT_URL_STS=$SERVICE
	[[ $(explained role) == 'has the keys: ' ]]
	[[ $(form authorization) == *Credential=key-1/* ]]
	login my -1
	[[ $(explained role) == 'fails: role of profile q: aws sso login --profile p: '* ]]
}

@test "SSO: what to type where a login has expired, is missing, or is not taken any more" {
	local typed='fails: SSO of profile p: aws sso login --profile p: '

	given_portal
	session
	login my -1
	[[ $(explained SSO) == "$typed"'the login has expired at 20'*Z ]]
	run -1 "$DGSTATFS" --explain "$ENDPOINT"
	[[ $output == *'    - log in again: what to type is said there'* ]]
	rm "$CACHE"/*
	[[ $(explained SSO) == "$typed"*'.json: No such file or directory' ]]
	login my 3600 other-login-of-sso
	[[ $(explained SSO) == "$typed"'HTTP status 401, the login is not valid any more' ]]
	[[ ! -e $THERE/n ]]
	mount_fs
	refused 'Permission denied' cat "$MNT/bkt/stats_quick.json"
	wait_until is_logged 1 'aws sso login --profile p: '
	login my 3600 # as that does
	wait_until read_anew
	check_secrets
}

@test "SSO: what is wrong with a profile, and a role that may not be used" {
	given_portal
	login my 3600
	session
	echo other-role >"$THERE/role"
	[[ $(explained SSO) == 'fails: SSO of profile p: HTTP status 403' ]]
	export AWS_PROFILE=p
	config '[profile p]' 'sso_session = my' "${ROLE[@]}"
	[[ $(explained SSO) == *'sso-session my is not there' ]]
	config '[profile p]' "sso_start_url = $URL" "${ROLE[@]}"
	[[ $(explained SSO) == *'no sso_region' ]]
	config '[profile p]' "sso_start_url = $URL" 'sso_region = x.example/' "${ROLE[@]}"
	[[ $(explained SSO) == *'x.example/ is not the name of a region' ]]
	config '[profile p]' 'sso_session = my' 'sso_region = us-west-1' "${ROLE[@]}" \
		'[sso-session my]' "sso_start_url = $URL" 'sso_region = eu-west-7'
	[[ $(explained SSO) == *'sso_region is another one in the sso-session' ]]
	config '[profile p]' 'sso_account_id = 1' '[sso-session my]' "sso_start_url = $URL"
	[[ $(explained SSO) == *'no sso_start_url' ]]
	session
	echo '{"accessToken": 7}' >"$CACHE/$(printf my | sha1sum | cut -d ' ' -f 1).json"
	[[ $(explained SSO) == *'.json: no accessToken in its JSON' ]]
}
