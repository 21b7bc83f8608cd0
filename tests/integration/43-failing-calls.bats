#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Allocations and system calls fail, one after the other: see failing.py and
# faultlib.c.  Whatever fails, a read gives the right figures or an error, nothing hangs
# or crashes, and the next start serves.
#
# Sanitizers bring a malloc of their own, and would have to be preloaded first: ./check
# runs this file with the plain program only, and there always.

load lib
load mounts

setup_file() {
	cc -shared -fPIC -O1 -pthread -D_GNU_SOURCE -o "$BATS_FILE_TMPDIR/faultlib.so" \
		"$BATS_TEST_DIRNAME/faultlib.c"
	export FAULTLIB=$BATS_FILE_TMPDIR/faultlib.so
	[[ -z $LONG ]] || export BATS_TEST_TIMEOUT=1800
}

# Some of the calls; with --long all, but of the thousands of a start.
try_kinds() {
	start_stub
	try_kinds_there "$@"
}

try_kinds_there() {
	local steps=$1

	shift
	[[ -z $LONG ]] || steps=300
	# what failing.py expects
	stub_ctl PUT bucket/bkt '[{"key": "a/reference.bin", "size": 10},
		{"key": "a/%d.delta", "count": 3, "size": 10, "meta": {"dg-file-size": "1000"}},
		{"key": "b%d", "count": 3, "size": 1}, {"key": "c/reference.bin", "size": 20}]'
	at_end forget_leftovers
	no_proxy='*' "$HERE/failing.py" "$DGSTATFS" "$FAULTLIB" \
		"${ENDPOINT/127.0.0.1/store.test}" "$BATS_TEST_TMPDIR" "$steps" "$@"
}

forget_leftovers() {
	! is_mounted "$MNT" || fusermount3 -uz "$MNT"
}

@test "allocations of libcurl" {
	try_kinds 20 curl
}

# All of them: one is the answer to the first request of the kernel.
@test "allocations of libfuse" {
	try_kinds 100 fuse
}

@test "allocations of libxml2, cJSON and libcrypto" {
	try_kinds 10 xml cjson crypto
}

@test "allocations of libc" {
	try_kinds 20 libc
}

@test "allocations of our own: an error, or the end with one message" {
	try_kinds 20 own
}

# The mount knows the store by a name that is no address.
@test "allocations of libcurl, libcrypto and libssl, over TLS" {
	local pem=$BATS_TEST_TMPDIR/server.pem

	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=stub -addext subjectAltName=IP:127.0.0.1,DNS:store.test \
		-keyout "$pem" -out "$BATS_TEST_TMPDIR/ca.pem" 2>/dev/null
	cat "$BATS_TEST_TMPDIR/ca.pem" >>"$pem"
	start_stub --tls "$pem"
	export AWS_CA_BUNDLE=$BATS_TEST_TMPDIR/ca.pem
	export CURL_CA_BUNDLE=$AWS_CA_BUNDLE # for stub_ctl
	try_kinds_there 10 curl crypto
}

# let_fail KIND N: as failing.py has it; both are less than 256.
let_fail() {
	CONTROL=$BATS_TEST_TMPDIR/control
	[[ -e $CONTROL ]] || truncate -s 4096 "$CONTROL"
	printf "\\x$(printf %x "$1")\0\0\0\0\0\0\0\\x$(printf %x "$2")" |
		dd of="$CONTROL" conv=notrunc status=none
}

start_in_background() {
	mkdir -p "$MNT"
	at_end forget_leftovers
	LD_PRELOAD=$FAULTLIB FAULT_CONTROL=$CONTROL "$DGSTATFS" -o log_file="$LOG" \
		"$ENDPOINT" "$MNT" 3>&- 4>&-
}

@test "out of memory in the background: the one message is in the log" {
	start_stub
	stub_ctl PUT bucket/bkt '[{"key": "a", "size": 1}]'
	let_fail 0 0
	start_in_background
	let_fail 7 1
	run ! cat "$MNT/bkt/stats_quick.json"
	assert_equal "$(<"$LOG")" 'dgstatfs: out of memory'
}

@test "no thread on the way to the background: said, status 1, and no mount is left" {
	local n

	for n in 1 2 3 4; do # of the log, of the net, for SIGHUP and SIGUSR1
		let_fail 10 $n
		run -1 start_in_background
		[[ $output == 'dgstatfs: no thread'* ]] || fail "$output"
		grep -q ': error: no thread' "$LOG"
		run ! is_mounted "$MNT"
		rm "$LOG"
	done
}

@test "sockets, connections, threads, sends, wake-ups, writes of the log, names" {
	try_kinds 6 socket connect thread send wake write lookup
}

# The 200th would fail.
@test "the name of the store is looked up once, or twice at once, however many connections" {
	local left

	start_stub
	stub_ctl PUT bucket/bkt '[{"key": "a/reference.bin", "size": 10},
		{"key": "a/%d.delta", "count": 60, "size": 10, "meta": {"dg-file-size": "1000"}}]'
	fault '{"class": "HEAD", "delay": 0.1}'
	let_fail 14 200
	no_proxy='*' ENDPOINT=${ENDPOINT/127.0.0.1/store.test} start_in_background
	assert_equal "$(jq .stats.total_size "$MNT/bkt/stats_detailed.json")" 60000
	(($(stub_ctl GET max_in_flight) > 8))
	left=$(od -An -t d8 -j 8 -N 8 "$CONTROL")
	((left == 199 || left == 198)) || fail "$((200 - left)) lookups"
	fusermount3 -u "$MNT"
}
