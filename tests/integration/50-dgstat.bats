#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# dgstat: the same figures, cache and errors as a mount's, without one.

load lib
load mounts
load alpha

all_requests() {
	echo "$(requests LIST)/$(requests HEAD)/$(requests GET)/$(requests PUT)"
}

# It fails, says this on standard error, and prints nothing but that.
assert_fails() {
	local status=$1 regex=$2 got=0

	shift 2
	"$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || got=$?
	assert_equal "$got $(<"$BATS_TEST_TMPDIR/out")" "$status "
	[[ $(<"$BATS_TEST_TMPDIR/err") =~ $regex ]] || fail "$(<"$BATS_TEST_TMPDIR/err")"
}

@test "dgstat: the document is the mount's, byte for byte, from one cache" {
	local mode

	new_bucket
	s3 <<-END
		put $BUCKET v/reference.bin 500
		put $BUCKET v/1.delta 10 dg-file-size=600
		put $BUCKET v/2.delta 20 dg-file-size=700
		put $BUCKET file 5
	END
	dgstat --document "$BUCKET" >"$BATS_TEST_TMPDIR/quick"
	dgstat --document --detailed "s3://$BUCKET/" >"$BATS_TEST_TMPDIR/detailed"
	mount_fs
	for mode in quick detailed; do
		cmp "$BATS_TEST_TMPDIR/$mode" "$MNT/$BUCKET/stats_$mode.json"
	done
	cat "$MNT/$BUCKET/stats_sampled.json" >"$BATS_TEST_TMPDIR/sampled"
	dgstat --document --sampled "$BUCKET" | cmp - "$BATS_TEST_TMPDIR/sampled"
	assert_equal "$(dgstat --json --detailed "$BUCKET" | jq -S .)" \
		"$(jq -S .stats "$BATS_TEST_TMPDIR/detailed")"
	run -0 dgstat --detailed "$BUCKET"
	[[ ${lines[5]} =~ ^Original\ size:\ +1\.27\ KiB\ \(1,305\ bytes\)$ ]]
	[[ ${lines[8]} =~ ^Compression\ ratio:\ +59\.0%$ ]]
}

@test "dgstat: all buckets, or several, are a table with totals" {
	given_stub
	run -0 dgstat --bytes --detailed
	assert_equal "$(tr -s ' ' <<<"$output")" "bucket objects deltas direct original stored saved ratio
alpha 11 10 1 12005 1105 10900 90.8%
beta 1 0 1 2048 2048 0 0.0%
total 12 10 2 14053 3153 10900 77.6%"
	run -0 dgstat --sort=stored alpha beta
	assert_equal "${lines[*]%% *}" 'bucket beta alpha total'
	assert_equal "$(dgstat --json-lines beta alpha | jq -r .bucket | xargs)" 'beta alpha'
	assert_equal "$(dgstat --json | jq -c 'map(.object_count)')" '[11,1]'
	assert_equal "$(dgstat --json alpha | jq -c .object_count)" 11
}

@test "dgstat: the tree of prefixes is the mount's, byte for byte, from one cache" {
	given_stub
	mount_fs
	dgstat --prefixes alpha | cmp - "$MNT/alpha/prefixes.json"
	dgstat --ncdu alpha | cmp - "$MNT/alpha/prefixes.ncdu.json"
	dgstat --ncdu alpha | ncdu -f- -o - >/dev/null
	assert_equal "$(dgstat --prefixes | jq -rs '[.[].bucket] | join(" ")')" 'alpha beta'
	assert_equal "$(dgstat --prefixes=0 --no-cache alpha |
		jq -c '[.prefix_depth, .nodes, (.tree | has("children"))]')" '[0,1,false]'
	assert_equal "$(dgstat --ncdu --prefix-depth=1 --prefix-nodes=7 --no-cache alpha |
		jq length)" 4
	assert_fails 2 'prefix_depth: "deep"' dgstat --prefixes=deep alpha
	assert_fails 2 'more than one of' dgstat --prefixes --sampled alpha
	assert_fails 2 'in no other form' dgstat --ncdu --json alpha
}

