#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# status.json: what is told of a bucket while its readers wait, and afterwards; that it
# is true, and waits for nobody.

load lib
load mounts

OBJECTS='[{"key": "a/reference.bin", "size": 100},
	{"key": "a/%d.delta", "count": 5, "size": 10, "meta": {"dg-file-size": "90"}},
	{"key": "b", "size": 7}]'

given() {
	BUCKET=bkt
	start_stub
	stub_ctl PUT bucket/bkt "$OBJECTS"
	mount_fs "$@"
}

status() {
	jq -c "$1" "$MNT/$BUCKET/status.json"
}

assert_status() {
	assert_equal "$1: $(status "$1")" "$1: $2"
}

has_status() {
	[[ $(status "$1") == "$2" ]]
}

counted() {
	echo "[$(requests LIST),$(requests HEAD),$(requests GET),$(requests PUT)]"
}

read_mode() {
	cat "$MNT/$BUCKET/stats_$1.json"
}

# --- results -----------------------------------------------------------------------------

@test "status: figures are those of the documents, and where they come from" {
	new_bucket
	s3 put "$BUCKET" a/reference.bin 1000
	s3 put "$BUCKET" a/1.delta 10
	s3 put "$BUCKET" c 100
	mount_fs
	assert_status '[.bucket, .quick.result, .quick.up, .quick.error]' \
		"[\"$BUCKET\",null,null,null]"
	local mode
	for mode in quick sampled detailed; do
		read_mode "$mode" >"$BATS_TEST_TMPDIR/$mode.json"
		jq -e --slurpfile doc "$BATS_TEST_TMPDIR/$mode.json" '
			.'$mode'.result as $r | $doc[0] as $d |
			$r.computed_at == $d.computed_at and
			[$r.listed_objects, $r.listed_bytes] ==
				[$d.validation.object_count, $d.validation.compressed_size] and
			[$r.objects, $r.deltas, $r.directs, $r.original_bytes, $r.stored_bytes,
				$r.saved_bytes, $r.saved_ratio] ==
				($d.stats | [.object_count, .delta_objects, .direct_objects,
				.total_size, .compressed_size, .space_saved,
				.average_compression_ratio]) and
			[$r.sizes.exact, $r.sizes.sampled, $r.sizes.estimated] ==
				($d.accuracy | [.exact_deltas, .sampled_deltas, .estimated_deltas])
			' "$MNT/$BUCKET/status.json"
	done
	assert_status '[.quick.result.how, .quick.result.why, .quick.not_cached.absent]' \
		'["computed","absent",1]'
	s3 put "$BUCKET" d 100
	read_mode quick >/dev/null
	read_mode quick >/dev/null
	assert_status '[.quick.result.how, .quick.result.why, .quick.result.directs]' \
		'["hit",null,2]'
	assert_status '.quick.results' '{"hit":1,"memory":0,"computed":2}'
	assert_status '[.quick.not_cached | to_entries[] | select(.value > 0)]' \
		'[{"key":"absent","value":1},{"key":"count","value":1}]'
	assert_status '.quick.result | .validated_at > .computed_at or
		.validated_at == .computed_at' true
}

@test "status: the newest object, which a hit sees as well" {
	BUCKET=bkt
	start_stub
	stub_ctl PUT bucket/bkt '[{"key": "a", "size": 5},
		{"key": "b/1.delta", "size": 10, "last_modified": "2026-02-03T04:05:06.789Z"},
		{"key": "b/reference.bin", "size": 70, "last_modified": "2026-02-03T04:05:06.789Z"},
		{"key": "c", "size": 9, "last_modified": "2026-02-03T04:05:06.788Z"}]'
	local how samples newest='["2026-02-03T04:05:06Z",70]'
	for how in computed hit; do
		mount_fs
		read_mode quick >/dev/null
		assert_status '.quick.result.how' "\"$how\""
		assert_status '.quick.result | [.newest_at, .newest_bytes]' "$newest"
		samples="$("$HERE/exposition.py" "$MNT/bkt/metrics.prom")"
		grep -xF 'dgstatfs_last_modified_object_size_bytes{bucket="bkt",mode="quick"} 70' \
			<<<"$samples"
		grep -xF "dgstatfs_last_modified_object_timestamp_seconds{bucket=\"bkt\",mode=\"quick\"} $(
			date -ud 2026-02-03T04:05:06Z +%s)" <<<"$samples"
		unmount_fs
	done
	stub_ctl PUT bucket/bkt '[]'
	mount_fs
	read_mode quick >/dev/null
	assert_status '.quick.result | [.newest_at, .newest_bytes]' '[null,null]'
}

