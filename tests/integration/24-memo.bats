#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The memo of original sizes in the bucket: a changed bucket costs HEADs of what has
# changed, and the figures are those of a computation from nothing.

load lib
load documents
load mounts

# Thirty deltas in three deltaspaces on the stub, each of 10 bytes that were 1,000.
given_stub() {
	BUCKET=bkt
	start_stub
	stub_ctl PUT bucket/bkt "${1:-[$(spaces)]}"
}

spaces() {
	local space

	(($# > 0)) || set -- a b c
	for space; do
		echo '{"key": "'$space'/%02d.delta", "count": 10, "size": 10,
			"last_modified": "'$DATE'", "meta": {"dg-file-size": "1000"}},'
	done
	echo '{"key": "a/reference.bin", "size": 50}'
}

readonly DATE=2025-10-14T10:30:00.288Z

# Another delta in the place of that one, as long and with other bytes.  Of now one in a
# thousand would end a block.
change() {
	curl -sS --fail -X PUT -H "x-amz-meta-dg-file-size: $2" \
		-H "x-stub-last-modified: 2026-10-14T10:30:00.000Z" \
		--data-binary "$(printf '%010d' "$2")" "$ENDPOINT/bkt/$1.delta"
}

delete() {
	curl -sS --fail -X DELETE "$ENDPOINT/bkt/$1.delta"
}

# The mount is right in that mode, with so many HEADs.  What others or itself have put
# before lies there by then, for which nobody waits.
assert_costs() {
	wait_until are_puts_over
	assert_equal "$(requests DELETE originals_) DELETEs" '0 DELETEs'
	forget_requests
	cat "$(stats_file "$1")" >"$BATS_TEST_TMPDIR/shown"
	assert_equal "$(requests HEAD) HEADs" "$2 HEADs"
	assert_equal "$(jq .stats.total_size "$BATS_TEST_TMPDIR/shown") in all" "$3 in all"
}

are_puts_over() {
	ask_stub GET 'count?class=PUT&open=1' && ((ANSWER == 0)) || return
	ask_stub GET 'count?class=PUT&status=412' && ((ANSWER == 0)) || is_quiet
}

# One that was refused is followed by a look at what lies there, and maybe by another one.
is_quiet() {
	are_open 0
}

# So many requests are held, and nothing else goes on.
are_open() {
	local i

	for i in {1..20}; do
		ask_stub GET 'count?open=1' && ((ANSWER == $1)) || return
		pause 0.02
	done
}

# A mount with these options is, and asks for the memo with so many GETs and PUTs.
assert_mount() {
	mount_fs -o "$1"
	assert_costs detailed "${@:3}"
	unmount_fs
	assert_equal "$(memo_requests) of the memo" "$2 of the memo"
}

memo_requests() {
	echo "$(requests GET originals_)/$(requests PUT originals_)"
}

are_memo_requests() {
	[[ $(memo_requests) == "$1" ]]
}

stub_memo() {
	curl -sS --fail "$ENDPOINT/bkt/.deltaglider/originals_$1.bin"
}

put_index() {
	curl -sS --fail -X PUT --data-binary @- \
		"$ENDPOINT/bkt/.deltaglider/originals_index.bin"
}

put_base() {
	curl -sS --fail -X PUT --data-binary @- \
		"$ENDPOINT/bkt/.deltaglider/originals_base.bin"
}

# How many records there are in the base, and in the recent file, if that is asked for.
records() {
	local file

	for file; do
		stub_memo "$file" >"$BATS_TEST_TMPDIR/$file" || return
	done
	"$HERE/memo.py" check bkt "${@/#/$BATS_TEST_TMPDIR/}" | paste -sd' '
}

are_records() {
	[[ $(records base recent 2>/dev/null) == "$1" ]]
}

# How many blocks, deltas, records in the index and records in packs there are.
blocks() {
	local slot packs=()

	stub_memo index >"$BATS_TEST_TMPDIR/index" || return
	for slot in "$@"; do
		stub_memo "$slot" >"$BATS_TEST_TMPDIR/$slot" || return
		packs+=("$BATS_TEST_TMPDIR/$slot")
	done
	"$HERE/memo.py" check-index bkt "$BATS_TEST_TMPDIR/index" "${packs[@]}"
}

are_blocks() {
	[[ $(blocks 2>/dev/null) == "$1" ]]
}

# An index that says of each of the thirty that it has another size, but for the options.
lies() {
	listed {a,b,c}/{00..09}.delta | "$HERE/memo.py" index "$@"
}

# What sampled has left says of each of the thirty that it has that size; or detailed.
put_base_of() {
	listed {a,b,c}/{00..09}.delta |
		"$HERE/memo.py" make bkt size="$1" at="$(date +%s)" | put_base
}

put_index_of() {
	lies bkt size="$1" at="$(date +%s)" | put_index
}

given_base() {
	given_stub
	put_base_of "$1"
}

given_index() {
	given_stub
	put_index_of "$1"
}

# What LIST shows of these on the stub.
listed() {
	local key

	for key; do
		printf '%s\t10\t%s\t%s\n' "$key" "$(md5sum <<<"$key" | head -c 32)" "$DATE"
	done
}

# md5sum of a line has its newline, too: the stub's ETag is of the key alone.
md5sum() {
	tr -d '\n' | command md5sum
}

# --- what has changed is asked for --------------------------------------------------------

@test "each kind of change costs a HEAD for what is new, and none for what is gone" {
	new_bucket
	start_proxy
	s3 fill "$BUCKET" d/%02d.delta 60 10 dg-file-size=1000
	mount_fs -o memo=bucket
	assert_costs detailed 60 60000
	s3 put "$BUCKET" d/07.delta 10 dg-file-size=4000 # as long as before
	assert_costs detailed 1 63000
	s3 <<-END
		touch $BUCKET d/08.delta dg-file-size=4000
		touch $BUCKET d/09.delta
	END
	assert_costs detailed 2 65010
	s3 rm "$BUCKET" d/10.delta
	assert_costs detailed 0 64010
	unmount_fs
	mount_fs -o memo=bucket
	s3 <<-END
		put $BUCKET d/10.delta 10 dg-file-size=4000
		put $BUCKET d/direct 5
		put $BUCKET d/reference.bin 500
	END
	assert_costs detailed 1 68505
	assert_right
}

# The index of 10,000 deltas is there, with packs that the stub was told of.
given_many() {
	given_stub '[{"key": "%04d.delta", "count": 10000, "size": 10,
		"last_modified": "'$DATE'", "meta": {"dg-file-size": "1000"}}]'
	python3 -c '
import hashlib
for i in range(10000):
    key = f"{i:04}.delta"
    etag = hashlib.md5(key.encode()).hexdigest()
    print(key, 10, etag, "'$DATE'", sep="\t")' |
		"$HERE/memo.py" index bkt size=1000 at="$(date +%s)" | put_index
}

@test "ten of 10,000 deltas change: ten HEADs, of a fresh mount and of a running one" {
	local key

	given_many
	for key in {0000..9000..1000}; do change "$key" 2000; done
	mount_fs -o memo=bucket,log_level=info
	assert_costs detailed 10 10010000
	assert_equal "$(requests GET originals_index)" 1 # for the LIST, too
	assert_logged 1 'info: bucket=bkt: 9990 original sizes from the memo, 10 from HEADs'
	for key in {0003..9003..1000}; do change "$key" 2000; done
	assert_costs detailed 10 10020000
	unmount_fs
	assert_mount memo=bucket 1/0 0 10020000 # a hit, whose LIST is cut there
	change 5555 2000
	mount_fs -o memo=bucket
	assert_costs detailed 1 10021000
}

@test "records that are many lie in packs, of which parts are read" {
	given_stub '[{"key": "%04d.delta", "count": 5000, "size": 10,
		"last_modified": "'$DATE'", "meta": {"dg-file-size": "1000"}}]'
	assert_mount memo=bucket 1/2 5000 5000000
	PACK=$(find_pack)
	assert_equal "$(blocks "$PACK" | cut -d' ' -f2-)" '5000 0 5000'
	change 2500 2000
	mount_fs -o memo=bucket
	assert_costs detailed 1 5001000
	(($(requests GET "originals_$PACK") >= 1))
	assert_told '.spared, .blocks > 1, .blocks_changed, .records > 100' '4999,true,1,true'
	stub_ctl PATCH settings '{"ranges": false}'
	change 2501 2000
	assert_costs detailed 1 5002000
	unmount_fs
	assert_equal "$(blocks "$PACK" | cut -d' ' -f2,3)" '5000 2'
	# what a damaged pack had of the block is asked for again
	stub_memo "$PACK" | tr '\003' '\004' >"$BATS_TEST_TMPDIR/damaged"
	curl -sS --fail -T "$BATS_TEST_TMPDIR/damaged" \
		"$ENDPOINT/bkt/.deltaglider/originals_$PACK.bin"
	change 2502 2000
	mount_fs -o memo=bucket
	cat "$(stats_file detailed)" >"$BATS_TEST_TMPDIR/shown"
	assert_equal "$(jq .stats.total_size "$BATS_TEST_TMPDIR/shown")" 5003000
	(($(requests HEAD) > 1))
}

# The only one that lies there.
find_pack() {
	S3_ENDPOINT=$ENDPOINT script s3.py ls bkt | grep -oE 'originals_[0-9]{3}' | grep -o '...$'
}

# Each time another one of those that are old, and none that the index names, by then.
@test "packs that nobody needs any more are written over before there are others" {
	local i before='' pack

	given_stub '[{"key": "%04d.delta", "count": 5000, "size": 10,
		"last_modified": "'$DATE'", "meta": {"dg-file-size": "1000"}},
		{"key": ".deltaglider/originals_%03d.bin", "count": 25, "size": 16,
		"last_modified": "'$DATE'"}]'
	for i in {1..5}; do
		mount_fs -o memo=bucket
		echo detailed >"$MNT/bkt/refresh"
		assert_costs detailed 5000 5000000
		unmount_fs
		pack=$(stub_ctl GET log | jq -r '.[] | select(.class == "PUT").path' |
			grep -oE '[0-9]{3}')
		[[ $pack == 0[012][0-9] && $before != *"$pack"* ]]
		assert_equal "$(blocks "$pack" | cut -d' ' -f2-)" '5000 0 5000'
		before+=" $pack"
	done
	assert_equal "$(find_pack | wc -l) packs" '25 packs' # 000 to 024
}

# What status.json says of it and of the last result in detail.
assert_told() {
	assert_equal "$1: $(jq -c ".detailed.result.memo | [$1]" "$MNT/bkt/status.json")" \
		"$1: [$2]"
}