@test "dgstat: a second call asks for the listing and the document alone" {
	given_stub
	dgstat --detailed alpha >/dev/null
	forget_requests
	dgstat --detailed alpha >/dev/null
	assert_equal "$(all_requests)" 1/0/1/0
	forget_requests
	dgstat --detailed --refresh alpha >/dev/null
	assert_equal "$(all_requests)" 1/10/0/1
	forget_requests
	dgstat --detailed --no-cache alpha >/dev/null
	assert_equal "$(all_requests)" 1/10/0/0
	run -0 --separate-stderr dgstat -v alpha
	# shellcheck disable=SC2154 # bats sets it
	[[ $stderr == 'alpha: computed (absent): 1 LIST, 0 HEAD, 1 GET, 1 PUT, '* ]]
	[[ $stderr != *cost* ]]
	run -0 --separate-stderr dgstat -v --price-list=5 --price-head=0.4 alpha
	[[ $stderr == 'alpha: hit: 1 LIST, 0 HEAD, 1 GET, 0 PUT, '*', costs 0.0054' ]]
}

@test "dgstat: what fails is named and no figure, the others are printed, exit 1" {
	given_stub
	assert_fails 1 'gamma.*NoSuchBucket' dgstat gamma
	run -1 --separate-stderr dgstat alpha gamma beta
	assert_equal "$(tr -s ' ' <<<"${lines[2]} ${lines[4]}")" \
		'gamma - - - - - - - total - - - - - - -'
	assert_fails 1 'gamma.*NoSuchBucket' dgstat --log-file="$LOG" gamma
	run -1 --separate-stderr dgstat --json-lines alpha gamma beta
	assert_equal "$(jq -r .bucket <<<"$output" | xargs)" 'alpha beta'
	fault '{"class": "HEAD", "status": 403}'
	assert_fails 1 'alpha.*detailed.*403' dgstat --detailed --json alpha
	assert_fails 1 'Connection refused' dgstat --endpoint-url=http://127.0.0.1:1 alpha
	ENDPOINT=$S3_ENDPOINT
	AWS_SECRET_ACCESS_KEY=wrong assert_fails 1 SignatureDoesNotMatch dgstat
	unset AWS_SECRET_ACCESS_KEY AWS_ACCESS_KEY_ID
	assert_fails 1 'no keys|credentials' dgstat alpha
}

@test "dgstat: --integrity names what is wrong, at no request more" {
	start_stub
	stub_ctl PUT bucket/alpha '[{"key": "a/1\n.delta", "size": 10, "meta": {"dg-file-size": "9"}},
		{"key": "a/2.delta", "size": 20}, {"key": "b/reference.bin", "size": 500},
		{"key": "c/1.delta", "size": 0}, {"key": "c/reference.bin", "size": 50}]'
	stub_ctl PUT bucket/beta '[{"key": "a", "size": 2048}]'
	local unknown="deltas not smaller than their original: not known without --detailed --refresh"
	run -0 --separate-stderr dgstat --integrity alpha beta
	assert_equal "$(all_requests)" 2/0/2/2
	assert_equal "$output" "\
alpha: deltas without a reference, which can't be restored: 2, 30 bytes
  a/1\x0a.delta
  a/2.delta
alpha: references without a delta: 1, 500 bytes
  b/reference.bin
alpha: deltas of no bytes, which can't be restored: 1, 0 bytes
  c/1.delta