@test "status: a result has cost what the store has counted" {
	given
	read_mode detailed >/dev/null
	assert_status '.detailed.result.requests | [.list, .head, .get, .put]' "$(counted)"
	assert_equal "$(counted)" '[1,5,1,1]'
	assert_status '.detailed.result.bytes | [.list, .head, .get, .put | . > 100]' \
		'[true,true,true,true]'
	assert_status .detailed.result.sizes '{"exact":5,"sampled":0,"estimated":0}'
	forget_requests
	fault '{"class": "LIST", "delay": 0.3}'
	read_mode detailed >/dev/null
	assert_status '.detailed.result.requests | [.list, .head, .get, .put]' "$(counted)"
	assert_equal "$(counted)" '[1,0,1,0]'
	assert_status '.detailed.result | .list_seconds >= 0.3 and .seconds >= .list_seconds' true
}

@test "status: bytes read of a memo are those of the answers, also where there is none" {
	given -o memo=bucket
	read_mode detailed >/dev/null
	assert_status '.detailed.result | [.requests.get, .memo.records, .memo.bytes_read > 0,
		.memo.bytes_read < .bytes.get]' '[2,0,true,true]'
}

@test "status, own: what that is in money, of results and of all requests" {
	given -o price_list=5,price_head=0.4
	read_mode detailed >/dev/null
	read_mode detailed >/dev/null
	assert_equal "$(counted)" '[2,5,2,1]'
	# 1 LIST, 1 GET
	assert_status '.detailed.result.cost' 0.0054
	grep -xF 'dgstatfs_result_cost{bucket="bkt",mode="detailed"} 0.005400000' \
		"$MNT/bkt/metrics.prom"
	ls "$MNT" >/dev/null
	# 2 LISTs, 1 PUT, 1 ListBuckets; 5 HEADs, 2 GETs, 1 HeadBucket
	assert_equal "$(jq -c '[.requests.cost, (.requests.ended | .list_buckets, .bucket | add)]' \
		"$MNT/.dgstatfs/status.json")" '[0.0232,1,1]'
	grep -xF 'dgstatfs_requests_cost_total 0.023200000' "$MNT/.dgstatfs/metrics.prom"
	unmount_fs
	mount_fs
	read_mode quick >/dev/null
	assert_status '.quick.result.cost' null
	run ! grep _cost "$MNT"/*/metrics.prom
}

@test "status: why it was not the cached document, for each reason" {
	given
	local doc=$BATS_TEST_TMPDIR/doc reason
	read_mode quick >"$doc"
	sed 's/"version": "1.0"/"version": "2.0"/' "$doc" >"$doc.version"
	echo '{"version": "1.0"}' >"$doc.corrupt"
	for reason in corrupt version denied unreadable refresh nocache; do
		stub_ctl DELETE faults
		case $reason in
		corrupt | version) curl -sSf -T "$doc.$reason" \
			"$ENDPOINT/bkt/.deltaglider/stats_quick.json" ;;
		denied) fault '{"class": "GET", "status": 403, "code": "AccessDenied"}' ;;
		unreadable) fault '{"class": "GET", "status": 400, "code": "Odd"}' ;;
		refresh) echo quick >"$MNT/bkt/refresh" ;;
		nocache) echo 1 >"$MNT/bkt/nocache" ;;
		esac
		read_mode quick >/dev/null
		assert_status "[.quick.result.why, .quick.not_cached.$reason]" "[\"$reason\",1]"
	done
}

@test "status: a document that can't be put, and one that serves from memory" {
	given
	fault '{"class": "PUT", "status": 403, "code": "AccessDenied"}'
	read_mode quick >/dev/null
	assert_status '[.quick.puts_failed, .quick.up]' '[1,true]'
	read_mode quick >/dev/null
	assert_status '[.quick.result.how, .quick.results.memory]' '["memory",1]'
}

# --- what goes on --------------------------------------------------------------------------

@test "status: how far a sweep is that hangs, and that it is over" {
	given
	fault '{"class": "HEAD", "after": 2, "gate": "heads"}'
	reader "$MNT/bkt/stats_detailed.json"
	wait_for_gate heads 3
	wait_until has_status '.detailed.progress.heads' 2
	assert_status '.detailed | [.state, .result]' '["heading",null]'
	assert_status '.detailed.progress | [.pages, .objects, .heads, .heads_wanted]' \
		'[1,7,2,5]'
	wait_until has_status '.detailed.progress | .seconds > 0 and .per_second > 0 and
		.seconds_left > 0' true
	assert_status '.quick | [.state, .progress]' '["idle",null]'
	open_gate heads
	assert_reader_ends 0 0
	wait_until has_status '.detailed.state' '"idle"'
	assert_status '.detailed | [.progress, .result.deltas]' '[null,5]'
}

@test "status: it is answered while the store hangs, and causes no request" {
	given -o max_wait=1h
	read_mode quick >/dev/null
	fault '{"gate": "all"}'
	reader "$MNT/bkt/stats_quick.json"
	wait_for_gate all 2
	forget_requests
	local i
	within 2000 cat "$MNT/bkt/status.json" >/dev/null
	for ((i = 0; i < 20; i++)); do
		within 2000 jq -e '.quick | .state == "listing" and .result.objects == 6' \
			"$MNT/bkt/status.json" >/dev/null
	done
	within 2000 ls -l "$MNT/bkt" >/dev/null
	assert_equal "$(requests)" 0
	open_gate all
	assert_reader_ends 0 0
}

@test "status: the last error in the words of the store, until there is another one" {
	given
	fault '{"class": "LIST", "times": 1, "status": 403, "code": "AccessDenied",
		"headers": {"x-amz-request-id": "tx-1"}}'
	refused 'Permission denied' read_mode quick
	assert_status '.quick | [.up, .failures]' '[false,1]'
	assert_status '.quick.error | [.errno, .reason, .status, .code, .request_id]' \
		'[13,"Permission denied",403,"AccessDenied","stub"]'
	jq -e '.quick.error | (.message | startswith("LIST bkt: HTTP status 403")) and
		(now - (.at | fromdate) < 3600)' "$MNT/bkt/status.json"
	read_mode quick >/dev/null
	assert_status '.quick | [.up, .failures, .error.code]' '[true,1,"AccessDenied"]'
	assert_status '.sampled | [.up, .failures, .error]' '[null,0,null]'
}

@test "status: an error has what the body, or else the head, tells of the request" {
	given -o retries=0
	local error='.error | [.errno, .status, .code, .request_id]'
	fault '{"class": "HEAD", "status": 403, "headers": {"x-amz-request-id": "tx-1"}}'
	refused 'Permission denied' read_mode detailed
	assert_status ".detailed$error" '[13,403,null,"tx-1"]'
	stub_ctl DELETE faults
	fault '{"class": "LIST", "status": 502, "body": "<html>gateway</html>"}'
	refused 'Input/output error' read_mode quick
	assert_status ".quick$error" '[5,502,null,"stub"]'
	stub_ctl DELETE faults
	fault '{"class": "LIST", "drop": "head"}'
	refused 'Input/output error' read_mode quick
	assert_status ".quick$error" '[5,null,null,null]'
}

# --- as a file -----------------------------------------------------------------------------

@test "status: its length is told before, goes in steps, and stays" {
	given
	local length file=$MNT/bkt/status.json
	length=$(stat -c %s "$file")
	assert_equal $((length % 1024)) 0
	assert_equal "$(wc -c <"$file") $(cat "$file" | wc -c)" "$length $length"
	read_mode quick >/dev/null
	read_mode detailed >/dev/null
	assert_equal "$(cat "$file" | wc -c)" "$length"
	assert_equal "$(stat -c %s "$file")" "$length"
	((length < 65536))
	run ! grep -qE '.{81}' "$file"
	cp "$file" "$BATS_TEST_TMPDIR/copy"
	tar -C "$MNT/bkt" -cf - status.json | tar -xOf - | cmp - "$BATS_TEST_TMPDIR/copy"
	"$HERE/read.py" fstat_and_read "$file" | cmp - "$BATS_TEST_TMPDIR/copy"
	"$HERE/read.py" sendfile "$file" | cmp - "$BATS_TEST_TMPDIR/copy"
	"$HERE/read.py" pread_backwards "$file" | cmp - "$BATS_TEST_TMPDIR/copy"
}

@test "status: it can't be written, by root neither" {
	given
	local file=$MNT/bkt/status.json
	refused 'Permission denied' bash -c 'echo x >"$0"' "$file"
	refused 'Permission denied' bash -c ': >>"$0"' "$file"
	refused 'Permission denied' truncate -s 0 "$file"
	refused 'Operation not permitted' chmod 600 "$file"
	refused 'Operation not permitted' touch -c "$file"
	refused 'Operation not permitted' rm -f "$file"
	assert_equal "$(stat -c %a "$file")" 444
}

is_later() {
	[[ $(stat -c %Y "$1") != "$2" ]]
}

@test "status: its time is that of the last change" {
	given
	local file=$MNT/bkt/status.json before
	before=$(stat -c %Y "$file")
	sleep 1.1
	cat "$file" >/dev/null
	assert_equal "$(stat -c %Y "$file")" "$before"
	read_mode quick >/dev/null
	is_later "$file" "$before" || fail "still $before"
	assert_equal "$(stat -c %Z "$file")" "$(stat -c %Z "$MNT")"
}
