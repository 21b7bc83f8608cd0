#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Readers who come at the same time share the work, and none is given figures that
# are older than its open.  Requests wait at gates of the stub, so that it is known
# what is under way when somebody comes.

load lib
load mounts

QUICK=bkt/stats_quick.json
DETAILED=bkt/stats_detailed.json

# A deltaspace with N deltas.
put_deltas() {
	stub_ctl PUT bucket/bkt '[{"key": "r/reference.bin", "size": 100},
		{"key": "r/%03d.delta", "count": '"$1"', "size": 10,
		 "meta": {"dg-file-size": "120"}}]'
}

gate() {
	fault '{"class": "'"$1"'", "gate": "'"$2"'"'"${3:+, $3}"'}'
}

# The readers from I to J all got a document, with this VALUE at FILTER.
all_read() {
	local filter=$1 i=$2 j=$3 value=$4 documents=()

	for (( ; i <= j; i++)); do
		assert_reader_ends "$i" 0
		documents+=("$BATS_TEST_TMPDIR/reader.$i")
	done
	assert_equal "$(jq -c "$filter" "${documents[@]}" | sort -u)" "$value"
}

# --- one LIST for many -----------------------------------------------------------------

@test "fifty readers at once cause at most two LISTs" {
	start_stub
	stub_bucket bkt
	gate LIST first '"times": 1'
	mount_fs
	reader "$MNT/$QUICK"
	wait_for_gate first
	local i
	for i in {1..49}; do reader "$MNT/$QUICK"; done
	wait_for_readers
	assert_equal "$(requests LIST)" 1
	open_gate first
	all_read .stats.object_count 0 49 1
	(($(requests LIST) <= 2)) || fail "$(requests LIST) LISTs"
}

@test "a reader that comes while a LIST is under way sees what was put before it came" {
	start_stub
	stub_bucket bkt
	gate LIST first '"times": 1'
	mount_fs
	reader "$MNT/$QUICK"
	wait_for_gate first
	curl -sS -X PUT --data-binary xyz "$ENDPOINT/bkt/written"
	reader "$MNT/$QUICK"
	wait_for_readers
	open_gate first
	all_read .stats.object_count 0 0 1
	all_read .stats.object_count 1 1 2
}

@test "the same while the GET of the cached document hangs, and while its PUT does" {
	start_stub
	stub_bucket bkt
	gate GET get '"times": 1'
	gate PUT put '"times": 1'
	mount_fs
	reader "$MNT/$QUICK"
	wait_for_gate get
	wait_until has_requests LIST 1 # which has begun before the change
	stub_ctl PUT bucket/bkt '[{"key": "a"}, {"key": "b"}]'
	reader "$MNT/$QUICK"
	wait_for_readers
	open_gate get
	wait_for_gate put
	curl -sS -X PUT --data-binary xyz "$ENDPOINT/bkt/c" # not bound for the gate
	reader "$MNT/$QUICK"
	open_gate put
	all_read .stats.object_count 0 0 1
	assert_reader_ends 1 0
	(($(reader_output 1 | jq .stats.object_count) >= 2))
	all_read .stats.object_count 2 2 3
}

# --- one LIST for all modes ---------------------------------------------------------------

SAMPLED=bkt/stats_sampled.json

# The three files, opened at once: three documents, in this order.
open_together() {
	"$HERE/together.py" "$FS_PID" "$MNT/$QUICK" "$MNT/$SAMPLED" "$MNT/$DETAILED"
}

# A daemon that is kept from its work for longer than it waits for others begins
# without them: then once more.
meet_with() {
	local expected=$1 n

	shift
	for n in {1..20}; do
		"$@"
		forget_requests
		run -0 open_together
		[[ $(requests LIST) == "$expected" ]] && return
	done
	fail "$(requests LIST) LISTs"
}

lists_three_pages() {
	forget_requests
	cat "$MNT/$QUICK" >/dev/null
	[[ $(requests LIST) == 3 ]]
}

