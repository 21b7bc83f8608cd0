#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Where the bytes are: prefixes.json and prefixes.ncdu.json.  What is in them, as a
# model has it; that they are asked for, cached and shared as the modes are; and that
# their length, which is not that of the other documents, deceives nobody.

load lib
load documents

TREE=prefixes.json
NCDU=prefixes.ncdu.json
KEY=.deltaglider/prefixes.json

# A small bucket on the stub, in two levels.
given_stub() {
	BUCKET=bkt
	start_stub
	stub_ctl PUT bucket/bkt '[{"key": "a/reference.bin", "size": 100},
		{"key": "a/%03d.delta", "count": 20, "size": 10},
		{"key": "a/b/x", "size": 7}, {"key": "c/x", "size": 5}]'
}

# $1 prefixes, each with an object.
put_prefixes() {
	stub_ctl PUT bucket/bkt '[{"key": "%04d/x", "count": '"$1"', "size": 10}]'
}

tree() {
	jq -c "$1" "$MNT/$BUCKET/$TREE"
}

# What the program asked for since forget_requests.
assert_requests() {
	assert_equal "$(requests LIST)/$(requests GET)/$(requests HEAD)/$(requests PUT)" "$1"
}

assert_open_costs() {
	forget_requests
	cat "$MNT/$BUCKET/$1" >/dev/null
	assert_requests "$2"
}

# As ncdu writes down what it has read: so it has read all of it.
ncdu_export() {
	ncdu -f "$1" -o -
}

# Both files and quick are what the model says of OBJECTS, with DEPTH and NODES.
assert_tree() {
	local dir=$MNT/$BUCKET work=$BATS_TEST_TMPDIR

	ncdu_export "$dir/$NCDU" >"$work/exported"
	"$HERE/prefixes.py" check "$1" "$2" "$3" "$dir/$TREE" "$dir/stats_quick.json" \
		"$work/exported"
}

# --- what is in them ------------------------------------------------------------------

@test "a bucket on the gateway is as the model has it, for ncdu too" {
	new_bucket
	s3 <<-END
		put $BUCKET a/1.delta 10 dg-file-size=100
		put $BUCKET a/2.delta 15
		put $BUCKET a/reference.bin 50
		put $BUCKET a/b/c/d/e.delta 5
		put $BUCKET a/b/c/x 3
		put $BUCKET %C3%A9/%22%5C/x 4
		put $BUCKET c/reference.bin 20
		put $BUCKET dir/ 0
		put $BUCKET top 1
	END
	mount_fs
	script prefixes.py listed "$BUCKET" >"$BATS_TEST_TMPDIR/objects"
	assert_tree "$BATS_TEST_TMPDIR/objects" 2 10000
	assert_equal "$(s3 get "$BUCKET" "$KEY" | cmp - "$MNT/$BUCKET/$TREE")" ''
	assert_equal "$(s3 head "$BUCKET" "$KEY" | jq -c '[.content_type, .meta]')" \
		'["application/json",{"dg-no-delta":"true","x-deltaglider-cache":"true"}]'
}

# Keys with // and a leading /, that are no UTF-8, that ncdu and JSON might stumble on.
@test "random buckets are as the model has them, in ranges, without order, at any depth" {
	local objects=$BATS_TEST_TMPDIR/objects seed depth nodes

	BUCKET=bkt
	start_stub
	stub_ctl PATCH settings '{"page_size": 100}'
	for seed in 1 3 4 6; do
		depth=$((seed % 4)) nodes=$((seed % 2 ? 10000 : 20 * seed))
		"$HERE/prefixes.py" random "$seed" >"$objects"
		[[ $seed != 6 ]] || jq -c 'reverse' "$objects" >"$objects.shuffled"
		[[ $seed != 6 ]] || mv "$objects.shuffled" "$objects"
		stub_ctl PUT "bucket/bkt$([[ $seed == 6 ]] && echo '?order=given')" \
			"@$objects" >/dev/null
		mount_fs -o prefix_depth=$depth,prefix_nodes=$nodes
		assert_tree "$objects" $depth $nodes
		echo all >"$MNT/bkt/refresh" # now its ranges are known
		assert_tree "$objects" $depth $nodes
		unmount_fs
	done
}

@test "whole levels: the deepest one at which all nodes are at most prefix_nodes" {
	local nodes

	BUCKET=bkt
	start_stub
	stub_ctl PUT bucket/bkt '[{"key": "a/%02d/x", "count": 10}, {"key": "b/%02d/x", "count": 10}]'
	for nodes in 2:0:1 22:1:3 23:3:23; do
		mount_fs -o prefix_depth=3,prefix_nodes="${nodes%%:*}"
		assert_equal "$nodes" "${nodes%%:*}:$(tree .depth_shown):$(tree .nodes)"
		assert_equal "$(tree .tree.objects)" 20
		unmount_fs
	done
}

@test "an empty bucket has a root" {
	BUCKET=bkt
	start_stub
	stub_ctl PUT bucket/bkt '[]'
	mount_fs
	assert_equal "$(tree '[.nodes, .depth_shown, .tree]')" '[1,2,{"prefix":"","is_url_encoded":false,"objects":0,"deltas":0,"directs":0,"stored_bytes":0,"original_bytes":0,"saved_bytes":0,"newest":null}]'
	ncdu_export "$MNT/bkt/$NCDU" >/dev/null
}

