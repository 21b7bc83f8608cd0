#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The control files: every way to write a command, what is none, and what the
# commands do to the next opens.

# shellcheck disable=SC2016 # the $0 in single quotes are for the shells tried here

load lib
load documents

objects='[{"key": "a/1.delta", "size": 10, "meta": {"dg-file-size": "100"}},
	{"key": "a/2.delta", "size": 10, "meta": {"dg-file-size": "200"}},
	{"key": "b/1.delta", "size": 10, "meta": {"dg-file-size": "300"}},
	{"key": "file", "size": 5}]'

given() {
	BUCKET=bkt
	start_stub
	stub_ctl PUT bucket/bkt "$objects"
	mount_fs "$@"
	REFRESH=$MNT/bkt/refresh NOCACHE=$MNT/bkt/nocache
}

ALL='quick sampled detailed'

assert_marks() {
	assert_equal "$(cat "$REFRESH")" "$1"
}

# Back to no mark at all.
consume_marks() {
	cat "$MNT/$BUCKET"/stats_*.json >/dev/null
	assert_marks ''
}

# The command, after no mark, leaves these.
marks_of() {
	local expected=$1

	shift
	consume_marks
	"$@" >/dev/null 2>&1 || fail "status $?: $*"
	assert_marks "$expected"
}

# The command is refused with EINVAL and changes nothing.
assert_refused() {
	run ! "$@"
	[[ $output == *'Invalid argument'* ]] || fail "$*: $output"
}

assert_open_costs() {
	forget_requests
	cat "$(stats_file "$1")" >/dev/null
	assert_equal "$(requests LIST)/$(requests GET)/$(requests HEAD)/$(requests PUT)" "$2"
}

# --- refresh: the command ------------------------------------------------------------

@test "refresh: words, blanks and empty lines, from bash" {
	local text

	given
	assert_marks ''
	for text in all 1 '' ' ' $'\t all \n' 'quick sampled detailed' \
		' detailed  quick sampled ' $'quick\nsampled\ndetailed'; do
		marks_of "$ALL" bash -c 'echo "$1" >"$0"' "$REFRESH" "$text"
		marks_of "$ALL" bash -c 'printf "%s " "$1" >"$0"' "$REFRESH" "$text"
	done
	marks_of quick bash -c 'echo quick >"$0"' "$REFRESH"
	marks_of sampled bash -c 'echo sampled >"$0"' "$REFRESH"
	marks_of detailed bash -c 'echo detailed >"$0"' "$REFRESH"
	marks_of 'quick detailed' bash -c 'echo detailed quick detailed >"$0"' "$REFRESH"
}

@test "refresh: from dash, tee, dd, cp, busybox and python, with > and >>" {
	local file=$BATS_TEST_TMPDIR/command

	given
	echo sampled >"$file"
	marks_of quick dash -c 'echo quick >"$0"' "$REFRESH"
	marks_of quick dash -c 'echo quick >>"$0"' "$REFRESH"
	marks_of quick dash -c 'printf quick >"$0"' "$REFRESH"
	marks_of "$ALL" dash -c 'echo >"$0"' "$REFRESH"
	marks_of detailed bash -c 'echo detailed >>"$0"' "$REFRESH"
	marks_of detailed bash -c 'printf detailed >>"$0"' "$REFRESH"
	marks_of sampled bash -c 'tee "$0" <"$1"' "$REFRESH" "$file"
	marks_of sampled bash -c 'tee -a "$0" <"$1"' "$REFRESH" "$file"
	marks_of sampled dd if="$file" of="$REFRESH"
	marks_of sampled dd if="$file" of="$REFRESH" conv=notrunc oflag=append
	marks_of sampled dd if="$file" of="$REFRESH" bs=1M conv=fsync
	marks_of sampled dd if="$file" of="$REFRESH" seek=3 conv=notrunc
	marks_of sampled cp "$file" "$REFRESH"
	marks_of sampled busybox cp "$file" "$REFRESH"
	marks_of sampled busybox sh -c 'echo sampled >"$0"' "$REFRESH"
	marks_of sampled python3 -c 'import sys; open(sys.argv[1], "w").write("sampled")' \
		"$REFRESH"
}