# 2,500 objects are three pages, as soon as their cuts have moved to where pages end.
put_2500() {
	put_deltas 2499
	mount_fs -o memo=off # so that HEADs are those of a computation from nothing
	run -0 open_together # their documents lie in the bucket now
	wait_until lists_three_pages
}

@test "three modes of an unchanged bucket, opened at once: its pages once, and three GETs" {
	start_stub
	put_2500
	meet_with 3 true
	assert_equal "$(requests GET)/$(requests HEAD)/$(requests PUT)" 3/0/0
	assert_equal "$(jq -c .accuracy.exact_deltas <<<"$output" | xargs)" '0 1 2499'
}

@test "three modes of a bucket that has changed, opened at once: its pages twice" {
	start_stub
	put_2500
	change() { curl -sS -X PUT --data-binary "$((++CHANGES))" "$ENDPOINT/bkt/x"; }
	CHANGES=0
	meet_with 6 change
	assert_equal "$(requests GET)/$(requests HEAD)/$(requests PUT)" 3/2500/3
	assert_equal "$(jq -c .stats.object_count <<<"$output" | xargs)" '2500 2500 2500'
	assert_equal "$(jq -c .accuracy.exact_deltas <<<"$output" | xargs)" '0 1 2499'
}

@test "three modes opened at once: quick and sampled do not wait for HEADs of detailed" {
	start_stub
	put_deltas 5500
	fault '{"class": "HEAD", "path": "[1-9].delta$", "gate": "heads"}'
	mount_fs
	reader "$MNT/$DETAILED"
	reader "$MNT/$QUICK"
	reader "$MNT/$SAMPLED"
	all_read .accuracy.exact_deltas 1 1 0
	all_read .accuracy.exact_deltas 2 2 1
	open_gate heads
	all_read .accuracy.exact_deltas 0 0 5500
}

# --- one sweep for many ------------------------------------------------------------------

@test "readers during the sweep of an unchanged bucket cause LISTs, but no other sweep" {
	start_stub
	put_deltas 10
	gate HEAD heads
	gate LIST second '"after": 1, "times": 1'
	mount_fs
	reader "$MNT/$DETAILED"
	wait_for_gate heads 4
	local i
	reader "$MNT/$DETAILED"
	wait_for_gate second
	for i in {1..18}; do reader "$MNT/$DETAILED"; done
	wait_for_readers
	open_gate second
	wait_until has_requests LIST 3
	open_gate heads
	all_read .accuracy.exact_deltas 0 19 10
	assert_equal "$(requests HEAD)" 10
	assert_equal "$(requests LIST)" 3
}

@test "a reader during the sweep of a bucket that has changed gets the new figures" {
	start_stub
	put_deltas 10
	gate HEAD heads
	mount_fs
	reader "$MNT/$DETAILED"
	wait_for_gate heads 4
	put_deltas 11
	reader "$MNT/$DETAILED"
	wait_until has_requests LIST 2
	open_gate heads
	all_read .accuracy.exact_deltas 0 0 10
	all_read .accuracy.exact_deltas 1 1 11
	assert_equal "$(requests HEAD)" 21
}

@test "readers of an unchanged bucket, one after the other: one sweep" {
	start_stub
	put_deltas 10
	mount_fs
	local i
	for i in {1..20}; do
		assert_equal "$(jq .accuracy.exact_deltas "$MNT/$DETAILED")" 10
	done
	assert_equal "$(requests HEAD)/$(requests PUT)" 10/1
}

@test "modes do not wait for each other" {
	start_stub
	put_deltas 10
	gate HEAD heads
	mount_fs
	reader "$MNT/$DETAILED"
	wait_for_gate heads 4
	assert_equal "$(jq .accuracy.estimated_deltas "$MNT/$QUICK")" 10
	open_gate heads
	all_read .accuracy.exact_deltas 0 0 10
}

# --- refresh and nocache while work is under way -----------------------------------------