# --- asked for, cached and shared as the modes are ----------------------------------------

@test "a hit costs a LIST and a GET, for both files; nobody else pays for them" {
	given_stub
	mount_fs
	assert_open_costs stats_quick.json 1/1/0/1
	assert_open_costs stats_quick.json 1/1/0/0
	assert_equal "$(curl -s -o /dev/null -w '%{http_code}' "$ENDPOINT/bkt/$KEY")" 404
	assert_open_costs $TREE 1/1/0/1
	assert_open_costs $TREE 1/1/0/0
	assert_open_costs $NCDU 1/1/0/0
	unmount_fs
	mount_fs
	assert_open_costs $NCDU 1/1/0/0
}

@test "a change of the bucket is seen at the next open" {
	given_stub
	mount_fs
	assert_equal "$(tree '[.tree.objects, .tree.children[1].stored_bytes]')" '[22,5]'
	curl -sS --fail -X PUT --data-binary 123 "$ENDPOINT/bkt/c/y"
	assert_equal "$(tree '[.tree.objects, .tree.children[1].stored_bytes]')" '[23,8]'
	assert_open_costs $TREE 1/1/0/0
}

@test "what lies in the bucket and is not ours is no document" {
	local good=$BATS_TEST_TMPDIR/good change

	given_stub
	mount_fs
	cp "$MNT/bkt/$TREE" "$good"
	# each of these sums is wrong, or is not what is printed
	for change in 's/"stored_bytes": 5/"stored_bytes": 6/' 's/"objects": 22/"objects": 23/' \
		's/"c\/"/"d"/' 's/"depth_shown": 2/"depth_shown": 1/' 's/ $//' '$d' \
		's/"1.0"/"2.0"/' 's/"prefixes"/"quick"/'; do
		sed "$change" "$good" |
			curl -sS --fail -X PUT --data-binary @- "$ENDPOINT/bkt/$KEY"
		forget_requests
		assert_equal "$(tree '[.tree.objects, .tree.children[1].stored_bytes]')" '[22,5]'
	done
}

@test "mounts with other settings do not take each other's, and do not write in turn" {
	given_stub
	mount_fs
	assert_open_costs $TREE 1/1/0/1
	MNT=$BATS_TEST_TMPDIR/b LOG=$BATS_TEST_TMPDIR/b.log mount_fs -o prefix_depth=1
	forget_requests
	assert_equal "$(jq -c '[.depth_shown, .prefix_depth]' "$BATS_TEST_TMPDIR/b/bkt/$TREE")" '[1,1]'
	assert_requests 1/1/0/1
	assert_open_costs $TREE 1/1/0/1
	assert_equal "$(tree .depth_shown)" 2
	forget_requests
	cat "$BATS_TEST_TMPDIR/b/bkt/$TREE" >/dev/null
	assert_requests 1/1/0/0 # its own, from memory; it has written within the hour
	assert_open_costs $TREE 1/1/0/0
	LOG=$BATS_TEST_TMPDIR/b.log assert_logged 1 'cached document is another mount.s .*prefix_depth=2,prefix_nodes=10000'
}

@test "refresh of quick and of all includes them, of another mode does not" {
	given_stub
	mount_fs
	cat "$MNT/bkt/"* >/dev/null
	echo detailed >"$MNT/bkt/refresh"
	assert_open_costs $TREE 1/1/0/0
	echo quick >"$MNT/bkt/refresh"
	assert_open_costs $TREE 1/0/0/1
	assert_open_costs $TREE 1/1/0/0
	touch "$MNT/bkt/refresh"
	assert_open_costs $NCDU 1/0/0/1
	cat "$MNT/bkt/"stats_*.json >/dev/null
	assert_equal "$(<"$MNT/bkt/refresh")" ''
}

@test "nocache, cache=ro and cache=off, max_age" {
	given_stub
	mount_fs
	echo 1 >"$MNT/bkt/nocache"
	assert_open_costs $TREE 1/0/0/0
	unmount_fs
	mount_fs -o cache=ro
	assert_open_costs $TREE 1/1/0/0
	unmount_fs
	mount_fs -o cache=off
	assert_open_costs $TREE 1/0/0/0
	assert_open_costs $TREE 1/0/0/0
	unmount_fs
	mount_fs -o max_age=1h
	assert_open_costs $TREE 1/1/0/1
	assert_open_costs $NCDU 0/0/0/0
}

@test "a failure is an error of the open, and no part of a tree" {
	given_stub
	mount_fs -o retries=0
	fault '{"class": "LIST", "status": 503}'
	run -1 cat "$MNT/bkt/$TREE"
	[[ $output == *'Input/output error'* ]]
	run -1 cat "$MNT/bkt/$NCDU"
	stub_ctl DELETE faults
	assert_equal "$(tree .tree.objects)" 22
}