@test "status.json, metrics and the log tell what it has spared a result, and what it has cost" {
	given_stub
	mount_fs -o memo=bucket,log_level=info
	assert_costs detailed 30 30000
	assert_told '.spared, .blocks, .blocks_changed, .records, .written_at' '0,1,1,0,null'
	wait_until is_put_as_told
	assert_logged 1 ': 0 original sizes from the memo, 30 from HEADs; 1 of 1 blocks differ; 0 records, '
	change a/00 2000
	assert_costs detailed 1 31000
	assert_told '.spared, .blocks, .blocks_changed, .records, .bytes_read > 480, .written_at > "2026"' \
		'29,1,1,30,true,true'
	wait_until is_put_as_told
	assert_equal "$(jq .detailed.result.requests.put "$MNT/bkt/status.json") PUTs" '2 PUTs'
	grep -qxF 'dgstatfs_result_memo_spared_heads{bucket="bkt",mode="detailed"} 29' \
		"$MNT/bkt/metrics.prom"
	assert_logged 1 ': 29 original sizes from the memo, 1 from HEADs; 1 of 1 blocks differ; 30 records, '
	grep -qE ' bytes read, [0-9]{3} to be written; it is [0-9]+ s old$' "$LOG"
	assert_costs detailed 0 31000
	assert_told '.spared, .blocks, .records, .bytes_read, .bytes_written, .written_at' \
		'0,0,0,0,0,null'
}

# The index lies there, of as many bytes; of the memo nothing else is put.
is_put_as_told() {
	[[ $(stub_memo index 2>/dev/null | wc -c) == \
		$(jq .detailed.result.memo.bytes_written "$MNT/bkt/status.json") ]]
}

@test "what a mount remembers for itself has spared HEADs, too, and no bytes" {
	given_stub
	mount_fs -o memo=memory
	assert_costs detailed 30 30000
	change a/00 2000
	assert_costs detailed 1 31000
	assert_told '.spared, .blocks, .bytes_read, .bytes_written, .written_at' '29,0,0,0,null'
}

@test "sampled has a memo of its own" {
	given_stub
	mount_fs -o memo=bucket
	assert_costs sampled 3 30000
	change a/00 2000
	assert_costs sampled 1 40000
	unmount_fs
	assert_equal "$(records base recent)" '3 1'
}

@test "a fresh mount in sampled takes from the index what detailed has asked for" {
	given_stub
	assert_mount memo=bucket 1/1 30 30000
	assert_samples memo=bucket 3/0 0 30000
	change a/00 2000
	assert_samples memo=bucket 4/1 1 40000
	change b/07 2000 # which is not asked for
	assert_samples memo=bucket 3/0 0 40000
	assert_mount memo=bucket 3/1 1 32000
	change c/00 2000
	assert_samples memo=off 0/0 3 50000
}

@test "detailed asks for what sampled has not" {
	given_stub
	assert_samples memo=bucket 4/1 3 30000
	assert_mount memo=bucket 3/1 27 30000
	assert_equal "$(blocks | cut -d' ' -f2-)" '30 30 0'
	change a/00 2000
	change b/05 2000
	assert_samples memo=bucket 4/1 1 40000
	mount_fs -o memo=bucket,log_level=info
	assert_costs detailed 1 32000 # that of b/05
	assert_equal "$(memo_requests)" 3/1
	assert_told '.spared, .records > 30' '29,true'
	assert_logged 1 ': 29 original sizes from the memo, 1 from HEADs; 1 of 1 blocks differ'
	change a/00 3000
	assert_costs sampled 1 50000
	change c/00 3000
	assert_costs detailed 1 35000
	assert_right
}

@test "two mounts in turn, one in sampled and one in detailed" {
	local i total=30000 mounts=("$MNT" "$BATS_TEST_TMPDIR/b")

	given_stub
	mount_fs -o memo=bucket
	MNT=${mounts[1]} LOG=$BATS_TEST_TMPDIR/b.log mount_fs -o memo=bucket
	assert_costs sampled 3 30000
	MNT=${mounts[1]} assert_costs detailed 27 $total
	for i in {1..4}; do
		change a/00 $((1000 + i))
		MNT=${mounts[i % 2]} assert_costs sampled 1 $((30000 + 10 * i))
		MNT=${mounts[(i + 1) % 2]} assert_costs detailed 0 $((total + i))
	done
}

@test "where each deltaspace has one delta, sampled has asked for all" {
	given_stub '[{"key": "%04d/x.delta", "count": 5000, "size": 10,
		"last_modified": "'$DATE'", "meta": {"dg-file-size": "1000"}},
		{"key": "none/x.delta", "size": 10, "last_modified": "'$DATE'"},
		{"key": "none/reference.bin", "size": 50, "last_modified": "'$DATE'"}]'
	assert_samples memo=auto 4/1 5001 5000050
	assert_mount memo=auto 3/2 0 5000050 # one is a pack
	assert_equal "$(blocks "$(find_pack)" | cut -d' ' -f2-)" '5001 0 5001 1'
	change 0007/x 2000
	mount_fs -o memo=auto # it is not worth more than the index
	assert_costs detailed 1 5001050
	assert_equal "$(requests GET originals_base)" 0
}

@test "what sampled has left is asked for if as many HEADs as are worth it are wanted" {
	local i

	given_stub '[{"key": "%03d/x.delta", "count": 300, "size": 10,
		"last_modified": "'$DATE'", "meta": {"dg-file-size": "1000"}}]'
	assert_mount memo=auto 1/1 300 300000
	for i in {000..254}; do change "$i/x" 2000; done
	assert_samples memo=bucket 4/1 255 555000
	assert_mount memo=auto 1/1 255 555000
	for i in {000..255}; do change "$i/x" 3000; done
	assert_samples memo=bucket 5/1 256 $((300000 + 256 * 2000))
	assert_mount memo=auto 3/1 0 $((300000 + 256 * 2000))
}

# Of those that wait for what sampled has left there are as many as may wait, when it comes.
@test "more deltas than may wait, of which sampled has asked for all" {
	given_stub '[{"key": "%04d.delta", "count": 9000, "size": 10,
		"last_modified": "'$DATE'", "meta": {"dg-file-size": "1000"}}]'
	listed 0000.delta | "$HERE/memo.py" index bkt size=1000 at="$(date +%s)" | put_index
	listed_many '%04d.delta' | "$HERE/memo.py" make bkt size=1000 at="$(date +%s)" | put_base
	fault '{"class": "GET", "path": "originals_base", "gate": "memo"}'
	mount_fs -o memo=bucket
	in_background cat "$(stats_file detailed)" >"$BATS_TEST_TMPDIR/shown"
	wait_for_gate memo
	wait_until are_open 1
	open_gate memo
	wait $!
	assert_equal "$(requests HEAD) $(jq .stats.total_size "$BATS_TEST_TMPDIR/shown")" '0 9000000'
}

@test "more deltaspaces in no order than may wait, of which the index knows all" {
	BUCKET=bkt
	start_stub
	stub_ctl PUT 'bucket/bkt?order=given' '[{"key": "!%04d/x.delta", "count": 9000,
		"size": 10, "last_modified": "'$DATE'", "meta": {"dg-file-size": "1000"}},
		{"key": "!/x", "size": 1}]'
	listed_many '!%04d/x.delta' | "$HERE/memo.py" index bkt size=1000 every=1000 | put_index
	mount_fs -o memo=bucket
	assert_costs sampled 0 9000001
}

# What LIST shows of 9,000 with such keys.
listed_many() {
	python3 -c '
import hashlib
for i in range(9000):
    key = "'"$1"'" % i
    print(key, 10, hashlib.md5(key.encode()).hexdigest(), "'$DATE'", sep="\t")'
}

# A base of that date that is none, beside the thirty.
given_odd_base() {
	given_stub "[$(spaces), {\"key\": \".deltaglider/originals_base.bin\",
		\"size\": 7, \"last_modified\": \"$1\"}]"
}

@test "what sampled has left is not asked for if it is older than the index" {
	given_odd_base "$DATE"
	assert_mount memo=bucket 3/1 30 30000
	assert_logged 1 'warn: .*the memo .*originals_base.bin is ignored'
	change a/07 2000
	assert_mount memo=bucket 1/1 1 31000
	given_odd_base 2999-01-01T00:00:00.000Z
	assert_mount memo=bucket 3/1 30 30000
	change a/07 2000
	assert_mount memo=bucket 3/1 1 31000
}

@test "what sampled has left, and can't be read, is done without" {
	local fault

	for fault in '"status": 403' '"gate": "memo"'; do
		given_stub
		assert_samples memo=bucket 4/1 3 30000
		fault '{"class": "GET", "path": "originals_base", '"$fault"'}'
		mount_fs -o memo=bucket,timeout="$(scaled 2000)ms"
		assert_costs detailed 30 30000
		unmount_fs
		stub_ctl DELETE faults
	done
}

# 500 deltaspaces of ten; detailed has written a pack, whose number is PACK.
given_pack() {
	given_stub "$(python3 -c '
import json
print(json.dumps([{"key": f"{i:03}/%02d.delta", "count": 10, "size": 10,
    "last_modified": "'$DATE'", "meta": {"dg-file-size": "1000"}} for i in range(500)]))')"
	assert_mount memo=bucket 1/2 5000 5000000
	PACK=$(find_pack)
}

@test "blocks are read for sampled where they spare it more HEADs than they cost" {
	given_pack
	mount_fs -o memo=bucket
	assert_costs sampled 0 5000000
	gets=$(requests GET "originals_$PACK")
	((gets >= 1 && gets <= 30)) || fail "$gets GETs"
	assert_equal "$(jq -c '.sampled.result.memo | [.spared, .records > 4000]' \
		"$MNT/bkt/status.json")" '[500,true]'
	unmount_fs
	assert_equal "$(records base)" 500 # what was read
	for i in 003 250 499; do change "$i/00" 3000; done
	mount_fs -o memo=bucket
	assert_costs sampled 3 $((5000000 + 3 * 20000))
	assert_equal "$(requests GET "originals_$PACK")" 0
	unmount_fs
	# one deltaspace of 5,000: a block is no cheaper than a HEAD
	given_stub '[{"key": "a/%04d.delta", "count": 5000, "size": 10,
		"last_modified": "'$DATE'", "meta": {"dg-file-size": "1000"}}]'
	assert_mount memo=bucket 1/2 5000 5000000
	mount_fs -o memo=bucket
	assert_costs sampled 1 5000000
	assert_equal "$(requests GET "originals_$(find_pack)")" 0
}

