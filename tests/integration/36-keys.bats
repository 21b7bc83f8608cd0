#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Keys while the files that have them can't be read, or hang: who has keys does not
# notice, who has none is told in time, and the mount ends when it is to.  And keys that
# expire while they are used.

load lib
load mounts

# A bucket on a stub, and a home without keys.
given_home() {
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_CONFIG_FILE
	unset AWS_SHARED_CREDENTIALS_FILE
	export HOME=$BATS_TEST_TMPDIR/home
	CREDENTIALS=$HOME/.aws/credentials
	mkdir -p "$HOME/.aws"
	rm -f "$BATS_TEST_TMPDIR/stub-s3.endpoint" # of another one
	start_stub
	stub_bucket bkt
}

# keys NAME [TOKEN [SECRET]]: they are in the file from now on, at once and as a whole.
keys() {
	printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n%s' \
		"$1" "${3:-secret}" "${2:+aws_session_token = $2}" >"$CREDENTIALS.new"
	mv "$CREDENTIALS.new" "$CREDENTIALS"
}

replace_by_fifo() {
	mkfifo "$CREDENTIALS.new"
	mv "$CREDENTIALS.new" "$CREDENTIALS"
}

# A file of a mount whose store does not answer: stat(2) works, open(2) hangs.
given_hanging() {
	start_stub
	stub_bucket bkt
	fault '{"class": "LIST", "gate": "never"}'
	HANGING_STUB=$ENDPOINT
	AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b MNT=$BATS_TEST_TMPDIR/hanging \
		LOG=$BATS_TEST_TMPDIR/hanging.log mount_fs
	at_end open_hanging
}

replace_by_hanging() {
	ln -s "$BATS_TEST_TMPDIR/hanging/bkt/stats_quick.json" "$CREDENTIALS.new"
	mv -T "$CREDENTIALS.new" "$CREDENTIALS"
}

wait_for_hanging() {
	ENDPOINT=$HANGING_STUB wait_for_gate never
}

open_hanging() {
	ENDPOINT=$HANGING_STUB stub_ctl DELETE faults
	ENDPOINT=$HANGING_STUB open_gate never
}

# A listing of its own, with the keys that there are now.
read_anew() {
	echo quick >"$MNT/bkt/refresh"
	timeout 10 jq -e '.stats.object_count == 1' "$MNT/bkt/stats_quick.json"
}

# Whose signature the latest request of a listing had.
signer() {
	stub_ctl GET log | jq -r '[.[] | select(.class == "LIST")][-1].headers |
		with_entries(.key |= ascii_downcase).authorization |
		capture("Credential=(?<key>[^/]*)").key'
}

is_signed_by() {
	read_anew && [[ $(signer) == "$1" ]]
}

# Sooner than that, they look at the file no more than they did.
let_a_second_pass() {
	sleep 1.1
}

has_ended() {
	! kill -0 "$FS_PID" 2>/dev/null
}

# --- a FIFO ------------------------------------------------------------------------------

@test "a FIFO for a file of keys, and no others: EACCES in time, with its name" {
	given_home
	replace_by_fifo
	mount_fs -o connect_timeout=2s
	grep -F "warning: $CREDENTIALS: not a regular file; until there are some" "$LOG"
	within 3000 refused 'Permission denied' cat "$MNT/bkt/stats_quick.json"
	within 3000 refused 'Permission denied' ls "$MNT"
	wait_until is_logged 1 "bucket=bkt.*$CREDENTIALS: not a regular file"
	assert_equal "$(requests)" 0
	keys first
	wait_until is_signed_by first
}

@test "a FIFO for a file of keys: keys in the environment do not notice" {
	given_home
	replace_by_fifo
	AWS_ACCESS_KEY_ID=env AWS_SECRET_ACCESS_KEY=b mount_fs
	within 2000 read_anew
	assert_equal "$(signer)" env
	let_a_second_pass
	within 1000 read_anew
	assert_equal "$(cat "$LOG")" ''
}