alpha: $unknown
beta: nothing found
beta: $unknown"
	run -0 --separate-stderr dgstat --integrity --detailed alpha
	assert_equal "$(sed -n '/not smaller/,$p' <<<"$output")" "\
alpha: deltas not smaller than their original: 1, 10 bytes
  a/1\x0a.delta"
	# a hit: no HEAD tells it
	run -0 --separate-stderr dgstat --integrity --detailed alpha
	assert_equal "$(tail -n 1 <<<"$output")" "alpha: $unknown"
	assert_equal "$(dgstat --integrity --json alpha | jq -c '[.bucket, .integrity.objects,
		.integrity.deltaspaces.deltas_without_reference]')" \
		'["alpha",{"deltas_without_reference":2,"orphaned_references":1,"empty_deltas":1,"deltas_not_smaller":null},[{"objects":2,"key":"a/1\n.delta","is_url_encoded":false,"is_cut":false}]]'
	assert_equal "$(dgstat --integrity --json alpha | jq -c .integrity.keys)" \
		'{"deltas_without_reference":[{"key":"a/1\n.delta","is_url_encoded":false},{"key":"a/2.delta","is_url_encoded":false}],"orphaned_references":[{"key":"b/reference.bin","is_url_encoded":false}],"empty_deltas":[{"key":"c/1.delta","is_url_encoded":false}],"deltas_not_smaller":null}'
	assert_equal "$(dgstat --integrity --json | jq -c 'map(.bucket)')" '["alpha","beta"]'
	assert_fails 2 'no --json-lines' dgstat --integrity --json-lines alpha
}

@test "dgstat: --integrity lists every key, however many pages, deltaspaces and ranges" {
	start_stub
	stub_ctl PATCH settings '{"page_size": 100}'
	stub_ctl PUT bucket/alpha '[{"key": "%05d/1.delta", "count": 10050, "size": 3},
		{"key": "flat/%04d.delta", "count": 1500, "size": 0},
		{"key": "whole/%04d.delta", "count": 1500, "size": 9},
		{"key": "whole/reference.bin", "size": 10}, {"key": "zz/reference.bin", "size": 1}]'
	run -0 --separate-stderr dgstat --integrity alpha
	{
		echo "alpha: deltas without a reference, which can't be restored: 11,550, 30,150 bytes"
		printf '  %05d/1.delta\n' {0..10049}
		printf '  flat/%04d.delta\n' {0..1499}
		echo 'alpha: references without a delta: 1, 1 bytes'
		echo '  zz/reference.bin'
		echo "alpha: deltas of no bytes, which can't be restored: 1,500, 0 bytes"
		printf '  flat/%04d.delta\n' {0..1499}
	} >"$BATS_TEST_TMPDIR/expected"
	diff "$BATS_TEST_TMPDIR/expected" <(head -n -1 <<<"$output")
	dgstat --integrity --json alpha >"$BATS_TEST_TMPDIR/out"
	assert_equal "$(jq -c '.integrity | [.deltaspaces, .keys | .deltas_without_reference | length]' \
		"$BATS_TEST_TMPDIR/out")" '[10000,11550]'
}

@test "dgstat: output that can't be written is a failure" {
	given_stub
	local program option

	run -1 --separate-stderr bash -c '"$1" --endpoint-url="$2" alpha >/dev/full' _ \
		"${DGSTATFS%fs}" "$ENDPOINT"
	assert_equal "$stderr" 'dgstat: standard output: No space left on device'
	for option in --json --json-lines --document --prefixes --ncdu --integrity --cache --cache-clear; do
		run -1 --separate-stderr bash -c '"$1" --endpoint-url="$2" "$3" alpha >/dev/full' _ \
			"${DGSTATFS%fs}" "$ENDPOINT" "$option"
		assert_equal "$stderr" 'dgstat: standard output: No space left on device'
	done
	run -1 --separate-stderr bash -c '"$1" --endpoint-url="$2" alpha >&-' _ \
		"${DGSTATFS%fs}" "$ENDPOINT"
	assert_equal "$stderr" 'dgstat: standard output: Bad file descriptor'
	for program in "${DGSTATFS%fs}" "$DGSTATFS"; do
		for option in --help --version --explain; do
			run -1 bash -c '"$1" "$2" -o endpoint_url="$3" >/dev/full' _ \
				"$program" "$option" "$ENDPOINT"
		done
	done
}