@test "refresh: commands add up, and one handle may give several" {
	given
	consume_marks
	{
		echo quick
		echo detailed
	} >"$REFRESH"
	assert_marks 'quick detailed'
	echo sampled >>"$REFRESH"
	assert_marks "$ALL"
}

@test "refresh: touch is all; times of a copied file, truncation and open are nothing" {
	local file=$BATS_TEST_TMPDIR/command

	given
	echo sampled >"$file"
	touch -d '2020-01-01' "$file"
	marks_of "$ALL" touch "$REFRESH"
	marks_of "$ALL" touch -c "$REFRESH"
	marks_of "$ALL" busybox touch "$REFRESH"
	marks_of "$ALL" python3 -c 'import os, sys; os.utime(sys.argv[1])' "$REFRESH"
	marks_of '' touch -d '2020-01-01' "$REFRESH"
	marks_of '' touch -r "$file" "$REFRESH"
	marks_of sampled cp --preserve=timestamps "$file" "$REFRESH"
	marks_of '' truncate -s 0 "$REFRESH"
	marks_of '' truncate -s 100 "$REFRESH"
	marks_of '' bash -c ': >"$0"; : >>"$0"; : <>"$0"' "$REFRESH"
	marks_of '' bash -c 'printf "" >"$0"' "$REFRESH"
	marks_of '' cp /dev/null "$REFRESH"
	marks_of '' cat "$REFRESH"
}

@test "refresh: what is no command is EINVAL from write, and changes nothing" {
	local text

	given
	consume_marks
	echo quick >"$REFRESH"
	for text in nonsense 'detailed nonsense' Quick quickk qui 2 0 quick,sampled all,1 \
		$'quick\x01' é $'\xff' '-n' '*' "$(printf 'quick %.0s' {1..100000})x"; do
		printf '%s\n' "$text" >"$BATS_TEST_TMPDIR/bad"
		assert_refused tee "$REFRESH" <"$BATS_TEST_TMPDIR/bad"
		assert_refused dd bs=1M if="$BATS_TEST_TMPDIR/bad" of="$REFRESH"
		assert_refused cp "$BATS_TEST_TMPDIR/bad" "$REFRESH"
		assert_marks quick
	done
	assert_refused bash -c 'echo nonsense >"$0"' "$REFRESH"
	assert_refused bash -c 'echo nonsense >>"$0"' "$REFRESH"
	assert_refused bash -c 'printf nonsense >"$0"' "$REFRESH"
	assert_refused bash -c 'printf "all\0" >"$0"' "$REFRESH"
	run ! dash -c 'echo nonsense >"$0"' "$REFRESH"
	assert_marks quick
}

# --- refresh: what it does -----------------------------------------------------------

# A document that is valid, and untrue in a way that nobody can notice: the figures fit
# each other.
falsified() {
	jq '.stats |= (.total_size = ("9\(.total_size)" | tonumber)
		| .space_saved = .total_size - .compressed_size
		| .average_compression_ratio = .space_saved / .total_size)'
}

falsify() {
	curl -sS --fail "$ENDPOINT/bkt/$(cache_key "$1")" | falsified |
		curl -sS --fail -X PUT --data-binary @- "$ENDPOINT/bkt/$(cache_key "$1")"
	assert_equal "$(field "$1" .stats.total_size | cut -c 1)" 9
}

@test "refresh: the next open of that mode recomputes and rewrites what is valid" {
	given
	consume_marks
	falsify detailed
	falsify quick
	echo detailed >"$REFRESH"
	assert_open_costs detailed 1/0/3/1
	assert_marks ''
	assert_right detailed
	# the other mode was not asked for
	assert_open_costs quick 1/1/0/0
	run ! assert_right quick
	assert_open_costs detailed 1/1/0/0
}