@test "a file of keys that becomes a FIFO: those it had go on, until it is a file again" {
	given_home
	keys first
	mount_fs
	within 2000 read_anew
	replace_by_fifo
	let_a_second_pass
	within 1000 read_anew
	let_a_second_pass
	within 1000 read_anew
	assert_equal "$(signer)" first
	assert_logged 1 "warn: $CREDENTIALS: not a regular file; the keys from before go on"
	keys second
	wait_until is_signed_by second
}

# --- open(2) without end ----------------------------------------------------------------

@test "a file of keys that hangs, and no others: EACCES in time, with the source's name" {
	given_hanging
	given_home
	mount_fs -o connect_timeout=2s
	replace_by_hanging
	let_a_second_pass
	start_clock
	refused 'Permission denied' cat "$MNT/bkt/stats_quick.json"
	(($(elapsed_ms) >= 1500))
	assert_took 3000
	wait_for_hanging
	# each has a limit of his own
	within 3000 refused 'Permission denied' ls "$MNT"
	wait_until is_logged 1 'bucket=bkt.*shared AWS files: no answer for 1600 ms'
	assert_equal "$(requests)" 0
	keys first
	open_hanging
	wait_until is_signed_by first
}

@test "a file of keys that begins to hang: those it had go on at full speed" {
	given_hanging
	given_home
	keys first
	mount_fs
	within 2000 read_anew
	replace_by_hanging
	let_a_second_pass
	within 1000 read_anew
	wait_for_hanging
	start_clock
	for _ in {1..20}; do
		read_anew
	done
	assert_took 3000
	kill -HUP "$FS_PID"
	within 1000 read_anew
	assert_equal "$(signer)" first
	keys second
	open_hanging
	wait_until is_signed_by second
}

@test "a file of keys that hangs: keys in the environment do not notice" {
	given_hanging
	given_home
	AWS_ACCESS_KEY_ID=env AWS_SECRET_ACCESS_KEY=b mount_fs
	replace_by_hanging
	let_a_second_pass
	within 1000 read_anew
	kill -HUP "$FS_PID"
	within 1000 read_anew
	assert_equal "$(signer) $(ENDPOINT=$HANGING_STUB requests)" 'env 0'
}

@test "while a file of keys hangs: the mount ends at once, by umount and by SIGTERM" {
	given_hanging
	given_home
	keys first
	for end in unmount_fs 'kill %FS_PID'; do
		mount_fs
		read_anew
		replace_by_hanging
		let_a_second_pass
		read_anew
		wait_for_hanging
		start_clock
		${end//%FS_PID/$FS_PID}
		wait_until has_ended
		assert_took 1000
		keys first
	done
}

@test "while a call waits for keys: the mount ends at once, and the reader is told" {
	given_hanging
	given_home
	mount_fs -o connect_timeout=1h
	replace_by_hanging
	let_a_second_pass
	reader "$MNT/bkt/stats_quick.json"
	wait_for_hanging
	start_clock
	kill "$FS_PID"
	wait_until has_ended
	assert_took 1000
	assert_reader_ends 0 1
}

# --- keys that expire --------------------------------------------------------------------

# Twelve objects and a reference, in pages of three; three of them are deltas.
given_pages() {
	local objects

	given_home
	printf -v objects '{"key": "k%d", "size": 1}, ' {10..18}
	printf -v objects "$objects"'{"key": "d/%d.delta", "size": 1,
		"metadata": {"dg-file-size": "100"}}, ' {1..3}
	stub_ctl PUT bucket/bkt "[$objects"'{"key": "d/reference.bin", "size": 7}]'
	stub_ctl PATCH settings '{"page_size": 3}'
	keys first token-1
	mount_fs -o cache=off,retries=0,linger=0
}