@test "dgstat: a document is stored, however long that takes, unless one has enough" {
	given_stub
	fault '{"class": "PUT", "gate": "put"}'
	in_background "${DGSTATFS%fs}" --endpoint-url="$ENDPOINT" alpha >"$BATS_TEST_TMPDIR/out"
	at_end end_process $!
	wait_for_gate put
	# it is printed 2 s later
	wait_until grep -q Compression "$BATS_TEST_TMPDIR/out"
	sleep 0.3
	kill -0 $!
	open_gate put
	ends_with $! 0
	curl -sSf -o "$BATS_TEST_TMPDIR/cached" "$ENDPOINT/alpha/.deltaglider/stats_quick.json"
	stub_ctl DELETE faults
	fault '{"class": "PUT", "gate": "more"}'
	in_background env --default-signal=INT "${DGSTATFS%fs}" --endpoint-url="$ENDPOINT" \
		beta >"$BATS_TEST_TMPDIR/out"
	wait_for_gate more
	wait_until grep -q Compression "$BATS_TEST_TMPDIR/out"
	kill -INT $!
	ends_with $! 130
}

@test "dgstat: wrong usage is exit 2" {
	assert_fails 2 'more than one of' dgstat --quick --detailed alpha
	assert_fails 2 'both --refresh and --no-cache' dgstat --refresh --no-cache alpha
	assert_fails 2 'more than one of' dgstat --json --document alpha
	local form
	for form in --document --integrity; do
		assert_fails 2 'no --bytes and no --sort' dgstat "$form" --bytes alpha
		assert_fails 2 'no --bytes and no --sort' dgstat --sort=name "$form" alpha
	done
	assert_fails 2 'unknown option nonsense' dgstat --nonsense
	assert_fails 2 'unknown option allow-other' dgstat --allow-other
	assert_fails 2 'is not name, objects' dgstat --sort=age
	assert_fails 2 'is not the name of a bucket' dgstat ab
	run -0 dgstat --help
	[[ $output == 'usage: dgstat '* && $output == *--json-lines* && $output != *allow_other* ]]
}

@test "dgstat: s3://BUCKET and s3://BUCKET/ are the bucket; a prefix, or no name, is refused" {
	local operand

	start_stub
	stub_bucket one
	for operand in one one/ s3://one s3://one/; do
		assert_equal "$(dgstat --json "$operand" | jq -r .bucket)" one
	done
	for operand in s3://one/v s3://one/v/ s3://one/v/w.delta s3://one// one/v; do
		assert_fails 2 'is no whole bucket' dgstat --json "$operand"
	done
	for operand in '' / s3:// s3:/// s3:////; do # s3://$BUCKET/, and BUCKET is not set
		assert_fails 2 'names no bucket' dgstat --json "$operand"
	done
	assert_equal "$(requests LIST)" 4
}

@test "dgstat: Ctrl-C ends it with 130, and nothing is cached" {
	local signal

	given_stub
	fault '{"class": "HEAD", "gate": "heads"}'
	for signal in INT:130 TERM:143; do
		in_background env --default-signal=INT "${DGSTATFS%fs}" --detailed \
			--endpoint-url="$ENDPOINT" alpha >"$BATS_TEST_TMPDIR/out"
		wait_for_gate heads
		kill "-${signal%:*}" $!
		within 100 ends_with $! "${signal#*:}"
		assert_equal "$(<"$BATS_TEST_TMPDIR/out")" ''
		stub_ctl DELETE faults
		fault '{"class": "HEAD", "gate": "heads"}'
	done
	assert_equal "$(requests PUT)" 0
}

ends_with() {
	local status=0

	wait "$1" || status=$?
	[[ $status == "$2" ]] || fail "$status, not $2"
}

