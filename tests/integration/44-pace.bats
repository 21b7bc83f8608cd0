#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# How many requests there are at a time, and how many connections: what the store
# can take, what descriptors allow, and what is used again.

load lib
load mounts

# shellcheck disable=SC2034 # BUCKET
# DELTAS of 1 byte that were 10, in 10 directories, in a bucket on the stub.
given_deltas() {
	BUCKET=bkt # for field()
	seq "$1" | jq -c '{key: "d\(. % 10)/\(.).delta", size: 1,
		meta: {"dg-file-size": "10"}}' | jq -sc . >"$BATS_TEST_TMPDIR/objects"
	stub_ctl PUT bucket/bkt "@$BATS_TEST_TMPDIR/objects"
}

assert_detailed() {
	assert_equal "$(field detailed '[.stats.delta_objects, .stats.total_size,
		.accuracy.exact_deltas] | @tsv')" "$1"$'\t'"$((10 * $1))"$'\t'"$1"
}

max_in_flight() {
	stub_ctl GET max_in_flight
}

# --- descriptors -------------------------------------------------------------------------

# The program is started with no more than HARD descriptors, SOFT of them at first.
with_descriptors() {
	cat >"$BATS_TEST_TMPDIR/limited" <<-END
		#!/bin/bash
		ulimit -S -n $1
		ulimit -H -n $2
		exec "$DGSTATFS" "\$@"
	END
	chmod +x "$BATS_TEST_TMPDIR/limited"
	DGSTATFS=$BATS_TEST_TMPDIR/limited
}

@test "descriptors: a soft limit that is too low is raised" {
	start_stub
	given_deltas 100
	fault '{"class": "HEAD", "delay": 0.2}'
	with_descriptors 100 1024
	mount_fs
	assert_detailed 100
	(($(max_in_flight) > 18))
	run ! grep descriptors "$LOG"
}

@test "descriptors: below a hard limit there are fewer connections, and a warning" {
	start_stub
	given_deltas 100
	fault '{"class": "HEAD", "delay": 0.02}'
	with_descriptors 108 108
	mount_fs
	grep -xF 'dgstatfs: warning: connections=256 needs 608 descriptors, and the limit (ulimit -n) is 108: only 6 connections' "$LOG"
	assert_detailed 100
	# a GET of the document is not among them
	(($(max_in_flight) <= 7))
	unmount_fs
	: >"$LOG"
	mount_fs -o connections=6
	run ! grep descriptors "$LOG"
}

@test "descriptors: with too few for one connection nothing is mounted" {
	mkdir "$MNT"
	with_descriptors 97 97
	run -1 "$DGSTATFS" "$MNT"
	[[ $output == 'dgstatfs: 98 descriptors are needed at least, and the limit (ulimit -n) is 97' ]]
	! is_mounted "$MNT"
}

# Who has nothing under way may send one request more, whatever hangs.
@test "descriptors: enough for however many buckets that hang" {
	local n readers=()

	start_stub
	for n in {1..60}; do
		stub_ctl PUT "bucket/bkt-$n" "[{\"key\": \"a%d\", \"count\": $n, \"size\": 1}]"
	done
	fault '{"class": "LIST", "gate": "hung"}'
	with_descriptors 108 108
	mount_fs
	for n in {1..60}; do
		cat "$MNT/bkt-$n/stats_quick.json" >"$BATS_TEST_TMPDIR/$n.json" 3>&- &
		readers+=("$!")
	done
	wait_for_gate hung 12
	sleep 2 # nor do those count that have hung for a second
	stub_ctl DELETE faults
	for n in "${!readers[@]}"; do
		wait "${readers[$n]}" || fail "bucket $n: $(<"$LOG")"
	done
	for n in {1..60}; do
		assert_equal "$(jq .stats.object_count "$BATS_TEST_TMPDIR/$n.json")" "$n"
	done
	# twelve; but the stub counts a request for a moment after its answer
	(($(max_in_flight) <= 24)) || fail "$(max_in_flight) at once"
}

# Bytes that have come wait in few pages at a time, but of each bucket in one at least.
@test "pages of some buckets that stop half-way delay no other bucket" {
	local n readers=()

	start_stub
	stub_ctl PUT bucket/small '[{"key": "a", "size": 1}]'
	for n in {1..6}; do
		stub_ctl PUT "bucket/large-$n" '[{"key": "a%d", "count": 10000, "size": 1}]'
	done
	mount_fs
	for n in {1..6}; do # next time they are listed in ten ranges
		cat "$MNT/large-$n/stats_quick.json" >/dev/null
	done
	fault '{"class": "LIST", "path": "^/large", "gate": "half", "gate_at": 2000}'
	for n in {1..6}; do
		cat "$MNT/large-$n/stats_quick.json" >"$BATS_TEST_TMPDIR/$n.json" 3>&- &
		readers+=("$!")
	done
	wait_for_gate half 60
	within 5000 cat "$MNT/small/stats_quick.json"
	stub_ctl DELETE faults
	for n in "${!readers[@]}"; do
		wait "${readers[$n]}" || fail "$(<"$LOG")"
		assert_equal "$(jq .stats.object_count "$BATS_TEST_TMPDIR/$((n + 1)).json")" 10000
	done
}

# --- connections -------------------------------------------------------------------------

@test "TLS: connections are used again, and new ones resume a session" {
	local pem=$BATS_TEST_TMPDIR/server.pem opened resumed

	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=stub \
		-addext subjectAltName=IP:127.0.0.1 -keyout "$pem" \
		-out "$BATS_TEST_TMPDIR/ca.pem" 2>/dev/null
	cat "$BATS_TEST_TMPDIR/ca.pem" >>"$pem"
	start_stub --tls "$pem"
	export CURL_CA_BUNDLE=$BATS_TEST_TMPDIR/ca.pem # for stub_ctl
	given_deltas 200
	fault '{"class": "HEAD", "delay": 0.2}'
	mount_fs -o ca_bundle="$CURL_CA_BUNDLE",connections=32
	# ours end with each command and resume nothing
	opened=$(stub_ctl GET connections | jq '.[0]')
	assert_detailed 200
	resumed=$(stub_ctl GET connections | jq '.[1]')
	opened=$(($(stub_ctl GET connections | jq '.[0]') - opened - 2))
	echo "opened $opened, resumed $resumed, at once $(max_in_flight)"
	((opened >= 30))
	((opened <= 34)) # LIST and GET are not among the 32
	((resumed >= opened / 2)) # not those that began before the first had ended
}

# --- a store at its limit ----------------------------------------------------------------

@test "a store that allows so many requests a second is used to its limit" {
	start_stub
	given_deltas 600
	fault '{"rate": 200, "status": 503, "code": "SlowDown"}'
	mount_fs -o log_level=info
	within 8000 cat "$MNT/bkt/stats_detailed.json"
	assert_detailed 600
	(($(requests) < 1000))
	assert_logged 1 'the store pushes back'
	run ! grep 'SlowDown' "$LOG" # each retry is worth a line at debug only
}