@test "what sampled can't read of a pack is asked for" {
	given_pack
	fault '{"class": "GET", "path": "originals_'"$PACK"'", "status": 403}'
	mount_fs -o memo=bucket
	assert_costs sampled 500 5000000
	unmount_fs
	given_pack
	fault '{"class": "GET", "path": "originals_'"$PACK"'", "gate": "pack"}'
	mount_fs -o memo=bucket,timeout=4
	assert_costs sampled 500 5000000
	open_gate pack
	unmount_fs
	given_pack
	stub_memo "$PACK" | tr '\003' '\004' >"$BATS_TEST_TMPDIR/damaged"
	curl -sS --fail -T "$BATS_TEST_TMPDIR/damaged" \
		"$ENDPOINT/bkt/.deltaglider/originals_$PACK.bin"
	mount_fs -o memo=bucket
	assert_costs sampled 500 5000000
}

# Many blocks are wanted, one at a time.
assert_reads() {
	forget_requests
	cat "$(stats_file "$1")" >"$BATS_TEST_TMPDIR/shown"
	assert_equal "$(jq .stats.total_size "$BATS_TEST_TMPDIR/shown") in all" "$2 in all"
	assert_equal "$(requests GET "originals_$PACK") GETs" "$3 GETs"
}

@test "after a pack that can't be read no other one is asked for" {
	local i

	given_pack
	for i in 003 100 250 499; do change "$i/00" 3000; done
	fault '{"class": "GET", "path": "originals_'"$PACK"'", "status": 403}'
	mount_fs -o memo=bucket,connections=1
	assert_reads sampled 5080000 1
	assert_reads detailed 5008000 1
}

@test "of a store that knows no ranges sampled reads one pack" {
	local heads

	given_pack
	stub_ctl PATCH settings '{"ranges": false}'
	mount_fs -o memo=bucket,connections=1
	assert_reads sampled 5000000 2 # one of them is cut
	heads=$(requests HEAD)
	((heads > 0 && heads < 500)) || fail "$heads HEADs"
}

@test "of a store that knows no ranges detailed reads whole packs, one after the other" {
	local i

	given_pack
	for i in 003 100 250 499; do change "$i/00" 3000; done
	stub_ctl PATCH settings '{"ranges": false}'
	mount_fs -o memo=bucket
	assert_costs detailed 4 5008000
}

@test "a reader of sampled that goes while a block is read" {
	given_pack
	mount_fs -o memo=bucket,linger=0
	fault '{"class": "GET", "path": "originals_'"$PACK"'", "gate": "pack"}'
	in_background cat "$(stats_file sampled)" >/dev/null 2>&1
	wait_for_gate pack
	end_process $!
	wait_until is_gone pack
	stub_ctl DELETE faults
	open_gate pack
	assert_costs sampled 0 5000000
}

@test "two mounts in turn: each knows what the other one has asked for" {
	local i total=30000 mounts=("$MNT" "$BATS_TEST_TMPDIR/b")

	given_stub
	mount_fs -o memo=bucket
	assert_costs detailed 30 $total
	MNT=${mounts[1]} LOG=$BATS_TEST_TMPDIR/b.log mount_fs -o memo=bucket
	for i in {1..4}; do
		change a/07 $((1000 + i))
		MNT=${mounts[i % 2]} assert_costs detailed 1 $((total + i))
		wait_until has_put index
	done
}

has_put() {
	(($(requests PUT "originals_$1") >= 1))
}

@test "dgstat starts from it, and leaves it for the next one" {
	given_stub
	assert_dgstat() {
		forget_requests
		"${DGSTATFS%fs}" -v --memo=bucket --endpoint-url="$ENDPOINT" --bytes \
			--detailed bkt >/dev/null 2>"$BATS_TEST_TMPDIR/told"
		assert_equal "$(requests HEAD)" "$1"
	}
	assert_dgstat 30
	change a/07 2000
	assert_dgstat 1
	grep -qE '^bkt: computed .*, 1 HEAD, 2 GET, 2 PUT, .*, 29 HEADs spared by the memo$' \
		"$BATS_TEST_TMPDIR/told"
	assert_equal "$(blocks | cut -d' ' -f2-)" '30 30 0'
}

@test "deltas without original size count as their reference, and are not asked for again" {
	given_stub '[{"key": "a/%02d.delta", "count": 9, "size": 10, "last_modified": "'$DATE'"},
		{"key": "b/%02d.delta", "count": 9, "size": 10, "last_modified": "'$DATE'"},
		{"key": "b/x.delta", "size": 10, "last_modified": "'$DATE'",
			"meta": {"dg-file-size": "7"}},
		{"key": "b/reference.bin", "size": 50, "last_modified": "'$DATE'"}]'
	mount_fs -o memo=bucket
	assert_costs detailed 19 $((9 * 10 + 9 * 50 + 7))
	change a/07 2000
	assert_costs detailed 1 $((8 * 10 + 2000 + 9 * 50 + 7))
	assert_right
	assert_equal "$(jq -c .integrity.objects.deltas_not_smaller "$MNT/bkt/status.json")" 1
}

# What each of them counts is told by the index.
@test "blocks with deltas that have no original size, or are not smaller, are not listed again" {
	given_stub '[{"key": "%04d.delta", "count": 5000, "size": 10,
			"last_modified": "'$DATE'", "meta": {"dg-file-size": "1000"}},
		{"key": "0000x.delta", "size": 10, "last_modified": "'$DATE'"},
		{"key": "0001x.delta", "size": 10, "last_modified": "'$DATE'",
			"meta": {"dg-file-size": "7"}},
		{"key": "reference.bin", "size": 50, "last_modified": "'$DATE'"}]'
	assert_mount memo=bucket 1/2 5002 5000057
	assert_equal "$(blocks "$(find_pack)" | cut -d' ' -f2-)" '5002 0 5002 2'
	change 4900 2000
	mount_fs -o memo=bucket
	assert_costs detailed 1 5001057
	assert_told '.blocks > 2, .blocks_changed' true,1
	assert_right
	assert_equal "$(jq -c .integrity.objects.deltas_not_smaller "$MNT/bkt/status.json")" 1
	assert_equal "$(field detailed .accuracy.estimated_deltas)" 1
	unmount_fs
	change 0000 2000 # in the block of both
	mount_fs -o memo=bucket
	assert_costs detailed 1 5002057
	wait_until are_puts_over
	unmount_fs
	change 4900 3000
	mount_fs -o memo=bucket
	assert_costs detailed 1 5003057
	assert_told '.blocks_changed' 1
}

# --- when it is not believed, read or written ---------------------------------------------

@test "refresh asks for all, and what was wrong is mended for everybody" {
	given_index 5000
	mount_fs -o memo=bucket
	assert_costs detailed 0 150000
	echo sampled detailed >"$MNT/bkt/refresh"
	assert_costs sampled 3 30000
	assert_costs detailed 30 30000
	unmount_fs
	change a/07 2000
	mount_fs -o memo=bucket
	assert_costs detailed 1 31000
	unmount_fs
	assert_equal "$(blocks | cut -d' ' -f2-)" '30 30 0'
}

@test "a refresh of detailed does not believe what lies there for sampled" {
	given_base 5000
	mount_fs -o memo=bucket
	echo detailed >"$MNT/bkt/refresh"
	assert_costs detailed 30 30000
	change a/07 2000
	assert_costs detailed 1 31000
	unmount_fs
	given_base 5000
	mount_fs -o memo=bucket
	assert_costs detailed 0 150000
	fault '{"class": "PUT", "path": "originals", "status": 403}'
	echo detailed >"$MNT/bkt/refresh"
	assert_costs detailed 30 30000
	change a/07 2000
	assert_costs detailed 1 31000 # what this mount remembers
}

@test "nor does detailed after a refresh of sampled whose memo is refused" {
	given_base 5000
	mount_fs -o memo=bucket
	fault '{"class": "PUT", "path": "originals_(base|recent)", "status": 403}'
	echo sampled >"$MNT/bkt/refresh"
	assert_costs sampled 3 30000
	assert_costs detailed 30 30000
}

# After a refresh whose PUT is refused the old index, which lies, is there.
refresh_in_vain() {
	given_index 5000
	mount_fs -o memo=bucket
	assert_costs detailed 0 150000
	fault "$1"
	echo detailed >"$MNT/bkt/refresh"
	assert_costs detailed 30 30000
	wait_until has_put_times 1
	wait_until are_puts_over
	stub_ctl DELETE faults
}

@test "a refresh whose memo is refused: the old one is not believed any more" {
	refresh_in_vain '{"class": "PUT", "path": "originals", "status": 403}'
	change a/07 2000
	assert_costs detailed 1 31000 # what this mount remembers
	change a/08 2000
	assert_costs detailed 1 32000
	unmount_fs
	mount_fs -o memo=bucket,cache=ro
	assert_costs detailed 0 32000 # the document, which the other mount has put
	echo detailed >"$MNT/bkt/refresh"
	assert_costs detailed 30 32000
	change a/08 3000
	assert_costs detailed 1 33000
}

# What the refresh can't read is put over, since it lies, else it would come back.
@test "a refresh that can't read the memo puts it all the same" {
	given_index 5000
	mount_fs -o memo=bucket
	assert_costs detailed 0 150000
	fault '{"class": "GET", "path": "originals_index", "status": 403}'
	echo detailed >"$MNT/bkt/refresh"
	assert_costs detailed 30 30000
	wait_until are_puts_over
	stub_ctl DELETE faults
	unmount_fs
	change a/07 2000
	assert_mount memo=bucket 1/1 1 31000
	given_base 5000
	mount_fs -o memo=bucket
	fault '{"class": "GET", "path": "originals_base", "status": 403}'
	echo sampled >"$MNT/bkt/refresh"
	assert_costs sampled 3 30000
	wait_until are_puts_over
	stub_ctl DELETE faults
	unmount_fs
	mount_fs -o memo=bucket,cache=ro
	delete a/00
	assert_costs sampled 1 29000
	unmount_fs
	given_index 5000
	mount_fs -o memo=bucket
	fault '{"class": "GET", "path": "originals_index", "status": 403}'
	echo sampled >"$MNT/bkt/refresh"
	assert_costs sampled 3 30000
	wait_until are_puts_over
	stub_ctl DELETE faults
	unmount_fs
	delete a/09
	assert_samples memo=bucket 3/0 0 29000
}

# Somebody else may have put it by a refresh.
@test "beside an index that can't be read the memo of sampled is not believed by detailed" {
	given_base 5000
	put_index_of 1000
	mount_fs -o memo=bucket
	fault '{"class": "GET", "path": "originals_index", "status": 403, "times": 1}'
	assert_costs detailed 30 30000
	change a/07 2000
	assert_costs detailed 1 31000 # it is not asked for again for an hour
	unmount_fs
	mount_fs -o memo=bucket
	change a/08 2000
	assert_costs detailed 2 32000 # nor was anything put beside it
}

