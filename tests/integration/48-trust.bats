#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Which certificates are trusted, and that no file of them is read but at the start
# and with SIGHUP, by whom nobody waits for.

load lib
load mounts
load alpha

# certificate NAME: its own authority; the key is in NAME.pem too.
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=stub -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$BATS_TEST_TMPDIR/$1.pem" -out "$BATS_TEST_TMPDIR/$1.crt" 2>/dev/null
	cat "$BATS_TEST_TMPDIR/$1.crt" >>"$BATS_TEST_TMPDIR/$1.pem"
}

# serve NAME [OPTION...]: a store with that certificate.
serve() {
	rm -f "$BATS_TEST_TMPDIR/stub-s3.endpoint"
	start_stub --tls "$BATS_TEST_TMPDIR/$1.pem" "${@:2}"
	STORE_PID=${AT_END[0]#end_process }
	export CURL_CA_BUNDLE=$BATS_TEST_TMPDIR/$1.crt # for stub_ctl
	stub_ctl PUT bucket/bkt '[{"key": "a", "size": 3}]'
}

given_mount() {
	certificate one
	certificate two
	serve one
	CA=$BATS_TEST_TMPDIR/ca.crt
	cp "$CURL_CA_BUNDLE" "$CA"
	mount_fs -o "ca_bundle=$CA,bucket=bkt,retries=0,log_level=info"
}

# So that each read has a connection of its own.
read_anew() {
	fault '{"class": "LIST", "framing": "close"}'
	echo quick >"$MNT/bkt/refresh"
	timeout 10 jq -e '.stats.object_count == 1' "$MNT/bkt/stats_quick.json"
}

replace_by_fifo() {
	rm "$CA"
	mkfifo "$CA"
}

has_ended() {
	! kill -0 "$FS_PID" 2>/dev/null
}

@test "a ca_bundle that became a FIFO keeps nobody waiting" {
	given_mount
	replace_by_fifo
	read_anew
	read_anew
	kill "$FS_PID"
	wait_until has_ended
}

@test "SIGHUP while the ca_bundle is a FIFO: reads go on, and it ends when told to" {
	given_mount
	replace_by_fifo
	kill -HUP "$FS_PID"
	read_anew
	kill -HUP "$FS_PID"
	read_anew
	kill "$FS_PID"
	wait_until has_ended
}

@test "SIGHUP: new certificates are trusted, and those that can't be read change nothing" {
	given_mount
	read_anew
	end_process "$STORE_PID"
	serve two --port "${ENDPOINT##*:}"
	echo quick >"$MNT/bkt/refresh"
	run ! cat "$MNT/bkt/stats_quick.json"
	[[ $output == *'Protocol error' ]]
	echo nonsense >"$CA"
	kill -HUP "$FS_PID"
	assert_logged 1 'warn: .*ca_bundle .*: no certificates in PEM'
	cp "$CURL_CA_BUNDLE" "$CA"
	kill -HUP "$FS_PID"
	assert_logged 2 'certificates are read again'
	read_anew
}

# A store that is known by a session that goes on shows no certificate.
@test "SIGHUP: what is trusted no more is not in a session that goes on, either" {
	given_mount
	fault '{"class": "GET", "framing": "close"}' '{"class": "PUT", "framing": "close"}'
	read_anew
	cp "$BATS_TEST_TMPDIR/two.crt" "$CA"
	kill -HUP "$FS_PID"
	assert_logged 1 'certificates are read again'
	run ! read_anew
	[[ $output == *'Protocol error' ]]
}

# One that is good, and one that is damaged behind it: seen by who reads all of it.
damage_second() {
	{
		cat "$BATS_TEST_TMPDIR/one.crt"
		sed '2s/^..../!!!!/' "$BATS_TEST_TMPDIR/two.crt"
	} >"$BATS_TEST_TMPDIR/damaged.crt"
}

@test "dgstat: a ca_bundle is not parsed for a store without TLS, and for one with it when it is asked" {
	certificate one
	certificate two
	damage_second
	start_stub
	stub_bucket bkt
	run -0 --separate-stderr dgstat --json --ca-bundle="$BATS_TEST_TMPDIR/damaged.crt" bkt
	# shellcheck disable=SC2154 # set by run
	assert_equal "$stderr" ""
	serve one
	run -1 --separate-stderr dgstat --json --ca-bundle="$BATS_TEST_TMPDIR/damaged.crt" bkt
	assert_equal "$output" ""
	[[ $stderr == *"ca_bundle $BATS_TEST_TMPDIR/damaged.crt"*"Protocol error"* ]] || fail "$stderr"
	run -0 dgstat --json --ca-bundle="$BATS_TEST_TMPDIR/one.crt" bkt
	run -1 dgstat --json --ca-bundle="$BATS_TEST_TMPDIR/two.crt" bkt
	run -0 dgstat --json --ca-bundle=<(cat "$BATS_TEST_TMPDIR/one.crt") bkt # to be read once
	run -0 dgstat --json --ca-bundle="$BATS_TEST_TMPDIR/one.pem" bkt # a key before it
}

@test "dgstat: a ca_bundle without certificates is said at once, with or without TLS" {
	local file regex='ca_bundle .*: no certificates in PEM'

	start_stub
	stub_bucket bkt
	: >"$BATS_TEST_TMPDIR/empty"
	echo text >"$BATS_TEST_TMPDIR/text"
	for file in empty text; do
		run -1 dgstat --json --ca-bundle="$BATS_TEST_TMPDIR/$file" bkt
		[[ $output =~ $regex ]] || fail "$output"
	done
	assert_equal "$(requests LIST)" 0
}