@test "dgstat: progress is shown on a terminal, is gone at the end, and not with -q" {
	given_stub
	fault '{"class": "HEAD", "gate": "heads"}'
	in_background env script -qefc "'${DGSTATFS%fs}' --detailed --endpoint-url='$ENDPOINT' alpha" \
		"$BATS_TEST_TMPDIR/typescript" >/dev/null </dev/null
	at_end end_process $!
	wait_until grep -qs '12 objects on 1 pages.*HEADs 0 of 10' "$BATS_TEST_TMPDIR/typescript"
	open_gate heads
	wait_until grep -q 'Compression ratio' "$BATS_TEST_TMPDIR/typescript"
	# what a terminal shows of that line in the end
	run -1 grep HEADs <(sed 's/.*\x1b\[K//' "$BATS_TEST_TMPDIR/typescript")
	run -0 --separate-stderr dgstat --no-cache --detailed alpha
	assert_equal "$stderr" ''
}

# on_terminal ASSIGNMENT ARGUMENT...: what dgstat prints there, "<b>" where bold begins.
on_terminal() {
	env "$1" script -qec "'${DGSTATFS%fs}' -q --endpoint-url='$ENDPOINT' ${*:2}" /dev/null </dev/null |
		sed 's/\x1b\[1m/<b>/g; s/\x1b\[0m//g; s/\r$//'
}

@test "dgstat: titles are bold on a terminal, unless NO_COLOR is set" {
	local bold

	given_stub
	for bold in A=b:'<b>' NO_COLOR=:'<b>' NO_COLOR=1: NO_COLOR=0:; do
		assert_equal "$(on_terminal "${bold%%:*}" alpha | head -n 1)" "${bold#*:}alpha (quick)"
		assert_equal "$(on_terminal "${bold%%:*}" | head -n 1 | tr -s ' ')" \
			"${bold#*:}bucket objects deltas direct original stored saved ratio"
	done
	assert_equal "$(dgstat alpha | head -n 1)" 'alpha (quick)'
}

@test "dgstat: --bytes are exact bytes alone, of one bucket, in a table, and of what is cached" {
	given_stub
	assert_equal "$(dgstat --bytes alpha | grep size | tr -s ' ')" 'Original size: 10005
Stored size: 1105'
	assert_equal "$(dgstat --bytes alpha beta | tr -s ' ' | cut -d ' ' -f 1,5-7)" 'bucket original stored saved
alpha 10005 1105 8900
beta 2048 2048 0
total 12053 3153 8900'
	[[ $(dgstat --cache --bytes alpha) == *' 1024  valid'* ]]
}

@test "dgstat is linked without libfuse, and explains itself" {
	run -0 ldd "${DGSTATFS%fs}"
	[[ $output != *fuse* && $output == *curl* ]]
	start_stub
	stub_bucket bkt
	run -0 dgstat --explain bkt
	[[ $output == *dgstat* ]]
}

@test "dgstat: --sort by each column, the largest first, and names from a to z" {
	local order

	start_stub
	# objects 1, 2, 3; stored 30, 20, 10; original 30, 45, 40; saved 0, 25, 30
	stub_ctl PUT bucket/ccc '[{"key": "x", "size": 30}]'
	stub_ctl PUT bucket/aaa '[{"key": "r/%d.delta", "count": 2, "size": 10,
		"meta": {"dg-file-size": "22"}}]'
	stub_ctl PUT bucket/bbb '[{"key": "r/%d.delta", "count": 3, "size": 3,
		"meta": {"dg-file-size": "13"}}]'
	for order in name:'aaa bbb ccc' objects:'bbb aaa ccc' original:'aaa bbb ccc' \
		stored:'ccc aaa bbb' saved:'bbb aaa ccc' ratio:'bbb aaa ccc'; do
		assert_equal "${order%%:*}:$(dgstat --detailed --json-lines --sort="${order%%:*}" \
			ccc aaa bbb | jq -r .bucket | xargs)" "$order"
	done
	assert_equal "$(dgstat --json-lines ccc aaa bbb | jq -r .bucket | xargs)" 'ccc aaa bbb'
}