@test "a refresh of a bucket that changes meanwhile asks for all once" {
	local mode

	for mode in detailed sampled; do
		given_stub
		mount_fs -o memo=bucket
		echo "$mode" >"$MNT/bkt/refresh"
		fault '{"class": "HEAD", "times": 1, "delete": ["c/09.delta"]}'
		cat "$(stats_file "$mode")" >"$BATS_TEST_TMPDIR/shown"
		assert_costs "$mode" 0 29000
		unmount_fs
	done
}

# Another mount's index comes just before each of ours.
@test "a refresh puts its memo over what another mount has written meanwhile" {
	given_stub
	mount_fs -o memo=bucket
	assert_costs detailed 30 30000
	fault '{"class": "PUT", "path": "originals_index",
		"put": [{"key": ".deltaglider/originals_index.bin", "size": 7}]}'
	echo detailed >"$MNT/bkt/refresh"
	assert_costs detailed 30 30000
	wait_until are_blocks '1 30 30 0'
	change a/07 2000
	assert_costs detailed 1 31000
	change a/08 2000
	wait_until are_puts_over
	assert_equal "$(stub_memo index | wc -c)" 7 # this was no refresh
	unmount_fs
}

@test "after such a refresh sampled does not believe it, either" {
	refresh_in_vain '{"class": "PUT", "path": "originals", "status": 403}'
	assert_costs sampled 0 30000
}

@test "a refresh of sampled is none of detailed" {
	given_stub
	assert_mount memo=bucket 1/1 30 30000
	mount_fs -o memo=bucket
	echo sampled >"$MNT/bkt/refresh"
	assert_costs sampled 3 30000
	change a/07 2000
	assert_costs detailed 1 31000
}

@test "where nothing is put it is none of what the mount remembers of other deltas" {
	local options

	for options in memo=memory memo=bucket,cache=ro; do
		given_stub
		mount_fs -o "$options"
		assert_costs detailed 30 30000
		echo sampled >"$MNT/bkt/refresh"
		assert_costs sampled 3 30000
		change a/07 2000
		assert_costs detailed 1 31000
		change_unseen # of sampled's it is known, of the others not
		echo sampled >"$MNT/bkt/refresh"
		assert_costs sampled 3 60000
		change a/07 3000
		assert_costs detailed 1 35000
		echo detailed >"$MNT/bkt/refresh"
		assert_costs detailed 30 61000
		change a/07 4000
		assert_costs detailed 1 62000
		unmount_fs
	done
}

@test "after such a refresh that has failed it is not believed" {
	given_stub
	mount_fs -o memo=memory,retries=0
	assert_costs detailed 30 30000
	fault '{"class": "HEAD", "status": 403}'
	echo sampled >"$MNT/bkt/refresh"
	run cat "$(stats_file sampled)"
	assert_equal "$status" 1
	stub_ctl DELETE faults
	change a/07 2000
	assert_costs detailed 30 31000
}

@test "a refresh of sampled whose memo is refused: what either mode has left is not believed" {
	local file

	for file in base index; do
		"given_$file" 5000
		mount_fs -o memo=bucket
		assert_costs sampled 0 150000
		fault '{"class": "PUT", "path": "originals", "status": 403}'
		echo sampled >"$MNT/bkt/refresh"
		assert_costs sampled 3 30000
		delete a/00 # another one is the first
		assert_costs sampled 1 29000
		delete b/00
		assert_costs sampled 1 28000
		unmount_fs
	done
}

@test "a refresh of sampled that finds all as it was says so in the memo" {
	given_base 1000
	mount_fs -o memo=bucket
	assert_costs sampled 0 30000
	echo sampled >"$MNT/bkt/refresh"
	assert_costs sampled 3 30000
	wait_until are_puts_over
	assert_equal "$(records base recent)" '30 3'
	delete a/00 # another one is the first
	assert_costs sampled 0 29000
}

@test "nocache in the middle of a computation: neither document nor memo is written" {
	local options

	for options in memo=bucket memo=auto; do
		given_deltas 300
		mount_fs -o "$options"
		fault '{"class": "HEAD", "path": "0007", "gate": "head"}'
		in_background cat "$(stats_file detailed)" >"$BATS_TEST_TMPDIR/shown"
		wait_for_gate head
		forget_requests
		echo 1 >"$MNT/bkt/nocache"
		open_gate head
		wait $!
		assert_equal "$(jq .stats.total_size "$BATS_TEST_TMPDIR/shown")" 300000
		unmount_fs
		assert_equal "$(requests PUT)" 0
	done
	# in no order: not by blocks
	given_stub
	stub_ctl PUT 'bucket/bkt?order=given' "[$(spaces c b a)]"
	mount_fs -o memo=bucket
	fault '{"class": "HEAD", "path": "a/07", "gate": "head"}'
	in_background cat "$(stats_file detailed)" >/dev/null
	wait_for_gate head
	forget_requests
	echo 1 >"$MNT/bkt/nocache"
	open_gate head
	wait $!
	unmount_fs
	assert_equal "$(requests PUT)" 0
}

@test "refresh of detailed, and sampled is done before: all is written" {
	given_stub
	stub_ctl PUT 'bucket/bkt?order=given' "[$(spaces c b a)]" # so not by blocks
	put_base_of 5000
	mount_fs -o memo=bucket
	assert_costs sampled 0 150000
	fault '{"class": "HEAD", "path": "a/09", "gate": "memo"}'
	echo sampled detailed >"$MNT/bkt/refresh"
	in_background cat "$(stats_file detailed)" >/dev/null
	wait_for_gate memo
	cat "$(stats_file sampled)" >/dev/null
	open_gate memo
	wait $!
	unmount_fs
	assert_equal "$(records base)" 30
	assert_one_epoch
}

# Base and index are of the same refresh.
assert_one_epoch() {
	local file epochs=()

	for file in base index; do
		stub_memo "$file" >"$BATS_TEST_TMPDIR/$file"
		epochs+=("$("$HERE/memo.py" epoch "$BATS_TEST_TMPDIR/$file")")
	done
	assert_equal "${epochs[0]}" "${epochs[1]}"
	((epochs[0] != 0))
}

# What lies there for sampled is from before the refresh, and it lies.
@test "after a refresh of detailed sampled believes what that has left, and nothing older" {
	local mount

	for mount in same other; do
		given_base 5000
		mount_fs -o memo=bucket
		assert_costs sampled 0 150000
		echo detailed >"$MNT/bkt/refresh"
		assert_costs detailed 30 30000
		if [[ $mount == other ]]; then
			unmount_fs
			mount_fs -o memo=bucket
		fi
		delete a/00 # another one is the first
		assert_costs sampled 0 29000
		change b/00 2000
		assert_costs sampled 1 $((9000 + 20000 + 10000))
		wait_until are_puts_over
		assert_one_epoch
		change c/00 3000
		assert_costs detailed 1 $((9000 + 11000 + 12000)) # that of b/00 is there
		unmount_fs
	done
}

refresh_by_dgstat() {
	"${DGSTATFS%fs}" --endpoint-url="$ENDPOINT" --refresh "$@" bkt
}

@test "a base that is put late, by who has begun before the refresh, is not believed" {
	given_stub
	assert_samples memo=bucket 4/1 3 30000
	stub_memo base >"$BATS_TEST_TMPDIR/late"
	stub_ctl PUT bucket/bkt "[$(spaces | sed 's/"1000"/"2000"/')]" # listed alike
	refresh_by_dgstat --memo=bucket --detailed
	put_base <"$BATS_TEST_TMPDIR/late"
	delete b/09
	assert_samples memo=bucket 3/0 0 58000
}

# Nobody waits for the detailed result any more; of sampled others have asked.
@test "a refresh of detailed that is given up, and others that read sampled" {
	local mounts=("$MNT" "$BATS_TEST_TMPDIR/b")

	given_base 1000
	put_index_of 1000
	mount_fs -o memo=bucket,linger=0
	MNT=${mounts[1]} LOG=$BATS_TEST_TMPDIR/b.log mount_fs -o memo=bucket
	echo detailed >"$MNT/bkt/refresh"
	fault '{"class": "HEAD", "path": "a/09", "gate": "head"}'
	in_background cat "$(stats_file detailed)" >/dev/null 2>&1
	wait_for_gate head
	end_process $!
	wait_until is_gone head
	stub_ctl DELETE faults
	assert_costs sampled 3 30000
	delete a/00 # another one is the first
	assert_costs sampled 1 29000
	assert_equal "$(records base)" 30
	delete b/00
	MNT=${mounts[1]} assert_costs sampled 0 28000
	echo detailed >"$MNT/bkt/refresh"
	assert_costs detailed 28 28000
	delete c/00
	MNT=${mounts[1]} assert_costs sampled 0 27000
	delete a/01
	assert_costs sampled 0 26000
}

@test "who can't read what lies there remembers what it has asked for itself" {
	given_base 5000
	fault '{"class": "GET", "path": "originals", "status": 403}'
	mount_fs -o memo=bucket
	assert_costs sampled 3 30000
	change a/00 2000
	assert_costs sampled 1 40000
	assert_costs detailed 27 31000
	change b/05 2000
	assert_costs detailed 1 32000
	unmount_fs
	stub_ctl DELETE faults
	assert_equal "$(records base)" 30
}

# The answer to a HEAD of before is held meanwhile.
@test "what was asked for before a refresh, and is answered later, is not remembered" {
	given_stub
	stub_ctl PUT 'bucket/bkt?order=given' "[$(spaces c b a)]" # so not by blocks
	mount_fs -o memo=bucket
	fault '{"class": "HEAD", "path": "a/00", "gate": "head", "times": 1}'
	in_background cat "$(stats_file sampled)" >/dev/null
	wait_for_gate head
	stub_ctl PUT 'bucket/bkt?order=given' \
		"[$(spaces c b a | sed 's/"1000"/"2000"/')]" # listed alike
	echo detailed >"$MNT/bkt/refresh"
	assert_costs detailed 30 60000
	open_gate head
	wait $!
	delete b/09
	assert_costs sampled 0 58000
}

# What lies there says of all another size; and what a listing shows stays as it is.
change_unseen() {
	stub_ctl PUT bucket/bkt "[$(spaces | sed 's/"1000"/"2000"/')]"
}

@test "a second refresh of detailed is another one, though the first one failed" {
	given_stub
	mount_fs -o memo=bucket
	assert_costs detailed 30 30000
	fault '{"class": "LIST", "status": 403}'
	echo detailed >"$MNT/bkt/refresh"
	run ! cat "$(stats_file detailed)"
	stub_ctl DELETE faults
	assert_costs sampled 3 30000
	change_unseen
	echo detailed >"$MNT/bkt/refresh"
	assert_costs detailed 30 60000
	delete a/09
	assert_costs sampled 0 58000
}

