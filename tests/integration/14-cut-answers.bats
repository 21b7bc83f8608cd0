#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# An answer counts only if it came whole.  One that ends too early, wherever and
# however, is asked for again; what a part of it would tell is never shown, and
# never left in the bucket.

load lib
load documents

# Where answers are cut: before, in and behind the status line, in names and in
# values, around the empty line.
CUTS='0 1 16 17 20 62 100 199 245 248 249'

# Five deltas of 1,000 bytes each; what a HEAD without its last field would give
# is an estimate, and the field that stands before it is one that a head cut
# there would count: "exact", and wrong.
OBJECTS='[{"key": "a/%02d.delta", "count": 5, "size": 10,
		"meta": {"file-size": "1", "dg-file-size": "1000"}},
	{"key": "a/reference.bin", "size": 70}]'

certificate() {
	export CURL_CA_BUNDLE=$BATS_TEST_TMPDIR/ca.pem
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=stub -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$BATS_TEST_TMPDIR/key.pem" -out "$CURL_CA_BUNDLE" 2>/dev/null
	cat "$CURL_CA_BUNDLE" >>"$BATS_TEST_TMPDIR/key.pem"
}

# given [tls] [OPTION]: the store, and a mount of it.
given() {
	local options=bucket_ttl=0,linger=0,log_level=debug,retries=2

	if [[ $1 == tls ]]; then
		certificate
		start_stub --tls "$BATS_TEST_TMPDIR/key.pem"
		options+=,ca_bundle=$CURL_CA_BUNDLE
	else
		start_stub
	fi
	stub_ctl PUT bucket/bkt "$OBJECTS"
	mount_fs -o "$options${2:+,$2}"
}

cached_stub() {
	curl -sSf "$ENDPOINT/bkt/$(cache_key "$1")" 2>/dev/null
}

# hits N: so many requests were hit since the last time.
hits() {
	local fired

	fired=$(stub_ctl GET fired)
	assert_equal "$((fired - ${HITS:-0})) requests hit" "$1 requests hit"
	HITS=$fired
}

assert_total() {
	local total=5000

	[[ $1 != quick ]] || total=350
	assert_equal "$(jq .stats.total_size "$2") $1 ${*:3}" "$total $1 ${*:3}"
}

read_anew() {
	echo "$1" >"$MNT/bkt/refresh"
	cat "$MNT/bkt/stats_$1.json" >"$BATS_TEST_TMPDIR/read" || fail "${*:2}"
	assert_total "$1" "$BATS_TEST_TMPDIR/read" "${@:2}"
	cached_stub "$1" >"$BATS_TEST_TMPDIR/cached"
	cmp "$BATS_TEST_TMPDIR/read" "$BATS_TEST_TMPDIR/cached" || fail "${*:2}"
}

# each_cut CLASS MODE FRAMING BY...: once, at each place.
each_cut() {
	local class=$1 mode=$2 framing=$3 n by

	for by in "${@:4}"; do
		for n in $CUTS; do
			fault "{\"class\": \"$class\", \"times\": 1, \"end\": $n,
				\"framing\": $framing, \"by\": \"$by\"}"
			read_anew "$mode" "$class cut at $n by $by"
		done
		hits "$(wc -w <<<"$CUTS")"
	done
	! complaints | grep -E ': (error|warn): '
}

@test "a HEAD cut anywhere, by FIN and RST: asked again" {
	given plain
	each_cut HEAD detailed null fin rst
}

@test "a HEAD cut anywhere, over TLS, with and without close_notify: asked again" {
	given tls
	each_cut HEAD detailed null fin rst eof
}

@test "a page of a listing cut anywhere: asked again" {
	given plain
	CUTS+=' 300 700 1200'
	each_cut LIST quick null fin rst
	each_cut LIST quick '"chunked"' fin
	each_cut LIST quick '"close"' fin
}

@test "a page of a listing cut anywhere, over TLS: asked again" {
	given tls
	CUTS='17 100 240 300 700'
	each_cut LIST quick null fin eof rst
	each_cut LIST quick '"chunked"' fin eof
	each_cut LIST quick '"close"' fin eof
}

@test "a list of buckets cut anywhere: asked again" {
	local n framing

	given plain
	for framing in null '"chunked"' '"close"'; do
		for n in $CUTS 300 350; do
			fault "{\"class\": \"BUCKETS\", \"times\": 1, \"end\": $n,
				\"framing\": $framing}"
			assert_equal "$n $framing: $(ls "$MNT")" "$n $framing: bkt"
			stub_ctl DELETE faults
		done
	done
}