# expires WHICH ANSWER: the first such request is held, with a signature of the first
# key, and then refused, as all that follow are.
expires() {
	fault "{$1, \"auth\": \"Credential=first/\", \"gate\": \"expiry\", $2}"
}

sizes() {
	echo detailed >"$MNT/bkt/refresh"
	jq -c '.stats | [.object_count, .total_size]' "$MNT/bkt/stats_detailed.json"
}

readonly PAGE='"class": "LIST", "query": "token"' HEAD='"class": "HEAD"'
readonly EXPIRED='"status": 400, "code": "ExpiredToken"'

# So many requests more, and right figures.
assert_renewed() {
	local which=$1 answer=$2 before

	sizes
	forget_requests
	sizes >"$BATS_TEST_TMPDIR/before"
	before=$(requests)
	forget_requests
	expires "$which" "$answer"
	in_background sizes >"$BATS_TEST_TMPDIR/after"
	local pid=$!
	wait_for_gate expiry
	keys second token-2
	open_gate expiry
	wait "$pid"
	assert_equal "$(<"$BATS_TEST_TMPDIR/after")" "$(<"$BATS_TEST_TMPDIR/before")"
	assert_equal "$(requests)" $((before + $(stub_ctl GET fired)))
	assert_equal "$(grep -v ': info: ' "$LOG")" ''
}

@test "a token expires in the middle of a listing, and a new one is in the file" {
	given_pages
	assert_renewed "$PAGE" "$EXPIRED"
	assert_equal "$(stub_ctl GET fired)" 1
}

@test "the same among the HEADs, whose refusal has no code" {
	given_pages
	assert_renewed "$HEAD" '"status": 400'
}

@test "the same where the store only says that access is denied, as Ceph does" {
	given_pages
	assert_renewed "$PAGE" '"status": 403, "code": "AccessDenied"'
}

@test "a token expires and there is no other: EACCES, and not one request more" {
	given_pages
	fault "{$PAGE, $EXPIRED}"
	for _ in {1..3}; do
		forget_requests
		refused 'Permission denied' cat "$MNT/bkt/stats_detailed.json"
		assert_equal "$(requests LIST)" 2
	done
	assert_logged 3 'bucket=bkt mode=detailed: LIST bkt: HTTP status 400, ExpiredToken, request id'
	stub_ctl DELETE faults
	fault "{$HEAD, \"status\": 400}"
	forget_requests
	refused 'Permission denied' cat "$MNT/bkt/stats_detailed.json"
	(($(requests HEAD) <= 3))
}

@test "a token expires while the file of keys hangs: EACCES in time" {
	given_hanging
	given_pages
	replace_by_hanging
	fault "{$PAGE, $EXPIRED}"
	within 7000 refused 'Permission denied' cat "$MNT/bkt/stats_detailed.json"
	assert_logged 1 'bucket=bkt mode=detailed: LIST bkt: HTTP status 400, ExpiredToken, request id'
}

# A real server, which does not know that key any more.
@test "a token that expires, on the gateway" {
	given_home
	rm "$BATS_TEST_TMPDIR/stub-s3.endpoint"
	start_server "$HERE/../stub/stub-s3" --before "$S3_ENDPOINT"
	new_bucket
	s3 put "$BUCKET" a 5
	keys nobody junk
	mount_fs -o "retries=0,cache=off,bucket=$BUCKET"
	fault '{"class": "LIST", "times": 1, "gate": "expiry"}'
	in_background cat "$MNT/$BUCKET/stats_quick.json" >"$BATS_TEST_TMPDIR/out"
	local pid=$!
	wait_for_gate expiry
	keys testkey '' testsecret
	open_gate expiry
	wait "$pid"
	assert_equal "$(jq .stats.object_count "$BATS_TEST_TMPDIR/out")" 1
	assert_equal "$(requests LIST)" 2
	assert_equal "$(stub_ctl GET log | jq '[.[] | select(.class == "LIST")][0].status')" 403
}