@test "what this mount remembers from before its refresh is not believed without an index" {
	given_stub
	fault '{"class": "PUT", "path": "originals_(base|recent)", "status": 403}'
	mount_fs -o memo=bucket
	assert_costs sampled 3 30000
	change_unseen
	echo detailed >"$MNT/bkt/refresh"
	assert_costs detailed 30 60000
	fault '{"class": "GET", "path": "originals_index", "status": 503}'
	delete b/09
	assert_costs sampled 3 58000
}

# The listing shows none; it comes before it is asked for.
@test "an index of a refresh that comes between LIST and GET" {
	given_base 5000
	mount_fs -o memo=bucket
	fault '{"class": "LIST", "gate": "list"}'
	in_background cat "$(stats_file detailed)" >"$BATS_TEST_TMPDIR/shown"
	wait_for_gate list
	"$HERE/memo.py" index bkt at="$(date +%s)" epoch=7 </dev/null | put_index
	stub_ctl DELETE faults
	wait $!
	assert_equal "$(jq .stats.total_size "$BATS_TEST_TMPDIR/shown")" 30000
	wait_until are_puts_over
	unmount_fs
	change a/07 2000
	mount_fs -o memo=bucket
	assert_costs detailed 1 31000
}

# As that; but base and recent file were read by then.
@test "an index of a refresh that comes when what was beside it was asked already" {
	given_base 5000
	mount_fs -o memo=bucket
	fault '{"class": "LIST", "gate": "list"}'
	fault '{"class": "GET", "path": "originals_index", "gate": "index"}'
	in_background cat "$(stats_file detailed)" >"$BATS_TEST_TMPDIR/shown"
	wait_for_gate list
	"$HERE/memo.py" index bkt at="$(date +%s)" epoch=7 </dev/null | put_index
	open_gate list
	wait_for_gate index
	wait_until has_read_base
	open_gate index
	wait $!
	assert_equal "$(jq .stats.total_size "$BATS_TEST_TMPDIR/shown")" 30000
}

has_read_base() {
	(($(requests GET originals_base) == 1 && $(requests GET originals_recent) == 1)) &&
		are_open 1
}

@test "sampled remembers beside a damaged index that it can't make anew" {
	local options

	for options in memo=bucket,cache=ro memo=bucket; do
		given_base 1000
		echo nonsense | put_index
		fault '{"class": "PUT", "path": "originals_index", "status": 403}'
		mount_fs -o "$options"
		assert_costs sampled 3 30000
		change a/00 2000
		cat "$(stats_file sampled)" >/dev/null # one that was put is believed no more
		change a/00 2001
		assert_costs sampled 1 40010
		unmount_fs
	done
}

# In no order a listing shows what lies there last.
@test "a refresh of a bucket in no order mends what lies there, however few there are" {
	local in_no_order=('bucket/bkt?order=given' "[$(spaces c b a)]")

	given_index 5000
	stub_ctl PUT "${in_no_order[@]}"
	put_index_of 5000
	refresh_by_dgstat --detailed
	assert_equal "$(blocks)" '0 0 0 0'
	delete a/05
	assert_samples memo=bucket 3/0 0 29000
	stub_ctl PUT "${in_no_order[@]}"
	put_base_of 5000
	refresh_by_dgstat --sampled
	delete a/05
	assert_samples memo=bucket 3/0 0 29000
}

# The first listing of each program finds out that there is none.
@test "a bucket in no order has a memo of detailed, too, and a refresh puts it" {
	given_stub
	stub_ctl PUT 'bucket/bkt?order=given' "[$(spaces c b a)]"
	assert_mount memo=bucket 4/1 30 30000
	change a/07 2000
	assert_mount memo=bucket 4/1 1 31000
	put_index_of 5000
	put_base_of 5000
	refresh_by_dgstat --memo=bucket --detailed
	assert_one_epoch
	delete a/07
	assert_samples memo=bucket 3/0 0 29000
	assert_mount memo=bucket 3/0 0 29000
}

@test "a refresh with nocache: what lies there is not believed afterwards" {
	local mode n

	for mode in sampled detailed; do
		n=$([[ $mode == sampled ]] && echo 3 || echo 30)
		given_index 5000
		put_base_of 5000
		mount_fs -o memo=bucket
		assert_costs "$mode" 0 150000
		echo 1 >"$MNT/bkt/nocache"
		echo "$mode" >"$MNT/bkt/refresh"
		assert_costs "$mode" "$n" 30000
		echo 0 >"$MNT/bkt/nocache"
		delete a/07
		assert_costs "$mode" "$((n == 3 ? 3 : 29))" 29000
		unmount_fs
	done
}

@test "an index that a refresh puts without blocks is among its PUTs" {
	given_index 5000
	mount_fs
	echo detailed >"$MNT/bkt/refresh"
	assert_costs detailed 30 30000
	wait_until are_puts_over
	assert_equal "$(jq .detailed.result.requests.put "$MNT/bkt/status.json")" "$(requests PUT)"
}

# The slower one has asked before the other one's refresh, and ends after it.
@test "a base of sampled is put over none that has come meanwhile" {
	local has

	for has in none base; do
		given_stub
		[[ $has == none ]] || listed {a,b,c}/{00..09}.delta |
			"$HERE/memo.py" make bkt size=1000 at=1 | put_base # it is old
		delete a/00
		change a/01 1000
		mount_fs -o memo=bucket
		fault '{"class": "HEAD", "path": "a/01", "gate": "head", "times": 1}'
		in_background cat "$(stats_file sampled)" >/dev/null
		wait_for_gate head
		put_base_of 2000
		stub_memo base >"$BATS_TEST_TMPDIR/refreshed"
		open_gate head
		wait $!
		wait_until are_puts_over
		stub_memo base | cmp - "$BATS_TEST_TMPDIR/refreshed"
		delete c/00
		assert_costs sampled 1 $((9000 + 20000 + 18000)) # a/01 is not that of the base
		unmount_fs
	done
}

# Nor what is recent over another one, which a refresh has put beside the same base.
@test "what is recent is put over none that has come meanwhile" {
	given_base 1000
	change a/00 1000
	change b/00 1000
	mount_fs -o memo=bucket
	fault '{"class": "HEAD", "path": "a/00", "gate": "head", "times": 1}'
	in_background cat "$(stats_file sampled)" >/dev/null
	wait_for_gate head
	listed {a,b,c}/{00..09}.delta | "$HERE/memo.py" make bkt size=2000 at="$(date +%s)" \
		base="$(stub_memo base | tail -c 32 | od -An -v -tx1 | tr -d ' \n')" | put_recent
	stub_memo recent >"$BATS_TEST_TMPDIR/refreshed"
	open_gate head
	wait $!
	wait_until are_puts_over
	stub_memo recent | cmp - "$BATS_TEST_TMPDIR/refreshed"
	delete c/00
	assert_costs sampled 2 $((10000 + 10000 + 18000))
}

put_recent() {
	curl -sS --fail -X PUT --data-binary @- \
		"$ENDPOINT/bkt/.deltaglider/originals_recent.bin"
}

@test "where nobody says what lies there, nothing is put over it, and what is known stays" {
	given_stub
	mount_fs -o memo=bucket
	fault '{"class": "HEAD", "path": "a/", "gate": "head", "times": 1}'
	in_background cat "$(stats_file sampled)" >/dev/null
	wait_for_gate head
	fault '{"class": "GET", "path": "originals_base", "status": 403}'
	open_gate head
	wait $!
	assert_logged 1 "the memo can't be written: GET .*403"
	change a/00 2000
	assert_costs sampled 1 40000
	assert_equal "$(requests PUT originals_base)" 0
}

@test "an empty base is mended" {
	given_stub
	: | put_base
	assert_samples memo=bucket 5/1 3 30000
	assert_equal "$(records base)" 3
}

@test "an empty index is mended, also where the store does not know its own ETag" {
	given_stub
	: | put_index
	mount_fs -o memo=bucket
	fault '{"class": "PUT", "path": "originals", "times": 1, "status": 412,
		"code": "PreconditionFailed"}'
	assert_costs detailed 30 30000
	wait_until is_put_as_told
	assert_equal "$(blocks | cut -d' ' -f2-)" '30 30 0'
}

# Somebody else uses the memo all the while, so it does not rest.
given_user_of_memo() {
	given_stub
	stub_ctl PUT 'bucket/bkt?order=given' "[$(spaces c b a)]" # so not by blocks
	[[ -z $1 ]] || put_base_of "$1"
	mount_fs -o memo=bucket,log_level=info
	change b/05 1000
	fault '{"class": "HEAD", "path": "b/05", "gate": "user", "times": 1}'
	in_background cat "$(stats_file detailed)" >/dev/null
	USER_OF_MEMO=$!
	wait_for_gate user
}

end_user_of_memo() {
	open_gate user
	wait "$USER_OF_MEMO"
	wait_until are_puts_over
}

@test "a refresh of sampled is put, though a base that had come before was not put over" {
	given_user_of_memo ''
	put_base_of 5000
	cat "$(stats_file sampled)" >/dev/null
	wait_until grep -q 'another one was meanwhile' "$LOG"
	echo sampled >"$MNT/bkt/refresh"
	assert_equal "$(field sampled .stats.total_size)" 30000
	wait_until are_base_records 3
	end_user_of_memo
	delete a/00
	assert_costs sampled 1 29000
}

are_base_records() {
	[[ $(records base 2>/dev/null) == "$1" ]]
}

@test "a refresh of sampled is put over a base that has come since it was read" {
	given_user_of_memo 1000
	put_base_of 5000
	change a/00 2000
	echo sampled >"$MNT/bkt/refresh"
	assert_equal "$(field sampled .stats.total_size)" 40000
	wait_until are_base_records 3
	end_user_of_memo
	unmount_fs
	delete a/01
	mount_fs -o memo=bucket
	assert_costs sampled 0 38000
}

# What a pack says is from before it.
@test "what was read before a refresh of sampled is not put over what it has put" {
	given_pack
	stub_memo index >"$BATS_TEST_TMPDIR/index"
	stub_memo "$PACK" >"$BATS_TEST_TMPDIR/pack"
	stub_ctl PUT 'bucket/bkt?order=given' "$(python3 -c '
import json
print(json.dumps([{"key": f"{i:03}/%02d.delta", "count": 10, "size": 10,
    "last_modified": "'$DATE'", "meta": {"dg-file-size": "2000"}} for i in range(499, -1, -1)]))')"
	put_index <"$BATS_TEST_TMPDIR/index"
	curl -sS --fail -T "$BATS_TEST_TMPDIR/pack" "$ENDPOINT/bkt/.deltaglider/originals_$PACK.bin"
	mount_fs -o memo=bucket
	fault '{"class": "GET", "path": "originals_'"$PACK"'", "gate": "pack"}'
	in_background cat "$(stats_file detailed)" >/dev/null
	wait_for_gate pack
	echo sampled >"$MNT/bkt/refresh"
	assert_equal "$(field sampled .stats.total_size)" 10000000
	wait_until are_base_records 500
	open_gate pack
	wait $!
	stub_ctl DELETE faults
	delete 003/05
	assert_costs sampled 0 9998000
}