@test "three modes and the tree, opened at once, share one LIST and what it showed" {
	local n alone files=("$MNT"/bkt/{stats_quick,stats_sampled,stats_detailed,prefixes}.json)

	BUCKET=bkt
	start_stub
	put_prefixes 3000
	mount_fs
	cat "${files[@]}" >/dev/null
	forget_requests
	cat "${files[0]}" >/dev/null
	alone=$(requests LIST)
	for n in {1..20}; do # see meet_with() in 32-sharing.bats
		echo all >"$MNT/bkt/refresh"
		forget_requests
		run -0 "$HERE/together.py" "$FS_PID" "${files[@]}" "$MNT/bkt/$NCDU"
		(($(requests LIST) > alone)) || break
	done
	(($(requests LIST) <= alone)) || fail "$(requests LIST) LISTs, $alone of quick alone"
	assert_equal "$(grep -c '"fingerprint"' <<<"$output")" 4
	assert_equal "$(grep -o '"fingerprint": "[0-9a-f]*"' <<<"$output" | sort -u | wc -l)" 1
}

@test "status.json and metrics.prom tell of them once somebody has opened them" {
	given_stub
	mount_fs
	assert_equal "$(jq 'has("prefixes")' "$MNT/bkt/status.json")" false
	run ! grep 'mode="prefixes"' "$MNT/bkt/metrics.prom"
	cat "$MNT/bkt/$TREE" >/dev/null
	assert_equal "$(jq -c '.prefixes | [.state, .result.how, .result.why, .result.objects]' \
		"$MNT/bkt/status.json")" '["idle","computed","absent",22]'
	promtool check metrics <"$MNT/bkt/metrics.prom"
	grep -q 'dgstatfs_stored_size_bytes{bucket="bkt",mode="prefixes"} 312' "$MNT/bkt/metrics.prom"
	unmount_fs
	mount_fs -o prefix_nodes=20
	cat "$MNT/bkt/$NCDU" >/dev/null
	assert_equal "$(jq -r .prefixes.result.why "$MNT/bkt/status.json")" settings
}

# --- their length -------------------------------------------------------------------------

# All of it, as read(2) gives it.
assert_all_read() {
	local file=$MNT/bkt/$1 text=$BATS_TEST_TMPDIR/text

	cat "$file" >"$text"
	assert_equal "$(stat -c %s "$file")" "$(wc -c <"$text")"
	busybox cat "$file" | cmp - "$text"
	"$HERE/read.py" sendfile "$file" | cmp - "$text"
	"$HERE/read.py" private_mmap "$file" | cmp - "$text"
	tar -C "$MNT/bkt" -cf - "$1" | tar -xOf - | cmp - "$text"
	dd if="$file" bs=77 status=none | cmp - "$text"
	cp "$file" "$BATS_TEST_TMPDIR/copy"
	cmp "$BATS_TEST_TMPDIR/copy" "$text"
	assert_equal "$(wc -c <"$file")" "$(wc -c "$file" | cut -d' ' -f1)"
	grep -rq '"' "$file"
}

@test "before the first open a step, then multiples of it that never shrink" {
	local before=0 n size file

	BUCKET=bkt
	start_stub
	put_prefixes 1
	mount_fs
	for file in $TREE $NCDU; do
		assert_equal "$(stat -c %s "$MNT/bkt/$file")" 1024
	done
	for n in 3 100 2000 5 1; do
		put_prefixes $n
		assert_equal "$(tree .nodes)" $((n + 1))
		for file in $TREE $NCDU; do
			assert_all_read $file
			size=$(stat -c %s "$MNT/bkt/$file")
			assert_equal $((size % 1024)) 0
		done
		size=$(stat -c %s "$MNT/bkt/$TREE")
		((size >= before)) || fail "$size after $before"
		before=$size
		ncdu_export "$MNT/bkt/$NCDU" | jq -e 'length == 4' >/dev/null
	done
	((before > 300000)) || fail "$before"
}

# The kernel learns the length of what it has looked up before that was known.
@test "sendfile at the very first open, and at one that needs more, is whole" {
	local file n

	BUCKET=bkt
	start_stub
	for n in 500 3000; do
		put_prefixes $n
		[[ $n != 500 ]] || mount_fs
		for file in $TREE $NCDU; do
			busybox cat "$MNT/bkt/$file" | jq -e . >/dev/null || fail "$n $file"
		done
	done
}

# --- memory ----------------------------------------------------------------------------------

@test "memory: the nodes that may be, however many prefixes there are" {
	local before after

	BUCKET=bkt
	start_stub
	stub_ctl PUT bucket/bkt '[{"key": "%06d/x", "count": 30000, "size": 10}]'
	mount_fs -o prefix_nodes=1000
	cat "$MNT/bkt/stats_quick.json" >/dev/null
	before=$(awk '/VmHWM/ { print $2 }' "/proc/$FS_PID/status")
	assert_equal "$(tree '[.depth_shown, .tree.objects]')" '[0,30000]'
	after=$(awk '/VmHWM/ { print $2 }' "/proc/$FS_PID/status")
	[[ $SANITIZER != none ]] || ((after < before + 4096)) || fail "$before, then $after KiB"
}
