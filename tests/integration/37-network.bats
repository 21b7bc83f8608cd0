#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The way to the store: proxies (a real tinyproxy) that serve and that refuse, whom they
# are not for, TLS that wants a certificate of ours (a real stunnel), IPv6.

load lib

# Nobody else is told of it, as far as the kernel can help.
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

is_listening() {
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# start_daemon PORT COMMAND...: until it listens there.
start_daemon() {
	local port=$1

	shift
	in_background "$@" >"$BATS_TEST_TMPDIR/${1##*/}.log" 2>&1
	at_end end_process $!
	wait_until is_listening "$port"
}

# start_tinyproxy [LINE...]: sets PROXY; what it was asked for is in tinyproxy.log.
start_tinyproxy() {
	local port

	port=$(free_port)
	printf '%s\n' "Port $port" 'Listen 127.0.0.1' 'Allow 127.0.0.1' 'LogLevel Connect' "$@" \
		>"$BATS_TEST_TMPDIR/tinyproxy.conf"
	start_daemon "$port" tinyproxy -d -c "$BATS_TEST_TMPDIR/tinyproxy.conf"
	PROXY=http://127.0.0.1:$port
	unset no_proxy
}

# How many requests have passed it that begin so.
passed() {
	grep -c "Request.*: $1" "$BATS_TEST_TMPDIR/tinyproxy.log" || true
}

explain() {
	local status=$1

	shift
	run -"$status" --separate-stderr "$DGSTATFS" --explain "$@"
}

# A CA, and what it has signed: server and client; and a client that is somebody else's.
new_certificates() {
	local n=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes) name

	cd "$BATS_TEST_TMPDIR"
	openssl req -x509 "${n[@]}" -days 2 -subj '/CN=Test CA' \
		-addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.crt
	openssl req -x509 "${n[@]}" -days 2 -subj /CN=other -keyout other.key -out other.crt
	for name in server client; do
		openssl req -new "${n[@]}" -subj "/CN=$name" -keyout $name.key -out $name.csr
		openssl x509 -req -in $name.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
			-out $name.crt -extfile <(printf '%s\n' \
				"subjectAltName=IP:127.0.0.1" "extendedKeyUsage=${name}Auth")
	done
	cat client.key client.crt >client.pem
} 2>/dev/null

# TLS before the gateway, for those who show a certificate: sets ENDPOINT.
start_stunnel() {
	local port

	port=$(free_port)
	printf '%s\n' 'foreground = yes' 'pid =' '[s3]' "accept = 127.0.0.1:$port" \
		"connect = ${S3_ENDPOINT#http://}" "cert = $BATS_TEST_TMPDIR/server.crt" \
		"key = $BATS_TEST_TMPDIR/server.key" "CAfile = $BATS_TEST_TMPDIR/ca.crt" \
		'requireCert = yes' 'verifyChain = yes' >"$BATS_TEST_TMPDIR/stunnel.conf"
	start_daemon "$port" stunnel "$BATS_TEST_TMPDIR/stunnel.conf"
	ENDPOINT=https://127.0.0.1:$port
}

# --- proxies -----------------------------------------------------------------------------

@test "a proxy on the way: lower and upper case, and those that it is not for" {
	local name

	start_tinyproxy
	new_bucket
	s3 put "$BUCKET" a 5
	for name in http_proxy HTTP_PROXY; do
		env "$name=$PROXY" "$DGSTATFS" --explain "--bucket=$BUCKET" "$ENDPOINT"
	done
	(($(passed 'GET http://127') == 6))
	for name in "${ENDPOINT#http://}" 127.0.0.1 .0.0.1,127.0.0.1 '*' 127.0.0.0/8; do
		http_proxy=$PROXY NO_PROXY=$name explain 0 "$ENDPOINT"
	done
	(($(passed 'GET http://127') == 6))
	[[ $output == *"proxy                   none  (NO_PROXY)"*"no_proxy                $name  (NO_PROXY)"* ]]
	# through a mount, and lower case wins
	http_proxy=$PROXY HTTP_PROXY=http://127.0.0.1:1 mount_fs -o "bucket=$BUCKET"
	assert_equal "$(field quick .stats.object_count)" 1
	(($(passed 'GET http://127') > 6))
	unmount_fs
}

@test "a tunnel for TLS, and a port that it may not be to" {
	new_certificates
	start_stunnel
	start_tinyproxy "ConnectPort ${ENDPOINT##*:}"
	export AWS_CA_BUNDLE=$BATS_TEST_TMPDIR/ca.crt
	HTTPS_PROXY=$PROXY explain 0 --client-cert="$BATS_TEST_TMPDIR/client.pem" "$ENDPOINT"
	(($(passed 'CONNECT 127') == 1))
	HTTPS_PROXY=$PROXY explain 1 https://127.0.0.1:1
	[[ $output == *'the proxy refuses: HTTP status 403'*'the proxy may have refused'* ]]
}