@test "dgstat: --json has the eight members of upstream's, in that order" {
	given_stub
	assert_equal "$(dgstat --detailed --json alpha | jq -c .)" \
		'{"bucket":"alpha","object_count":11,"total_size":12005,"compressed_size":1105,"space_saved":10900,"average_compression_ratio":0.9079550187421908,"delta_objects":10,"direct_objects":1}'
	assert_equal "$(dgstat --detailed --json-lines alpha | jq -c .)" \
		"$(dgstat --detailed --json alpha | jq -c .)"
}

# What upstream's command line prints, in its order, and where we have it.
@test "dgstat: each line that upstream prints has its counterpart" {
	start_stub
	stub_ctl PUT bucket/big '[{"key": "v/reference.bin", "size": 1048576},
		{"key": "v/%04d.delta", "count": 1234, "size": 1024, "meta": {"dg-file-size": "1048576"}},
		{"key": "readme", "size": 500}]'
	run -0 dgstat --detailed s3://big/
	assert_equal "$(tr -s ' ' <<<"$output")" 'big (detailed)
============================================================
Objects: 1,235
 deltas: 1,234
 direct: 1
Original size: 1.21 GiB (1,293,943,284 bytes)
Stored size: 2.21 MiB (2,312,692 bytes)
Space saved: 1.20 GiB (1,291,630,592 bytes)
Compression ratio: 99.8%'
}

# run_until_gate CLASS ARGUMENT...: in the background, until such a request hangs.
run_until_gate() {
	stub_ctl DELETE faults
	fault "{\"class\": \"$1\", \"gate\": \"$1\"}"
	in_background env --default-signal=INT "${DGSTATFS%fs}" --endpoint-url="$ENDPOINT" \
		"${@:2}" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	wait_for_gate "$1"
}

@test "dgstat: Ctrl-C ends it within 100 ms, whatever it waits for" {
	given_stub
	run_until_gate BUCKETS --json
	kill -INT $!
	within 100 ends_with $! 130
	run_until_gate LIST --json alpha beta
	kill -INT $!
	within 100 ends_with $! 130
	assert_equal "$(cat "$BATS_TEST_TMPDIR"/{out,err})" ''
	run_until_gate GET --cache alpha
	kill -INT $!
	within 100 ends_with $! 130
	run_until_gate GET --cache-clear alpha
	kill -INT $!
	within 100 ends_with $! 130
	run_until_gate LIST --explain alpha
	kill -INT $!
	within 100 ends_with $! 130
}

@test "dgstat: Ctrl-C ends it while nobody reads what it prints" {
	local option

	given_stub
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	exec {PIPE}<>"$BATS_TEST_TMPDIR/pipe"
	head -c 65536 /dev/zero >&"$PIPE" # as much as it holds
	for option in --json --explain; do
		in_background env --default-signal=INT "${DGSTATFS%fs}" --endpoint-url="$ENDPOINT" \
			"$option" alpha >&"$PIPE"
		if ((EUID == 0)); then # nobody else is told
			wait_until grep -q pipe_write "/proc/$!/wchan" "/proc/$!/stack"
		fi
		kill -INT $!
		within 100 ends_with $! 130
	done
}

# broken_pipe [ignored]: exit status, and what is on standard error.
broken_pipe() {
	python3 - "${DGSTATFS%fs}" "$ENDPOINT" "$@" <<-'END'
		import os, signal, subprocess, sys
		reader, writer = os.pipe()
		os.close(reader)
		if "ignored" in sys.argv:
		    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
		done = subprocess.run([sys.argv[1], f"--endpoint-url={sys.argv[2]}", "--json", "alpha"],
		                      stdout=writer, stderr=subprocess.PIPE, text=True,
		                      restore_signals="ignored" not in sys.argv)
		print(done.returncode, done.stderr.strip())
	END
}