@test "refresh: an open after the mark gets no result of a sweep begun before it" {
	start_stub
	put_deltas 10
	gate HEAD heads
	mount_fs
	reader "$MNT/$DETAILED"
	wait_for_gate heads 4
	echo detailed >"$MNT/bkt/refresh"
	reader "$MNT/$DETAILED"
	wait_for_readers
	open_gate heads
	all_read .accuracy.exact_deltas 0 1 10
	assert_equal "$(requests HEAD)" 20
	assert_equal "$(<"$MNT/bkt/refresh")" ''
}

@test "refresh: a mark during a computation outlives it" {
	start_stub
	put_deltas 10
	gate HEAD heads
	mount_fs
	echo detailed >"$MNT/bkt/refresh"
	reader "$MNT/$DETAILED"
	wait_for_gate heads 4
	assert_equal "$(<"$MNT/bkt/refresh")" detailed
	echo detailed >"$MNT/bkt/refresh"
	open_gate heads
	all_read .accuracy.exact_deltas 0 0 10
	assert_equal "$(<"$MNT/bkt/refresh")" detailed
	cat "$MNT/$DETAILED" >/dev/null
	assert_equal "$(requests HEAD)" 20
	assert_equal "$(<"$MNT/bkt/refresh")" ''
	cat "$MNT/$DETAILED" >/dev/null
	assert_equal "$(requests HEAD)" 20
}

@test "nocache: those who come at the same time share, who comes later does not" {
	start_stub
	put_deltas 10
	gate LIST list '"times": 1'
	gate HEAD heads
	mount_fs
	echo 1 >"$MNT/bkt/nocache"
	reader "$MNT/$DETAILED"
	wait_for_gate list
	reader "$MNT/$DETAILED"
	reader "$MNT/$DETAILED"
	wait_for_readers
	open_gate list
	wait_for_gate heads 4
	open_gate heads
	all_read .accuracy.exact_deltas 0 2 10
	assert_equal "$(requests HEAD)/$(requests GET)/$(requests PUT)" 20/0/0
	cat "$MNT/$DETAILED" >/dev/null
	assert_equal "$(requests HEAD)/$(requests GET)/$(requests PUT)" 30/0/0
}

# --- nobody is in the way of others ---------------------------------------------------------

@test "a hundred blocked opens leave everything else instant" {
	start_stub
	stub_bucket slow
	stub_bucket other
	fault '{"class": "LIST", "path": "^/slow", "gate": "slow"}'
	mount_fs
	local i what
	for i in {1..100}; do reader "$MNT/slow/stats_quick.json"; done
	wait_for_readers
	for what in "ls -l $MNT/" "ls -l $MNT/slow/" "stat $MNT/slow/stats_quick.json" \
		"cat $MNT/other/stats_quick.json" "cat $MNT/other/stats_detailed.json" \
		"cat $MNT/slow/refresh" "tee $MNT/slow/nocache" "df $MNT" \
		"ls $MNT/unheard-of"; do
		within 2000 bash -c "$what <<<0 || [[ \$? == 2 ]]"
	done
	assert_equal "$(requests LIST ^/slow)" 1
	open_gate slow
	all_read .stats.object_count 0 99 1
}

@test "a bucket whose requests all hang does not keep others from being read" {
	start_stub
	stub_ctl PUT bucket/slow '[{"key": "%03d.delta", "count": 500, "size": 9}]'
	put_deltas 10
	fault '{"class": "HEAD", "path": "^/slow", "gate": "slow"}'
	mount_fs -o connections=8
	reader "$MNT/slow/stats_detailed.json"
	wait_for_gate slow 4
	assert_equal "$(jq .stats.delta_objects "$MNT/$QUICK")" 10
	assert_equal "$(jq .accuracy.exact_deltas "$MNT/$DETAILED")" 10
	(($(requests HEAD /slow/) <= 8))
	open_gate slow
	all_read .stats.delta_objects 0 0 500
}