# Its bytes are the memo's own: see also with ASan.
@test "what is being put stays while others settle on another epoch" {
	given_stub
	mount_fs -o memo=bucket
	fault '{"class": "PUT", "path": "originals_base", "gate": "put", "times": 1,
		"status": 503, "code": "SlowDown"}'
	cat "$(stats_file sampled)" >/dev/null
	wait_for_gate put
	echo detailed >"$MNT/bkt/refresh"
	cat "$(stats_file detailed)" >/dev/null
	wait_until has_put index
	delete a/00
	change b/00 1000
	assert_equal "$(field sampled .stats.total_size)" 29000
	open_gate put
	wait_until are_base_records 3
}

@test "the end of the mount does not wait for an index of nothing after a pack" {
	given_deltas 4200
	mount_fs -o memo=bucket
	assert_costs detailed 4200 4200000
	fault '{"class": "PUT", "path": "originals", "gate": "memo"}'
	echo detailed >"$MNT/bkt/refresh"
	cat "$(stats_file detailed)" >/dev/null
	wait_for_gate memo
	within 4000 unmount_fs
}

@test "with ttl it is not believed, but a refresh is told it" {
	given_index 5000
	put_base_of 5000
	mount_fs -o memo=bucket,ttl=1h
	assert_costs detailed 30 30000
	assert_equal "$(memo_requests)" 0/0
	echo detailed >"$MNT/bkt/refresh"
	assert_costs detailed 30 30000
	wait_until is_put_as_told
	unmount_fs
	delete a/00
	mount_fs -o memo=bucket
	assert_costs detailed 0 29000
}

# Where blocks can't be listed, all is in the base; the index says that it knows nothing.
@test "a refresh that goes not by blocks leaves nothing of them to be believed" {
	given_stub
	stub_ctl PUT 'bucket/bkt?order=given' "[$(spaces c b a)]"
	put_index_of 5000
	mount_fs -o memo=bucket
	assert_costs sampled 0 150000
	echo detailed >"$MNT/bkt/refresh"
	assert_costs detailed 30 30000
	unmount_fs
	assert_equal "$(blocks)" '0 0 0 0'
	assert_one_epoch
	stub_memo base >"$BATS_TEST_TMPDIR/base"
	stub_memo index >"$BATS_TEST_TMPDIR/index"
	stub_ctl PUT bucket/bkt "[$(spaces)]" # another store, which can
	put_index <"$BATS_TEST_TMPDIR/index"
	put_base <"$BATS_TEST_TMPDIR/base"
	change a/07 2000
	assert_mount memo=bucket 3/1 1 31000
	assert_equal "$(blocks | cut -d' ' -f2-)" '30 30 0'
}

# Thirty are too few for a memo; but one that another mount wants lies there.
@test "a refresh mends a memo that it would not have begun" {
	given_stub
	put_index_of 5000
	assert_mount memo=bucket 1/0 0 150000
	refresh_by_dgstat --detailed
	assert_equal "$(blocks)" '0 0 0 0'
	change a/07 2000
	mount_fs -o memo=bucket # its HEADs depend on which of both was put first
	assert_equal "$(jq .stats.total_size "$(stats_file detailed)")" 31000
	unmount_fs
	given_base 5000
	assert_samples memo=bucket 3/0 0 150000
	refresh_by_dgstat --sampled
	delete a/05
	assert_samples memo=bucket 3/0 0 29000
	given_index 5000
	assert_samples memo=bucket 3/0 0 150000
	refresh_by_dgstat --sampled
	delete a/05
	assert_samples memo=bucket 3/0 0 29000
}

@test "a refresh whose packs can't be put leaves nothing older to be believed" {
	given_deltas 4200
	assert_mount memo=auto 1/2 4200 4200000
	fault '{"class": "PUT", "path": "originals_[0-9]", "status": 403}'
	mount_fs
	echo detailed >"$MNT/bkt/refresh"
	assert_costs detailed 4200 4200000
	wait_until are_puts_over
	assert_logged 1 "the memo can't be written: .*; one that knows nothing is put in its place"
	stub_ctl DELETE faults
	unmount_fs
	assert_equal "$(blocks)" '0 0 0 0'
}

@test "sampled makes anew what is damaged of the memo of detailed" {
	given_base 5000
	echo nonsense | put_index
	mount_fs -o memo=bucket
	assert_costs sampled 3 30000
	change a/00 2000
	assert_costs sampled 1 40000
	unmount_fs
	assert_one_epoch
	assert_equal "$(blocks)" '0 0 0 0'
	assert_mount memo=bucket 3/1 27 31000
}

@test "off, memory, and a cache that is read only or off, or not wanted" {
	given_stub
	assert_mount memo=bucket,cache=off 0/0 30 30000
	# and what sampled has, since HEADs are left when there turns out to be no index
	fault '{"class": "HEAD", "gate": "heads"}'
	mount_fs -o memo=bucket,cache=ro
	forget_requests
	in_background cat "$(stats_file detailed)" >"$BATS_TEST_TMPDIR/shown"
	wait_until are_memo_requests 3/0
	stub_ctl DELETE faults
	wait $!
	assert_equal "$(jq .stats.total_size "$BATS_TEST_TMPDIR/shown")" 30000
	unmount_fs
	assert_equal "$(memo_requests) $(requests HEAD)" '3/0 30'
	assert_mount memo=off 0/0 30 30000
	change a/07 2000
	mount_fs -o memo=memory
	assert_costs detailed 30 31000
	change a/07 3000
	assert_costs detailed 1 32000
	unmount_fs
	assert_equal "$(memo_requests)" 0/0
	change a/07 4000
	assert_mount memo=bucket 1/1 30 33000
	change a/07 5000
	mount_fs -o memo=bucket,cache=ro
	assert_costs detailed 1 34000
	change a/08 5000
	assert_costs detailed 1 38000
	echo 1 >"$MNT/bkt/nocache"
	assert_costs detailed 30 38000
	assert_equal "$(memo_requests)" 0/0
	unmount_fs
	# metadata may change where nothing that is listed does
	change a/07 6000
	assert_mount memo=bucket,ttl=1h 0/0 30 39000
}

# Pages that each want fewer HEADs than are worth asking the bucket for.
@test "a mount that may not write asks what it remembers, on whatever pages it is" {
	local i

	for i in memory auto bucket; do
		given_deltas 600
		stub_ctl PATCH settings '{"page_size": 50}'
		mount_fs -o "memo=$i,cache=ro"
		assert_costs detailed 600 600000
		change 0007 2000
		assert_costs detailed 1 601000
		change 0555 2000
		assert_costs detailed 1 602000
		unmount_fs
	done
}

# As that; it is listed so often.
assert_lists() {
	assert_mount "${@:2}"
	assert_equal "$(requests LIST) LISTs" "$1 LISTs"
}

@test "where listings tell the sizes there is nothing to remember" {
	given_stub
	stub_ctl PATCH settings '{"metadata": "minio"}'
	assert_lists 1 memo=bucket 0/0 0 30000
	given_deltas 1100
	stub_ctl PATCH settings '{"metadata": "minio"}'
	assert_lists 2 memo=bucket 0/0 0 1100000
}

@test "a bucket without deltas has no memo" {
	given_stub '[{"key": "x", "size": 5}]'
	assert_lists 1 memo=bucket 0/0 0 5
	given_stub '[{"key": "%04d", "count": 2500, "size": 1}]'
	assert_mount memo=bucket 0/0 0 2500
	given_stub '[{"key": "x", "size": 5}]'
	curl -sS --fail -X PUT --data-binary 12345 "$ENDPOINT/bkt/y"
	assert_mount memo=bucket 0/0 0 10
}

@test "auto: fewer HEADs than 256 are cheaper than a memo" {
	given_deltas 255
	assert_lists 1 memo=auto 0/0 255 255000
	change 0007 2000
	mount_fs -o memo=auto
	assert_costs detailed 255 256000
	assert_costs sampled 1 $((255 * 1000))
	change 0008 2000
	assert_costs detailed 255 257000
	unmount_fs
	assert_equal "$(memo_requests)" 0/0
	given_deltas 256
	assert_mount memo=auto 1/1 256 256000
	change 0007 2000
	assert_mount memo=auto 1/1 1 257000
	change 0008 2000
	assert_mount memo=auto,cache=ro 1/0 1 258000
}

@test "auto: likewise of sampled, by deltaspaces" {
	given_stub '[{"key": "%03d/x.delta", "count": 255, "size": 10,
		"last_modified": "'$DATE'", "meta": {"dg-file-size": "1000"}}]'
	assert_samples memo=auto 0/0 255 255000
	given_stub '[{"key": "%03d/x.delta", "count": 256, "size": 10,
		"last_modified": "'$DATE'", "meta": {"dg-file-size": "1000"}}]'
	assert_samples memo=auto 4/1 256 256000
	change 007/x 2000
	assert_samples memo=auto 4/1 1 257000
}

assert_samples() {
	mount_fs -o "$1"
	assert_costs sampled "${@:3}"
	unmount_fs
	assert_equal "$(memo_requests) of the memo" "$2 of the memo"
}

@test "auto: what keeps the memo from being read or written is no warning" {
	given_deltas 256
	fault '{"class": "PUT", "path": "originals", "status": 403}' \
		'{"class": "GET", "path": "originals", "status": 403}'
	mount_fs -o memo=auto
	assert_costs detailed 256 256000
	unmount_fs
	stub_ctl DELETE faults
	fault '{"class": "PUT", "path": "originals", "status": 403}'
	change 0007 2000
	mount_fs -o memo=auto # another one may read it
	assert_costs detailed 256 257000
	unmount_fs
	assert_equal "$(complaints)" ''
}

@test "where ranges can't be listed, or come in no order, the figures are right" {
	given_stub
	mount_fs -o memo=bucket
	assert_costs detailed 30 30000
	stub_ctl PATCH settings '{"start_after": "ignored"}'
	change a/07 2000
	assert_costs detailed 1 31000
	unmount_fs
	stub_ctl PUT 'bucket/bkt?order=given' '[{"key": "b.delta", "size": 10},
		{"key": "a.delta", "size": 10, "meta": {"dg-file-size": "50"}}]'
	mount_fs -o memo=bucket
	assert_costs detailed 2 60
}

@test "a bucket that changes while it is listed again is listed anew" {
	given_stub
	mount_fs -o memo=bucket
	assert_costs detailed 30 30000
	change a/07 2000
	fault '{"class": "GET", "path": "originals_index", "times": 1,
		"put": [{"key": "a/08.delta", "size": 10, "etag": "8", "last_modified": "'$DATE'",
			"meta": {"dg-file-size": "3000"}}]}'
	assert_costs detailed 2 33000
	assert_right
}