@test "a bucket's name whose HEAD is cut is asked for again" {
	local n

	given plain
	for n in $CUTS; do
		fault "{\"class\": \"BUCKET\", \"times\": 1, \"end\": $n},
			{\"class\": \"BUCKETS\", \"status\": 403}"
		stat "$MNT/bkt" >/dev/null || fail "cut at $n"
		stub_ctl DELETE faults
	done
}

@test "an answer that never comes whole is EIO, and nothing is cached of it" {
	local class by n said=$BATS_TEST_TMPDIR/said

	given plain
	for class in HEAD LIST; do
		for by in fin rst; do
			for n in 17 100 199 245; do
				fault "{\"class\": \"$class\", \"end\": $n, \"by\": \"$by\"}"
				run ! cat "$MNT/bkt/stats_detailed.json"
				[[ $output == *'Input/output error' ]] ||
					fail "$class cut at $n by $by: $output"
				stub_ctl DELETE faults
				run ! cached_stub detailed
			done
		done
	done
	cat "$MNT/bkt/stats_detailed.json" >"$said"
	assert_total detailed "$said"
}

@test "a whole 1xx is no answer, be the one after it whole or cut" {
	local n class interim='HTTP/1.1 100 Continue\r\nx-amz-meta-dg-file-size: 3\r\n\r\n'

	given plain
	for n in 52 53 54 70 100 200 250 null; do
		for class in HEAD LIST; do
			fault "{\"class\": \"$class\", \"times\": 1, \"end\": $n,
				\"interim\": \"$interim\"}"
			read_anew detailed "$class cut at $n"
		done
	done
	hits 16
	fault "{\"class\": \"HEAD\", \"interim\": \"HTTP/1.1 103 Early Hints\\r\\n\\r\\n\"}"
	read_anew detailed 'each after a 103'
	hits 5
}

# The program that wrote it has its reasons; ours writes where there is nothing.
@test "a cached document that was cut is not replaced" {
	local framing body='{\"version\": \"2.0\", \"of\": {\"another\": \"program\"}, \"n\": 1}' n

	given plain
	for n in 0 17 81 100 110 130; do
		for framing in '"close"' '"chunked"' null; do
			fault "{\"class\": \"GET\", \"status\": 200, \"body\": \"$body\",
				\"framing\": $framing, \"end\": $n}"
			forget_requests
			cat "$MNT/bkt/stats_quick.json" >"$BATS_TEST_TMPDIR/read"
			assert_total quick "$BATS_TEST_TMPDIR/read"
			stub_ctl DELETE faults
			run ! cached_stub quick
			assert_equal "$n $framing: $(requests PUT) written" "$n $framing: 0 written"
		done
	done
}

@test "a refusal without its code, by the end of the connection, is asked again" {
	local n

	given plain
	for n in 0 118 140 170; do
		fault "{\"class\": \"LIST\", \"times\": 1, \"status\": 404,
			\"code\": \"NoSuchBucket\", \"framing\": \"close\", \"end\": $n}"
		read_anew quick "cut at $n"
		stub_ctl DELETE faults
		stat "$MNT/bkt" >/dev/null
	done
}

# --- the wire ----------------------------------------------------------------------------

# broken_wire FIN-OR-RST EVERY BYTES...: the mount is over it; ENDPOINT stays the store.
broken_wire() {
	local store=$ENDPOINT

	unmount_fs
	rm -f "$BATS_TEST_TMPDIR/cut-proxy.endpoint"
	start_server "$HERE/../stub/cut-proxy" "$store" "$@"
	mount_fs -o "bucket=bkt,linger=0,log_level=debug,retries=4,connections=4" \
		-o "${CURL_CA_BUNDLE:+ca_bundle=$CURL_CA_BUNDLE}"
	ENDPOINT=$store
}

@test "TLS that is cut while it begins is tried again" {
	local how

	given tls
	for how in fin rst; do
		broken_wire "$how" 2 0 1 100 700 1000
		read_anew detailed "$how"
		read_anew quick "$how"
		grep -E 'debug: .*; try [2-9] in' "$LOG"
		: >"$LOG"
	done
}

@test "every connection is cut while TLS begins: EIO" {
	given tls
	broken_wire fin 1 100
	run ! cat "$MNT/bkt/stats_quick.json"
	[[ $output == *'Input/output error' ]] || fail "$output"
}

# Connections end at one place after the other.  By far most reads are right.
wear_out() {
	local how mode n failed=0

	for how in fin rst; do
		broken_wire "$how" 1 9000 100 8000 5000 12000 700 15000 0 10000 7000
		for n in {1..10}; do
			for mode in quick sampled detailed; do
				echo all >"$MNT/bkt/refresh"
				if ! cat "$MNT/bkt/stats_$mode.json" >"$BATS_TEST_TMPDIR/read"; then
					((++failed))
					continue
				fi
				assert_total "$mode" "$BATS_TEST_TMPDIR/read"
				cached_stub "$mode" >"$BATS_TEST_TMPDIR/cached"
				assert_total "$mode" "$BATS_TEST_TMPDIR/cached"
			done
		done
		grep -E 'debug: .*; try [2-9] in' "$LOG" | wc -l
		: >"$LOG"
	done
	echo "$failed of 60 failed"
	((failed <= 6))
}

@test "a wire that breaks now and then: right, or an error, and never cached wrong" {
	given plain
	wear_out
}

@test "a wire that breaks now and then, with TLS: right, or an error, and never cached wrong" {
	given tls
	wear_out
}