# Of both kinds of request that an open makes.
@test "however many opens hang, a name is looked up, and the buckets are listed" {
	local n case connections hung readers

	for case in 1:1 4:10 16:40; do
		connections=${case%:*} hung=${case#*:}
		start_stub
		for n in $(seq "$hung"); do
			stub_ctl PUT "bucket/hung-$n" '[{"key": "a", "size": 1}]'
		done
		stub_ctl PUT bucket/late '[{"key": "a", "size": 1}]'
		fault '{"path": "^/hung-", "class": "LIST", "gate": "hung"}' \
			'{"path": "^/hung-", "class": "GET", "gate": "hung"}'
		mount_fs -o "connections=$connections,bucket_ttl=0"
		readers=()
		for n in $(seq "$hung"); do
			cat "$MNT/hung-$n/stats_quick.json" >/dev/null 3>&- &
			readers+=("$!")
		done
		wait_for_gate hung $((2 * connections))
		within 4000 stat "$MNT/late"
		run -2 ls "$MNT/nowhere"
		[[ $output == *'No such file'* ]] || fail "$output"
		[[ $(ls "$MNT") == *late* ]]
		open_gate hung
		wait "${readers[@]}"
		unmount_fs
	done
}

# --- one document for each handle -------------------------------------------------------------

@test "two handles with two documents: each keeps its text" {
	start_stub
	put_deltas 1
	mount_fs
	local old new
	exec {old}<"$MNT/$QUICK"
	stub_ctl PUT bucket/bkt '[{"key": "%04d", "count": 5000, "size": 123456789}]'
	exec {new}<"$MNT/$QUICK"
	stub_bucket bkt
	cat "$MNT/$QUICK" >/dev/null
	assert_equal "$(stat -c %s - <&"$old") $(stat -c %s - <&"$new")" '1024 1024'
	assert_equal "$(jq .stats.object_count <&"$old")" 1
	assert_equal "$(jq .stats.object_count <&"$new")" 5000
	exec {old}<&- {new}<&-
}

@test "a handle keeps its document while the bucket is changed, read or deleted" {
	start_stub
	put_deltas 3
	mount_fs
	local handle first
	exec {handle}<"$MNT/$QUICK"
	read -r -N 10 first <&"$handle"
	stub_ctl DELETE bucket/bkt
	refused 'No such file' cat "$MNT/$QUICK"
	assert_equal "$({ printf %s "$first"; cat <&"$handle"; } | jq .stats.delta_objects)" 3
	exec {handle}<&-
}

@test "opened again by /proc/self/fd: a new document, and the old handle keeps its own" {
	start_stub
	put_deltas 1
	mount_fs
	run -0 python3 - "$MNT/$QUICK" "$ENDPOINT/bkt/new" <<-'END'
		import json, os, sys, urllib.request
		fd = os.open(sys.argv[1], os.O_RDONLY)
		put = urllib.request.Request(sys.argv[2], b"xyz", method="PUT")
		urllib.request.urlopen(put).close()
		again = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY)
		for handle in again, fd:
		    print(json.loads(os.read(handle, 1 << 16))["stats"]["object_count"])
		path = os.open(sys.argv[1], os.O_PATH)
		with open(f"/proc/self/fd/{path}") as file:
		    print(json.load(file)["stats"]["object_count"])
	END
	assert_equal "$(xargs <<<"$output")" '2 1 2'
}

@test "a document that is bind-mounted alone is a new one at each open" {
	start_stub
	put_deltas 1
	mount_fs
	touch "$BATS_TEST_TMPDIR/alone"
	# shellcheck disable=SC2016 # expanded by that shell
	run -0 "$OWN_MOUNTS" bash -euc '
		mount --bind "$1" "$2"
		for i in 1 2 3; do
			jq .stats.object_count "$2"
			curl -sS -X PUT --data-binary xyz "$3/bkt/$i"
			busybox cat "$2" | jq .stats.object_count
			[[ $(wc -c <"$2") == $(stat -c %s "$2") ]]
		done' bash "$MNT/$QUICK" "$BATS_TEST_TMPDIR/alone" "$ENDPOINT"
	assert_equal "$(xargs <<<"$output")" '1 2 2 3 3 4'
}