# Each time it is listed again there are fewer, as often as that.
shrinks() {
	local i faults=('{"class": "LIST", "after": 1, "times": 1, "delete": ["a/00.delta"]}')

	for ((i = 1; i < $1; i++)); do
		faults+=("{\"class\": \"LIST\", \"after\": $((i + 1)), \"times\": 1,
			\"delete\": [\"a/0$i.delta\"]}")
	done
	fault "${faults[@]}"
}

@test "what is learned of a bucket that changes all the time is not asked for again" {
	given_stub
	assert_mount memo=bucket 1/1 30 30000
	change a/07 2000
	mount_fs -o memo=bucket
	shrinks 3
	assert_costs detailed 1 28000
	unmount_fs
	stub_ctl DELETE faults
	given_stub
	assert_mount memo=bucket 1/1 30 30000
	change a/08 2000
	mount_fs -o memo=bucket
	shrinks 5 # that is too often
	cat "$(stats_file detailed)" >"$BATS_TEST_TMPDIR/shown"
	assert_equal "$(jq .stats.total_size "$BATS_TEST_TMPDIR/shown")" 26000
	unmount_fs
	stub_ctl DELETE faults
	change a/08 3000
	mount_fs -o memo=bucket
	assert_costs detailed 1 27000
}

given_deltas() {
	given_stub '[{"key": "%04d.delta", "count": '"$1"', "size": 10,
		"last_modified": "'$DATE'", "meta": {"dg-file-size": "1000"}}]'
}

@test "a reader that goes in the middle of the HEADs ends them, and nothing else" {
	given_deltas 1000 # after so many it is looked for records to be written
	mount_fs -o memo=bucket,linger=0
	fault '{"class": "HEAD", "path": "099", "gate": "heads"}'
	in_background cat "$(stats_file detailed)" >/dev/null 2>&1
	wait_for_gate heads 11
	end_process $!
	wait_until is_gone heads
	stub_ctl DELETE faults
	assert_right
}

is_gone() {
	[[ $(stub_ctl GET "gate/$1") == 0 ]]
}

# A reader in detail is held at the gate, which that fault makes, and goes.
reader_goes_at() {
	fault "$2"
	in_background cat "$(stats_file detailed)" >/dev/null 2>&1
	wait_for_gate "$1"
	end_process $!
	wait_until is_gone "$1"
	stub_ctl DELETE faults
}

@test "a reader that goes while records of changed blocks are read" {
	local i

	given_pack
	for i in 003 100 250 499; do change "$i/07" 3000; done
	mount_fs -o memo=bucket,linger=0
	reader_goes_at pack '{"class": "GET", "path": "originals_'"$PACK"'", "gate": "pack"}'
	assert_costs detailed 4 5008000
	assert_right
	unmount_fs
	change 004/07 3000
	mount_fs -o memo=bucket
	assert_costs detailed 1 5010000
	assert_equal "$(complaints)" ''
}

@test "a reader that goes while changed blocks are listed again" {
	local after total=1100000

	given_deltas 1100 # they are one block, which the third and the fourth LIST are of
	assert_mount memo=bucket 1/1 1100 $total
	mount_fs -o memo=bucket,linger=0
	for after in 2 3; do
		change "000$after" 2000
		reader_goes_at page$after '{"class": "LIST", "path": "^/bkt", "after": '$after',
			"gate": "page'$after'"}'
		assert_costs detailed 1 $((total += 1000))
		assert_right
	done
	unmount_fs
	assert_equal "$(blocks | cut -d' ' -f2)" 1100
	assert_equal "$(complaints)" ''
}

@test "a page that can't be listed again is an error, in words, and no figures" {
	given_deltas 1100 # they are one block, whose second page is the fourth LIST
	assert_mount memo=bucket 1/1 1100 1100000
	change 0005 2000
	mount_fs -o memo=bucket,retries=0
	fault '{"class": "LIST", "path": "^/bkt", "after": 3, "status": 500}'
	refused 'Input/output error' cat "$(stats_file detailed)"
	assert_logged 1 'bkt mode=detailed: .*HTTP status 500'
	stub_ctl DELETE faults
	assert_right
	unmount_fs
	assert_equal "$(blocks | cut -d' ' -f1,2)" '1 1100'
}

# A store, or a proxy, that shows no object of ours in its listings.
@test "an index that no listing shows is found" {
	given_index 5000
	fault '{"class": "LIST", "sub": [
		"<KeyCount>[0-9]*</KeyCount>|<Contents><Key>[.].*?</Contents>", ""]}'
	mount_fs -o memo=bucket
	cat "$(stats_file detailed)" >"$BATS_TEST_TMPDIR/shown"
	assert_equal "$(jq .stats.total_size "$BATS_TEST_TMPDIR/shown")" 150000
}

@test "the lifecycle rule of contrib/ is one that a store takes" {
	new_bucket
	assert_equal "$(s3 lifecycle "$BUCKET" "$HERE/../../contrib/lifecycle.json" |
		jq -c '.[0].NoncurrentVersionExpiration')" '{"NoncurrentDays":1}'
}

# --- what can't be told apart --------------------------------------------------------------

# Asked for again, all of them.
assert_forgotten() {
	given_stub '[{"key": "%02d.delta", "count": 5, "size": 10, '"$1"',
		"meta": {"dg-file-size": "100"}}]'
	mount_fs -o memo=memory
	assert_costs detailed 5 500
	change 00 200
	assert_costs detailed 5 600
	unmount_fs
}

@test "versions that a listing shows alike are not remembered" {
	assert_forgotten '"etag": null'
	# whole seconds, and not over when they were listed
	assert_forgotten '"last_modified": "2999-01-01T00:00:00.000Z"'
}

@test "HEADs of a new bucket wait for no index, since its listing shows none" {
	given_stub
	fault '{"class": "GET", "path": "originals_index", "gate": "index"}'
	mount_fs -o memo=bucket
	in_background cat "$(stats_file detailed)" >"$BATS_TEST_TMPDIR/shown"
	wait_for_gate index
	wait_until have_heads 30
	open_gate index
	wait $!
	assert_equal "$(jq .stats.total_size "$BATS_TEST_TMPDIR/shown")" 30000
}

have_heads() {
	(($(requests HEAD) == $1))
}

@test "an index that would know nothing is not written" {
	given_stub '[{"key": "%02d.delta", "count": 5, "size": 10,
		"last_modified": "2999-01-01T00:00:00.000Z", "meta": {"dg-file-size": "100"}}]'
	assert_mount memo=bucket 1/0 5 500
}

# --- what is wrong with it ------------------------------------------------------------------

# An index like this is as if there were none: one warning, and it is made anew.
assert_ignored() {
	: >"$LOG"
	put_index
	change a/07 $((TOTAL += 1)) # no hit
	assert_mount memo=bucket 1/1 30 $((29000 + TOTAL))
	assert_equal "$(blocks | cut -d' ' -f2-)" '30 30 0'
	assert_logged 1 "memo \.deltaglider/originals_index\.bin is ignored: .*$1"
}

@test "whatever lies in its place is ignored, said once, and made anew" {
	local good=$BATS_TEST_TMPDIR/good TOTAL=1000

	given_stub
	lies bkt >"$good"
	assert_ignored 'no index' </dev/null
	assert_ignored checksum < <(head -c 300 "$good"; printf '\x55'; tail -c +302 "$good")
	assert_ignored checksum < <(lies other)
	assert_ignored 'of version 2' < <(lies bkt version=2)
	assert_ignored '' < <(head -c 9000000 /dev/zero)
}

# What a newer version needs is not put over for nothing all the time.
@test "what a newer version has written is written over once an hour" {
	local file

	given_stub
	mount_fs -o memo=bucket
	put_newer
	assert_figures 30000 30000
	assert_equal "$(records base)" 3
	assert_equal "$(blocks | cut -d' ' -f2-)" '30 30 0'
	put_newer
	change a/00 2000
	assert_figures 40000 31000
	for file in index base; do
		assert_equal "$(stub_memo $file | head -c 12 | tail -c 1 | xxd -p)" 02
		assert_logged 1 "originals_$file.bin is ignored"
	done
}

# Sampled and detailed, and what they put lies there.
assert_figures() {
	local mode

	for mode in sampled detailed; do
		jq .stats.total_size "$(stats_file $mode)"
	done >"$BATS_TEST_TMPDIR/shown"
	assert_equal "$(xargs <"$BATS_TEST_TMPDIR/shown")" "$*"
	wait_until are_puts_over
}

put_newer() {
	lies bkt version=2 | put_index
	listed {a,b,c}/{00..09}.delta | "$HERE/memo.py" make bkt version=2 | put_base
}

# Of thirty records each lies in the next one of so many packs.
put_packs() {
	mkdir -p "$BATS_TEST_TMPDIR/packs"
	lies bkt size=1000 every=15 slots="$1" into="$BATS_TEST_TMPDIR/packs" "${@:2}" | put_index
	stub_memo_names "$1" | while read -r name; do
		curl -sS --fail -T "$BATS_TEST_TMPDIR/packs/$name" "$ENDPOINT/bkt/.deltaglider/$name"
	done
}

stub_memo_names() {
	seq -f 'originals_%03g.bin' 0 $(($1 - 1))
}

# When the index says that all packs were.
written_anew_at() {
	stub_memo index | od -An -tu8 --endian=big -j24 -N8 | tr -d ' '
}

@test "records in too many packs are written anew, without HEADs, at most once a day" {
	local now

	now=$(date +%s)
	given_stub
	put_packs 17
	change a/07 2000
	assert_mount memo=bucket 18/1 1 31000
	assert_equal "$(blocks | cut -d' ' -f2-)" '30 30 0'
	(($(written_anew_at) >= now))
	given_stub
	put_packs 17 at="$((now - 1000))"
	change a/07 2000
	assert_mount memo=bucket 18/1 1 31000
	assert_equal "$(written_anew_at)" "$((now - 1000))"
}

@test "what can't be read is not overwritten" {
	given_stub
	assert_mount memo=bucket 1/1 30 30000
	change a/07 2000
	fault '{"class": "GET", "path": "originals_index", "status": 403}'
	assert_mount memo=bucket,cache=ro 3/0 30 31000
	assert_logged 1 'warn: .*the memo'
	stub_ctl DELETE faults
	assert_mount memo=bucket 1/1 1 31000
}

@test "an index that is refused is asked for once, not each time the bucket changes" {
	local key total=31000

	given_stub
	assert_mount memo=bucket 1/1 30 30000
	change a/07 2000
	fault '{"class": "GET", "path": "originals_index", "status": 403}'
	mount_fs -o memo=bucket
	assert_costs detailed 30 $total
	assert_equal "$(requests GET originals_index)" 1
	for key in a/08 a/09; do
		change "$key" 2000
		assert_costs detailed 1 $((total += 1000)) # the others it remembers itself
		assert_equal "$(requests GET originals_index) $(requests LIST)" '0 2' # as without a memo
	done
	assert_equal "$(requests PUT originals_index)" 0
}