@test "dgstat: who reads no more ends it as any program; where that is ignored, it says so" {
	given_stub
	assert_equal "$(broken_pipe)" '-13 '
	assert_equal "$(broken_pipe ignored)" '1 dgstat: standard output: Broken pipe'
}

# fails_in_each_form REGEX: exit 1, the reason on standard error, and no figures at all.
fails_in_each_form() {
	local form

	for form in --bytes --json --json-lines --document --prefixes --ncdu --integrity \
		'--integrity --json' --sampled '--detailed --json'; do
		# shellcheck disable=SC2086 # words
		assert_fails 1 "$1" dgstat --retries=0 $form alpha
	done
}

@test "dgstat: a failure is said in each form, with exit 1, and is never shown as zeros" {
	given_stub
	stub_ctl DELETE bucket/alpha
	fails_in_each_form 'bucket=alpha .*NoSuchBucket'
	given_stub
	fault '{"class": "LIST", "status": 403, "code": "InvalidAccessKeyId"}'
	fails_in_each_form 'bucket=alpha .*InvalidAccessKeyId.*\(Permission denied\)'
	ENDPOINT=http://127.0.0.1:1
	fails_in_each_form 'bucket=alpha .*\(Connection refused\)'
}

@test "dgstat: a refused HEAD, and one of several buckets that is refused" {
	local form

	given_stub
	fault '{"class": "HEAD", "status": 403, "code": "AccessDenied"}'
	for form in --sampled --detailed '--detailed --json' '--detailed --integrity --refresh'; do
		# shellcheck disable=SC2086 # words
		assert_fails 1 'bucket=alpha .*HEAD alpha/r/00.*403' dgstat $form alpha
	done
	fault '{"path": "^/beta", "status": 403, "code": "AccessDenied"}'
	run -1 --separate-stderr dgstat --json # all
	assert_equal "$(jq -c 'map(.bucket)' <<<"$output")" '["alpha"]'
	run -1 --separate-stderr dgstat
	assert_equal "$(awk '{ print $1, $2 }' <<<"$output" | xargs)" 'bucket objects alpha 11 beta - total -'
	run -1 --separate-stderr dgstat --document alpha beta
	assert_equal "$(jq -s 'length' <<<"$output")" 1
}

@test "dgstat: SIGHUP ends it, as it ends any program of a terminal" {
	given_stub
	fault '{"class": "LIST", "gate": "list"}'
	in_background env --default-signal=HUP "${DGSTATFS%fs}" --endpoint-url="$ENDPOINT" alpha
	wait_for_gate list
	kill -HUP $!
	within 1000 ends_with $! 129
	assert_equal "$(requests PUT)" 0
	# not under nohup(1), nor SIGINT in the background of a script
	run_until_gate LIST alpha
	kill -INT $!
	ends_with $! 130
	stub_ctl DELETE faults
	fault '{"class": "LIST", "gate": "list"}'
	in_background env --ignore-signal=HUP,INT "${DGSTATFS%fs}" --endpoint-url="$ENDPOINT" alpha \
		>"$BATS_TEST_TMPDIR/out"
	wait_for_gate list
	kill -HUP $!
	kill -INT $!
	open_gate list
	ends_with $! 0
}

has_no_source() {
	run ! pgrep -f "$BATS_TEST_TMPDIR/source"
}

@test "dgstat: a signal ends the program that gives keys, too" {
	local signal

	start_stub
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	printf '#!/bin/sh\necho began >"%s"\nsleep 60\n' "$BATS_TEST_TMPDIR/began" >"$BATS_TEST_TMPDIR/source"
	chmod +x "$BATS_TEST_TMPDIR/source"
	printf '[profile slow]\ncredential_process = %s\n' "$BATS_TEST_TMPDIR/source" \
		>"$BATS_TEST_TMPDIR/config"
	for signal in INT:130 TERM:143 HUP:129; do
		rm -f "$BATS_TEST_TMPDIR/began"
		AWS_CONFIG_FILE=$BATS_TEST_TMPDIR/config in_background env --default-signal=INT,HUP \
			"${DGSTATFS%fs}" --profile=slow --endpoint-url="$ENDPOINT" alpha
		wait_until test -s "$BATS_TEST_TMPDIR/began"
		kill "-${signal%:*}" $!
		within 100 ends_with $! "${signal#*:}"
		wait_until has_no_source
	done
}