@test "refresh: on the real gateway, seen by another mount" {
	local other=$BATS_TEST_TMPDIR/b

	new_bucket
	s3 put "$BUCKET" x.delta 10 dg-file-size=100
	mount_fs
	MNT=$other LOG=$other.log mount_fs
	assert_right
	cached detailed | falsified | put_cached detailed
	assert_equal "$(jq .stats.total_size "$other/$BUCKET/stats_detailed.json")" 9100
	echo detailed >"$MNT/$BUCKET/refresh"
	assert_right
	assert_equal "$(jq .stats.total_size "$other/$BUCKET/stats_detailed.json")" 100
}

@test "refresh: a recomputation that fails leaves the mark" {
	given -o retries=0
	consume_marks
	echo all >"$REFRESH"
	fault '{"class": "LIST", "status": 500}'
	run ! cat "$(stats_file detailed)"
	assert_marks "$ALL"
	stub_ctl DELETE faults
	fault '{"class": "HEAD", "status": 500}'
	run ! cat "$(stats_file detailed)"
	assert_marks "$ALL"
	stub_ctl DELETE faults
	assert_open_costs detailed 1/0/3/1
	assert_marks 'quick sampled'
}

@test "refresh: a PUT that fails clears the mark" {
	given -o retries=0
	consume_marks
	echo all >"$REFRESH"
	fault '{"class": "PUT", "status": 500}'
	assert_open_costs detailed 1/0/3/1
	assert_marks 'quick sampled'
}

@test "refresh: with cache=ro and off it recomputes and writes nothing" {
	local policy

	given
	consume_marks
	for policy in ro off; do
		unmount_fs
		mount_fs -o cache=$policy
		cat "$(stats_file detailed)" >/dev/null
		echo detailed >"$REFRESH"
		assert_open_costs detailed 1/0/3/0
		assert_marks ''
	done
}

@test "refresh: of one bucket, not of others" {
	given
	stub_ctl PUT bucket/two "$objects"
	consume_marks
	cat "$MNT/two/stats_quick.json" >/dev/null
	echo all >"$REFRESH"
	assert_equal "$(cat "$MNT/two/refresh")" ''
	forget_requests
	cat "$MNT/two/stats_quick.json" >/dev/null
	assert_equal "$(requests PUT)" 0
}

@test "refresh: writing and reading it return at once while a sweep goes on" {
	given
	fault '{"class": "HEAD", "gate": "head"}'
	in_background cat "$(stats_file detailed)" >/dev/null
	local reader=$!
	wait_for_gate head
	timeout 10 bash -c 'echo all >"$0"; cat "$0"; touch "$0"' "$REFRESH"
	open_gate head
	wait "$reader"
}

@test "refresh: an open after the mark gets no result of a sweep begun before it" {
	given
	fault '{"class": "HEAD", "times": 3, "gate": "head"}'
	in_background cat "$(stats_file detailed)" >"$BATS_TEST_TMPDIR/before"
	local before=$!
	wait_for_gate head 3
	# invisible to LIST: only a new sweep can see it
	fault '{"class": "HEAD", "path": "/b/1", "set_headers":
		{"x-amz-meta-dg-file-size": "1300"}}'
	echo detailed >"$REFRESH"
	in_background cat "$(stats_file detailed)" >"$BATS_TEST_TMPDIR/after"
	local after=$!
	open_gate head
	wait "$before" "$after"
	assert_equal "$(jq .stats.total_size "$BATS_TEST_TMPDIR/after")" 1605
	assert_equal "$(requests HEAD)" 6
	assert_marks ''
}

@test "refresh: a second mark during a recomputation counts" {
	given
	consume_marks
	forget_requests
	echo detailed >"$REFRESH"
	fault '{"class": "HEAD", "times": 3, "gate": "head"}'
	in_background cat "$(stats_file detailed)" >/dev/null
	local reader=$!
	wait_for_gate head 3
	echo detailed >"$REFRESH"
	open_gate head
	wait "$reader"
	assert_marks detailed
	assert_open_costs detailed 1/0/3/1
	assert_marks ''
}

# --- nocache ---------------------------------------------------------------------------