@test "a memo that does not come in time is not waited for" {
	given_stub
	assert_mount memo=bucket 1/1 30 30000
	change a/07 2000
	fault '{"class": "GET", "path": "originals", "gate": "memo"}'
	mount_fs -o memo=bucket,timeout="$(scaled 2000)ms"
	assert_costs detailed 30 31000
	assert_logged 1 'originals_index.bin is ignored'
}

@test "who is slower than another one does not overwrite its index, and says nothing" {
	given_stub
	# it comes just before the PUT, long after this mount has seen that there is none
	fault '{"class": "PUT", "path": "originals_index", "times": 1,
		"put": [{"key": ".deltaglider/originals_index.bin", "size": 7}]}'
	assert_mount memo=bucket 2/1 30 30000 # it looks for what lies there
	assert_equal "$(stub_memo index | wc -c)" 7
	stub_ctl DELETE faults
	assert_equal "$(complaints)" ''
	put_index_of 1000
	change a/07 2000
	fault '{"class": "PUT", "path": "originals_index", "times": 1,
		"delete": [".deltaglider/originals_index.bin"]}'
	assert_mount memo=bucket 2/1 1 31000
	assert_equal "$(complaints)" ''
}

@test "a store that knows no condition of a PUT is asked without" {
	local total=30000

	given_stub
	mount_fs -o memo=bucket
	fault '{"class": "PUT", "path": "originals", "times": 1, "status": 501,
		"code": "NotImplemented"}'
	assert_costs detailed 30 $total
	wait_until has_put_times 2
	change a/07 2000
	assert_costs detailed 1 $((total + 1000))
	wait_until has_put_times 1
	wait_until are_puts_over
	assert_equal "$(complaints)" ''
	assert_equal "$(blocks | cut -d' ' -f2-)" '30 30 0'
}

@test "a store that takes the same ETag for another one is asked without" {
	given_stub
	assert_mount memo=bucket 1/1 30 30000
	change a/07 2000
	mount_fs -o memo=bucket
	fault '{"class": "PUT", "path": "originals", "times": 1, "status": 412,
		"code": "PreconditionFailed"}'
	assert_costs detailed 1 31000
	wait_until has_put_times 2
	unmount_fs
	assert_equal "$(complaints)" ''
	change a/08 2000
	assert_mount memo=bucket 1/1 1 32000
}

has_put_times() {
	(($(requests PUT originals_index) == $1))
}

@test "no right to PUT: one warning, and the figures" {
	local i

	given_stub
	fault '{"class": "PUT", "path": "originals", "status": 403}'
	mount_fs -o memo=bucket,log_level=info
	assert_costs detailed 30 30000
	assert_logged 1 "warn: .*the memo can't be written"
	assert_logged 0 'originals_.* is written'
	change a/07 2000
	assert_costs detailed 1 31000 # what this mount remembers
	for i in 1 2; do
		change a/08 "200$i"
		assert_costs detailed 1 3200$i
		assert_equal "$(requests PUT originals)" 0
	done
	unmount_fs
	stub_ctl DELETE faults
	mount_fs -o memo=bucket,log_level=info
	change a/08 2003
	assert_costs detailed 30 32003
	assert_logged 1 'info: .*originals_index.bin is written, [0-9]+ bytes'
	assert_logged 0 'originals_(base|recent).bin is written'
	change b/07 2000
	assert_costs sampled 0 30000
	change b/00 2000
	assert_costs sampled 1 40000
	assert_logged 1 'info: .*originals_base.bin is written, [0-9]+ bytes'
}

@test "what can't be put is remembered by the mount, with or without a right to it" {
	local file status

	for status in 403 500; do
		for file in index '[0-9]{3}'; do # there are packs
			given_deltas 5000
			fault '{"class": "PUT", "path": "originals_'"$file"'", "status": '$status'}'
			mount_fs -o memo=auto,retries=0
			assert_costs detailed 5000 5000000
			change 0007 2000
			assert_costs detailed 1 5001000
			unmount_fs
		done
	done
}

@test "what can't be put, and is from before a refresh, is not remembered" {
	given_stub
	fault '{"class": "PUT", "path": "originals", "gate": "memo", "status": 403}'
	mount_fs -o memo=bucket
	cat "$(stats_file detailed)" >/dev/null
	wait_for_gate memo
	echo sampled >"$MNT/bkt/refresh"
	cat "$(stats_file sampled)" >/dev/null
	open_gate memo
	change a/07 2000
	assert_costs detailed 27 31000 # what sampled has asked for since
}

@test "nobody waits for its PUT but the end of the mount, and that not for long" {
	given_stub
	fault '{"class": "PUT", "path": "originals", "gate": "memo"}'
	mount_fs -o memo=bucket
	assert_costs detailed 30 30000
	wait_for_gate memo
	within 4000 unmount_fs
}

# --- its keys are where a bucket is cut that the mount does not know ------------------------

# An index of blocks of so many of the first deltas of given_deltas.
blocks_of() {
	seq -f "%04g.delta" 0 $(($2 - 1)) | listed_alike | "$HERE/memo.py" index bkt every="$1"
}

listed_alike() {
	sed "s/\$/\t10\tetag\t$DATE/"
}

# The mount shows so many objects, and has asked for the index so many times: nobody
# waits for that, not even until it has arrived.
assert_reads_index() {
	forget_requests
	assert_equal "$(field quick .stats.object_count) objects" "$2 objects"
	wait_until has_read_index "$1"
	assert_equal "$(requests GET originals_index) times" "$1 times"
}

has_read_index() {
	(($(requests GET originals_index) >= $1))
}

are_starts() {
	(($(starts | grep -Fxc -f <(printf "%s\n" "$@")) == $#))
}

@test "a mount that has never seen a bucket lists it in as many ranges as one that has" {
	given_deltas 5000
	blocks_of 900 5000 | put_index
	mount_fs -o memo=bucket
	fault '{"class": "LIST", "after": 2, "gate": "pages"}'
	in_background cat "$(stats_file quick)" >"$BATS_TEST_TMPDIR/shown"
	wait_until are_starts 3599.delta 4499.delta # behind what was there already
	open_gate pages
	wait $!
	assert_equal "$(jq .stats.object_count "$BATS_TEST_TMPDIR/shown")" 5000
	stub_ctl DELETE faults
	assert_reads_index 0 5000
	(($(starts | wc -l) >= 3))
	unmount_fs
	assert_logged 0 ': (warn|error): .*memo'
}

@test "what the cached document says has these keys asked for before the second page" {
	given_deltas 5000
	blocks_of 900 5000 | put_index
	mount_fs -o memo=bucket
	assert_reads_index 1 5000
	unmount_fs
	mount_fs -o memo=bucket
	fault '{"class": "LIST", "after": 1, "gate": "pages"}'
	forget_requests
	in_background cat "$(stats_file quick)" >"$BATS_TEST_TMPDIR/shown"
	wait_until are_starts 1799.delta 3599.delta 4499.delta
	assert_equal "$(requests GET originals_index) times" "1 times"
	open_gate pages
	wait $!
	assert_equal "$(jq .stats.object_count "$BATS_TEST_TMPDIR/shown")" 5000
	stub_ctl DELETE faults
	unmount_fs
	assert_logged 0 ': (warn|error): .*memo'
}

@test "nobody waits for these keys, and of two pages they are not asked for" {
	given_deltas 1998
	blocks_of 100 1998 | put_index
	mount_fs -o memo=bucket
	assert_reads_index 0 1998
	assert_reads_index 0 1998 # and a document: 2,000
	unmount_fs
	mount_fs -o memo=bucket
	assert_reads_index 0 1998 # which says so
	change 1998 1000
	fault '{"class": "GET", "path": "originals_index", "gate": "index"}'
	assert_reads_index 1 1999
	stub_ctl DELETE faults
	assert_reads_index 0 1999
	unmount_fs
	mount_fs -o memo=bucket
	fault '{"class": "GET", "path": "originals_index", "status": 403}'
	assert_reads_index 1 1999
	unmount_fs
	assert_logged 0 ': (warn|error): .*memo'
}

@test "they are asked for where the memo is" {
	local options

	given_deltas 2100
	blocks_of 100 2100 | put_index
	for options in memo=bucket,cache=ro:1 memo=off:0 memo=memory:0 memo=bucket,cache=off:0; do
		mount_fs -o "${options%:*}"
		assert_reads_index "${options#*:}" 2100
		unmount_fs
	done
	mount_fs -o memo=bucket,cache=off
	echo quick >"$MNT/bkt/refresh"
	assert_reads_index 0 2100
	unmount_fs
	mount_fs -o memo=bucket
	echo 1 >"$MNT/bkt/nocache"
	assert_reads_index 0 2100
}

# With this index, which comes after two pages, the figures are right; so many cuts are
# taken from it.
assert_cuts() {
	put_index
	mount_fs -o memo=bucket,log_level=debug
	fault '{"class": "LIST", "after": 2, "gate": "pages"}'
	forget_requests
	in_background cat "$(stats_file quick)" >"$BATS_TEST_TMPDIR/shown"
	wait_until grep -q "bkt: $1 cuts from the memo" "$LOG"
	open_gate pages
	wait $!
	stub_ctl DELETE faults
	unmount_fs
	assert_equal "$(jq .stats.object_count "$BATS_TEST_TMPDIR/shown")" 2500
	(($(requests LIST) <= 300)) || fail "$(requests LIST) LISTs"
	assert_logged 0 ': (warn|error): .*memo'
	: >"$LOG"
}

liar() {
	listed_alike | "$HERE/memo.py" index "${1:-bkt}" every=1 each=65536
}

@test "an index that lies changes nothing but how a bucket is cut" {
	given_deltas 2500
	assert_cuts 0 < <(seq -f "%04g.delta" 2000 2400 | liar other)
	assert_cuts 255 < <(seq -f "2%04g-no.delta" 0 2999 | liar) # there are none like this
	assert_cuts 6 < <(printf '%s.delta\n' .dg/x / 2400/ a zz zzz %F4%8F%BF%BF | liar)
	# only 21, 22, 23 and 24 can be sent
	assert_cuts 4 < <(printf '%s.delta\n' %01 21%00 22%25 23%2B 24%FF 24%EF%BF%BE '24%0D x' \
		"24$(printf 'x%.0s' {1..2000})" | liar)
	are_starts 21 22 23 24
	assert_equal "$(starts | grep -cE '[^0-9a-z.%-]|%|x')" 0
}