@test "dgstat: keys that take their time are waited for" {
	given_stub
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	cat >"$BATS_TEST_TMPDIR/source" <<-END
		#!/bin/sh
		echo began >"$BATS_TEST_TMPDIR/began"
		until [ -e "$BATS_TEST_TMPDIR/go" ]; do sleep 0.05; done
		echo '{"Version": 1, "AccessKeyId": "testkey", "SecretAccessKey": "testsecret"}'
	END
	chmod +x "$BATS_TEST_TMPDIR/source"
	printf '[profile slow]\ncredential_process = %s\n' "$BATS_TEST_TMPDIR/source" \
		>"$BATS_TEST_TMPDIR/config"
	# of which a mount would wait four fifths
	AWS_CONFIG_FILE=$BATS_TEST_TMPDIR/config in_background "${DGSTATFS%fs}" --profile=slow \
		--connect-timeout=100ms --endpoint-url="$ENDPOINT" --json alpha >"$BATS_TEST_TMPDIR/out"
	wait_until test -s "$BATS_TEST_TMPDIR/began"
	sleep 0.5
	kill -0 $!
	touch "$BATS_TEST_TMPDIR/go"
	ends_with $! 0
	assert_equal "$(jq .object_count "$BATS_TEST_TMPDIR/out")" 11
}

@test "dgstat: --explain tells settings, not what is to be printed" {
	start_stub
	stub_bucket bkt
	run -0 dgstat --explain --json --sampled --bytes --sort=name --region=us-east-1 bkt
	assert_equal "$(jq -c '[.settings | has("region", "sampled", "quick", "bytes", "sort", "refresh",
		"document", "cache")]' <<<"$output")" '[true,false,false,false,false,false,false,true]'
}

@test "dgstat: what is for the next answer in memory changes nothing of a single one" {
	given_stub
	run -0 --separate-stderr dgstat -v --no-cache --detailed --bucket-ttl=1h --linger=1h --max-age=1h \
		--memo=memory alpha
	# shellcheck disable=SC2154 # bats sets it
	[[ $stderr == 'alpha: computed (nocache): 1 LIST, 10 HEAD, 0 GET, 0 PUT, '* && $stderr != *spared* ]] ||
		fail "$stderr"
	run -0 --separate-stderr dgstat -v --detailed --memo=memory alpha
	assert_equal "$(requests PUT)/$(requests PUT originals)" 1/0
}

@test "dgstat: what --refresh can't put is a warning, and no failure: the figures are right" {
	given_stub
	dgstat --memo=bucket --detailed alpha >/dev/null
	fault '{"method": "PUT", "path": "originals_", "status": 500, "code": "InternalError"}'
	run -0 --separate-stderr dgstat --memo=bucket --detailed --refresh --retries=1 --json alpha
	assert_equal "$(jq .total_size <<<"$output")" 12005
	# shellcheck disable=SC2154 # bats sets it
	[[ $stderr == 'dgstat: warn: bucket=alpha: the memo '*originals_*500*', still' ]] || fail "$stderr"
	stub_ctl DELETE faults
	fault '{"method": "PUT", "path": "stats_", "status": 403, "code": "AccessDenied"}'
	run -0 --separate-stderr dgstat --refresh --json alpha
	assert_equal "$(jq .total_size <<<"$output")" 10005
	[[ $stderr == 'dgstat: warn: bucket=alpha mode=quick: the document '*stats_quick.json*403* ]] ||
		fail "$stderr"
}