@test "nocache: its words, from every program, and what reading it shows" {
	local word file=$BATS_TEST_TMPDIR/command

	given
	assert_equal "$(cat "$NOCACHE")" 0
	for word in 1 y yes on true; do
		echo "$word" >"$NOCACHE"
		assert_equal "$(od -c -An "$NOCACHE" | tr -d ' ')" '1\n'
		printf ' 0\t' >>"$NOCACHE"
		assert_equal "$(od -c -An "$NOCACHE" | tr -d ' ')" '0\n'
	done
	for word in 0 n no off false; do
		dash -c 'echo 1 >"$0"' "$NOCACHE"
		assert_equal "$(cat "$NOCACHE")" 1
		echo "$word" | tee "$NOCACHE" >/dev/null
		assert_equal "$(cat "$NOCACHE")" 0
	done
	echo yes >"$file"
	dd if="$file" of="$NOCACHE" 2>/dev/null
	assert_equal "$(cat "$NOCACHE")" 1
	printf no >"$file"
	cp "$file" "$NOCACHE"
	assert_equal "$(cat "$NOCACHE")" 0
}

@test "nocache: what is no command is EINVAL; touch and truncate change nothing" {
	local text value

	given
	for value in 0 1; do
		echo $value >"$NOCACHE"
		for text in '' ' ' 2 -1 maybe Yes ON 01 '1 1' '1 0' 'yes please' all \
			$'1\x01' $'\xff'; do
			printf '%s\n' "$text" >"$BATS_TEST_TMPDIR/bad"
			assert_refused tee "$NOCACHE" <"$BATS_TEST_TMPDIR/bad"
			assert_refused cp "$BATS_TEST_TMPDIR/bad" "$NOCACHE"
			assert_equal "$(cat "$NOCACHE")" $value
		done
		assert_refused bash -c 'echo maybe >"$0"' "$NOCACHE"
		assert_refused bash -c 'printf "1\0" >>"$0"' "$NOCACHE"
		run ! dash -c 'echo maybe >"$0"' "$NOCACHE"
		touch "$NOCACHE"
		touch -d 2020-01-01 "$NOCACHE"
		truncate -s 0 "$NOCACHE"
		truncate -s 100 "$NOCACHE"
		: >"$NOCACHE"
		assert_equal "$(cat "$NOCACHE")" $value
	done
}

@test "nocache: every open computes, and neither reads nor writes the cache" {
	given
	assert_right detailed
	falsify detailed
	echo 1 >"$NOCACHE"
	assert_open_costs detailed 1/0/3/0
	assert_open_costs detailed 1/0/3/0
	assert_right detailed
	assert_open_costs quick 1/0/0/0
	run ! curl -sS --fail "$ENDPOINT/bkt/$(cache_key quick)"
	echo 0 >"$NOCACHE"
	assert_open_costs quick 1/1/0/1
}

@test "nocache: off again, a valid document in the bucket is shown and not overwritten" {
	given
	assert_right detailed
	falsify detailed
	echo 1 >"$NOCACHE"
	assert_right detailed
	echo 0 >"$NOCACHE"
	assert_open_costs detailed 1/1/0/0
	assert_equal "$(field detailed .stats.total_size | cut -c 1)" 9
}

@test "nocache: on the real gateway, one bucket's alone, and forgotten at unmount" {
	local first

	new_bucket
	first=$BUCKET
	s3 put "$BUCKET" x.delta 10 dg-file-size=100
	new_bucket
	s3 put "$BUCKET" y.delta 10 dg-file-size=200
	start_proxy
	mount_fs
	cat "$(stats_file detailed)" >/dev/null
	echo 1 >"$MNT/$first/nocache"
	assert_equal "$(cat "$(dirname "$(stats_file quick)")/nocache")" 0
	assert_open_costs detailed 1/1/0/0
	BUCKET=$first
	assert_open_costs detailed 1/0/1/0
	assert_open_costs detailed 1/0/1/0
	assert_right
	unmount_fs
	mount_fs
	assert_equal "$(cat "$MNT/$first/nocache")" 0
	assert_open_costs detailed 1/1/1/1
}

@test "nocache: with a mark too, the mark is cleared and nothing is written" {
	given
	echo 1 >"$NOCACHE"
	echo detailed >"$REFRESH"
	assert_open_costs detailed 1/0/3/0
	assert_marks ''
}