@test "a proxy that wants a user: said, and with the user it works" {
	start_tinyproxy 'BasicAuth user hidden'
	new_bucket
	http_proxy=$PROXY explain 1 "$ENDPOINT"
	[[ $output == *'HTTP status 407, the proxy wants a user and a password'*'http_proxy'* ]]
	HTTPS_PROXY=$PROXY explain 1 https://127.0.0.1:1
	[[ $output == *'the proxy refuses: HTTP status 407'*'the proxy wants a user and a password:'* ]]
	http_proxy=${PROXY/\/\//\/\/user:hidden@} explain 0 "$ENDPOINT"
	[[ $output != *hidden* ]]
	# a mount says it in its log
	http_proxy=$PROXY mount_fs -o "bucket=$BUCKET"
	run ! cat "$MNT/$BUCKET/stats_quick.json"
	assert_logged 1 'the proxy wants a user and a password'
}

# --- certificates ------------------------------------------------------------------------

# With TLS 1.3 the store says so behind the handshake, which a reset may overtake.
is_refused() {
	explain 1 "${@:2}" "$ENDPOINT"
	# shellcheck disable=SC2053 # a pattern
	[[ $output == *$1* ]]
}

@test "a store that wants a certificate of ours: without, with, and with somebody else's" {
	local t=$BATS_TEST_TMPDIR

	new_certificates
	start_stunnel
	new_bucket
	s3 put "$BUCKET" a 5
	export AWS_CA_BUNDLE=$t/ca.crt
	wait_until is_refused 'the store wants a client certificate*client_cert=FILE'
	wait_until is_refused 'the store does not accept the client certificate' \
		--client-cert="$t/other.crt" --client-key="$t/other.key"
	explain 0 --client-cert="$t/client.pem" "$ENDPOINT"
	mount_fs -o "client_cert=$t/client.crt,client_key=$t/client.key,bucket=$BUCKET"
	assert_equal "$(field quick .stats.object_count)" 1
	unmount_fs
}

@test "the gateway's STS behind the same door wants the same certificate" {
	local t=$BATS_TEST_TMPDIR

	new_certificates
	start_stunnel
	export AWS_CA_BUNDLE=$t/ca.crt AWS_CONFIG_FILE=$t/config AWS_ENDPOINT_URL_STS=$ENDPOINT
	printf '%s\n' '[default]' 'role_arn = arn:aws:iam:::role/R1' 'source_profile = base' \
		'[profile base]' "aws_access_key_id = $AWS_ACCESS_KEY_ID" \
		"aws_secret_access_key = $AWS_SECRET_ACCESS_KEY" >"$AWS_CONFIG_FILE"
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	explain 0 --client-cert="$t/client.pem" "$ENDPOINT"
	[[ $output == *"role                    has the keys, at $ENDPOINT"* ]]
	wait_until is_refused 'role of profile default: *client certificate'
}

@test "certificates of ours that are none are said at the start" {
	local t=$BATS_TEST_TMPDIR

	new_certificates
	openssl ec -in "$t/client.key" -aes256 -passout pass:x -out "$t/locked.key" 2>/dev/null
	refuse() {
		run -1 "$DGSTATFS" --explain "${@:2}" "$ENDPOINT" </dev/null
		[[ $output == *"$1"* ]] || fail "not '$1': $output"
	}
	refuse "client_cert $t/none: No such file" --client-cert="$t/none"
	refuse "client_cert $t/ca.key: no certificate" --client-cert="$t/ca.key"
	refuse "client_key $t/client.crt: no key" --client-cert="$t/client.crt"
	refuse "client_key $t/locked.key: no key in PEM without a password" \
		--client-cert="$t/client.crt" --client-key="$t/locked.key"
	refuse "client_key $t/ca.key: not the key of the certificate" \
		--client-cert="$t/client.crt" --client-key="$t/ca.key"
	refuse 'client_key is for client_cert' --client-key="$t/client.key"
	openssl req -x509 -newkey rsa:1024 -nodes -days 2 -subj /CN=weak \
		-keyout "$t/weak.pem" -out "$t/weak.crt" 2>/dev/null
	cat "$t/weak.crt" >>"$t/weak.pem"
	refuse "client_cert $t/weak.pem: ee key too small" --client-cert="$t/weak.pem"
	sed 's/^M/!/' "$t/ca.crt" | cat "$t/client.pem" - >"$t/damaged.pem"
	refuse "client_cert $t/damaged.pem: damaged behind the first one" --client-cert="$t/damaged.pem"
}

# --- addresses ---------------------------------------------------------------------------

@test "IPv6: an address in brackets, and a name that has both, of which one is dead" {
	local port=

	start_stub --host ::1
	stub_ctl PUT bucket/bkt '[{"key": "a", "size": 1}]'
	mount_fs -o bucket=bkt
	assert_equal "$(jq .stats.object_count "$MNT/bkt/stats_quick.json")" 1
	unmount_fs
	port=${ENDPOINT##*:}
	# 127.0.0.1 refuses at that port
	explain 0 --bucket=bkt "http://localhost:$port"
	[[ $output == *'LIST bkt'*'works'* ]]
}
