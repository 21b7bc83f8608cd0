#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# dgstat --cache and --cache-clear: what lies of ours in a bucket, and nothing else.

load lib
load alpha
load documents

# "NAME STATE" of each line.
states() {
	dgstat --cache "$@" | awk 'NR > 1 { print $2, $6 $7 }' | sed 's/B//; s/:$//' | sort
}

# Of the modes.
json_states() {
	dgstat --cache --json "$@" | jq -r '.[] | select(.key | contains("stats_")) |
		"\(.name) \(.state)"' | xargs
}

# Of the rest.
other_states() {
	dgstat --cache --json "$@" | jq -r '.[] | select(.key | contains("stats_") | not) |
		"\(.name) \(.state)"' | xargs
}

is_too_old() {
	[[ $(dgstat --cache --json --ttl=1ms alpha | jq -r '.[0] | .state, .why' | xargs) == 'stale older than ttl' ]]
}

listing() {
	s3 ls "$BUCKET" | cut -f 1
}

@test "cache by hand: what is valid, stale and absent, and only ours is deleted" {
	local before

	new_bucket
	s3 <<-END
		put $BUCKET v/reference.bin 500
		put $BUCKET v/1.delta 10 dg-file-size=600
		put $BUCKET .deltaglider/notes.json 7
		put $BUCKET .deltaglider/stats_quick.json.bak 7
		put $BUCKET .deltaglider/old/stats_quick.json 7
		put $BUCKET deltaglider/stats_quick.json 7
	END
	before=$(listing)
	assert_equal "$(json_states "$BUCKET")" 'quick absent sampled absent detailed absent'
	assert_equal "$(listing)" "$before"
	dgstat "$BUCKET" >/dev/null
	dgstat --detailed "$BUCKET" >/dev/null
	assert_equal "$(json_states "$BUCKET")" 'quick valid sampled absent detailed valid'
	run -0 dgstat --cache --bytes "$BUCKET"
	assert_equal "$(tr -s ' ' <<<"${lines[2]}")" "$BUCKET sampled stats_sampled.json - - absent"
	[[ $(tr -s ' ' <<<"${lines[3]}") =~ ^$BUCKET\ detailed\ stats_detailed.json\ 2[-0-9]+T[:0-9]+Z\ 1024\ valid$ ]]
	s3 put "$BUCKET" new 5
	assert_equal "$(json_states "$BUCKET")" 'quick stale sampled absent detailed stale'
	[[ $(dgstat --cache "$BUCKET") == *' stale: the bucket has another number of objects'* ]]
	s3 rm "$BUCKET" new

	run -0 dgstat --cache-clear=detailed,sampled "$BUCKET"
	assert_equal "$output" "deleted s3://$BUCKET/.deltaglider/stats_detailed.json"
	assert_equal "$(json_states "$BUCKET")" 'quick valid sampled absent detailed absent'
	dgstat --sampled "$BUCKET" >/dev/null
	# modes may be words of their own
	run -0 dgstat --cache-clear quick "s3://$BUCKET"
	assert_equal "$output" "deleted s3://$BUCKET/.deltaglider/stats_quick.json"
	run -0 dgstat --cache-clear "$BUCKET"
	assert_equal "$output" "deleted s3://$BUCKET/.deltaglider/stats_sampled.json"
	run -0 dgstat --cache-clear "$BUCKET"
	assert_equal "$output" ''
	assert_equal "$(listing)" "$before"
}

@test "cache by hand: why a document is none, at two LISTs and no PUT" {
	start_stub
	stub_ctl PUT bucket/alpha '[{"key": "a", "size": 3}]'
	dgstat alpha >/dev/null
	curl -sSf -o "$BATS_TEST_TMPDIR/doc" "$ENDPOINT/alpha/.deltaglider/stats_quick.json"
	put() {
		curl -sSf -X PUT --data-binary @- "$ENDPOINT/alpha/.deltaglider/stats_$1.json"
	}
	sed 's/"1.0"/"2.0"/; s/"quick"/"sampled"/' "$BATS_TEST_TMPDIR/doc" | put sampled
	put detailed <<<nonsense
	forget_requests
	assert_equal "$(json_states alpha)" 'quick valid sampled foreign detailed corrupt'
	assert_equal "$(requests LIST)/$(requests HEAD)/$(requests GET)/$(requests PUT)" 2/0/7/0
	assert_equal "$(dgstat --cache --json alpha | jq -c '.[2] | [.size, .why != null, .computed_at]')" \
		'[9,true,null]'
	# larger than any document
	head -c 1100000 /dev/zero | put detailed
	assert_equal "$(dgstat --cache --json alpha | jq -c '.[2] | [.size, .state]')" '[1100000,"corrupt"]'
	wait_until is_too_old # times are whole seconds
	run -0 dgstat --cache-clear alpha
	assert_equal "${#lines[@]}" 3
	# of all buckets
	stub_ctl PUT bucket/beta '[{"key": "a", "size": 3}]'
	dgstat beta >/dev/null
	assert_equal "$(json_states)" \
		'quick absent sampled absent detailed absent quick valid sampled absent detailed absent'
}

@test "cache by hand: what is refused, fails or hangs is said, and is exit 1" {
	start_stub
	stub_ctl PUT bucket/alpha '[{"key": "a", "size": 3}]'
	dgstat alpha >/dev/null
	dgstat --sampled alpha >/dev/null
	fault '{"method": "DELETE", "path": "quick", "status": 403, "code": "AccessDenied"}'
	run -1 --separate-stderr dgstat --cache-clear alpha
	assert_equal "$output" 'deleted s3://alpha/.deltaglider/stats_sampled.json'
	# shellcheck disable=SC2154 # set by run
	[[ $stderr =~ ^'dgstat: bucket alpha: .deltaglider/stats_quick.json: '.*403.*AccessDenied.*$ ]] ||
		fail "$stderr"
	stub_ctl DELETE faults
	fault '{"class": "GET", "path": "quick", "status": 403, "code": "AccessDenied"}'
	run -1 --separate-stderr dgstat --cache alpha
	[[ $stderr == *'stats_quick.json: '*403* && $output == *' unknown: '* ]]
	stub_ctl DELETE faults
	fault '{"class": "LIST", "status": 403, "code": "AccessDenied"}'
	run -1 --separate-stderr dgstat --cache alpha
	[[ $output == *" unknown: the bucket can't be listed"* && $stderr == *403* ]]
	stub_ctl DELETE faults
	for option in --cache --cache-clear; do
		run -1 --separate-stderr dgstat "$option" gamma
		[[ $stderr == *gamma*NoSuchBucket* && $output != *absent* ]] || fail "$output"
		run -1 --separate-stderr dgstat "$option" --endpoint-url=http://127.0.0.1:1 alpha
		[[ $stderr == *onnect* && $output != *absent* ]] || fail "$output"
		fault '{"class": "GET", "gate": "get"}' '{"class": "LIST", "gate": "get"}'
		run -1 --separate-stderr dgstat "$option" --timeout=300ms alpha
		[[ $stderr == *' for 300 ms'* && $output != *absent* ]] || fail "$output$stderr"
		stub_ctl DELETE faults
	done
}

# says N ARGUMENT...: dgstat fails, and says so in as many lines.
says() {
	run -1 --separate-stderr dgstat "${@:2}"
	assert_equal "$(wc -l <<<"$stderr") of $*" "$1 of $*"
}

FILES='stats_sampled.json, stats_detailed.json, prefixes.json, originals_index.bin'

@test "cache by hand: one cause is one line, however many objects it is about" {
	start_stub
	stub_ctl PUT bucket/alpha '[{"key": "a", "size": 3}]'
	stub_ctl PUT bucket/beta '[{"key": "a", "size": 3}]'
	says 1 --cache gamma
	says 2 --cache gamma delta
	says 2 --cache-clear gamma delta
	says 1 --cache-clear gamma
	[[ $stderr == *": .deltaglider/stats_quick.json: GET gamma/"*NoSuchBucket*" (No such file or directory); \
the same of $FILES, originals_NNN.bin, originals_base.bin, originals_recent.bin" ]] || fail "$stderr"
	says 1 --cache --log-file="$BATS_TEST_TMPDIR/log" gamma
	for option in --cache --cache-clear; do
		says 1 "$option" --retries=0 --endpoint-url=http://127.0.0.1:1 alpha
		fault '{"status": 403, "code": "InvalidAccessKeyId"}'
		says 1 "$option" alpha
		stub_ctl DELETE faults
		fault '{"status": 503, "code": "SlowDown"}'
		says 1 "$option" --retries=0 alpha
		stub_ctl DELETE faults
		fault '{"gate": "all"}'
		says 1 "$option" --timeout=300ms alpha
		stub_ctl DELETE faults
	done
}

@test "cache by hand: each cause has its line; to read and to list are two permissions" {
	start_stub
	stub_ctl PUT bucket/alpha '[{"key": "a", "size": 3}]'
	fault '{"class": "GET", "status": 403, "code": "AccessDenied"}'
	says 1 --cache alpha
	[[ $stderr == *"; the same of $FILES, originals_base.bin, originals_recent.bin" ]] || fail "$stderr"
	fault '{"class": "LIST", "status": 403, "code": "AccessDenied"}'
	says 2 --cache alpha
	says 2 --cache-clear alpha
	[[ $stderr == *'bin: LIST alpha: '*403* ]] || fail "$stderr"
	stub_ctl DELETE faults
	fault '{"class": "GET", "path": "stats_", "status": 403, "code": "AccessDenied"}' \
		'{"class": "GET", "path": "recent", "status": 500, "code": "InternalError"}'
	says 2 --cache --retries=0 alpha
	[[ $stderr == *'; the same of stats_sampled.json, stats_detailed.json'*recent* ]] || fail "$stderr"
	says 1 --cache-clear=memo --retries=0 alpha
	says 1 --cache-clear=sampled --retries=0 alpha
	[[ $stderr != *'the same'* ]] || fail "$stderr"
}

@test "cache by hand: --cache-clear --json says of each object what came of it" {
	start_stub
	stub_ctl PUT bucket/alpha '[{"key": "a", "size": 3}, {"key": ".deltaglider/originals_007.bin", "size": 20},
		{"key": ".deltaglider/originals_042.bin", "size": 30}]'
	dgstat alpha >/dev/null
	dgstat --sampled alpha >/dev/null
	fault '{"method": "DELETE", "path": "sampled|_042", "status": 403, "code": "AccessDenied"}'
	run -1 --separate-stderr dgstat --cache-clear --json alpha
	assert_equal "$(jq -c '.[] | [.bucket, .name, .key[13:], .state, .size, .packs]' <<<"$output")" \
		'["alpha","quick","stats_quick.json","deleted",1024,null]
["alpha","sampled","stats_sampled.json","unknown",null,null]
["alpha","detailed","stats_detailed.json","absent",null,null]
["alpha","prefixes","prefixes.json","absent",null,null]
["alpha","memo","originals_index.bin","absent",null,null]
["alpha","memo","originals_NNN.bin","unknown",null,1]
["alpha","memo","originals_base.bin","absent",null,null]
["alpha","memo","originals_recent.bin","absent",null,null]'
	assert_equal "$(jq -c '.[] | select(.why)|.name' <<<"$output" | xargs)" 'sampled memo'
	stub_ctl DELETE faults
	assert_equal "$(dgstat --cache-clear=sampled --json alpha | jq -c 'map([.state, .computed_at != null])')" \
		'[["deleted",true]]'
	assert_equal "$(dgstat --cache-clear=memo,quick --json alpha | jq -c 'map([.name, .state, .size, .packs])')" \
		'[["quick","absent",null,null],["memo","absent",null,null],["memo","deleted",30,1],["memo","absent",null,null],["memo","absent",null,null]]'
	run -1 --separate-stderr dgstat --cache-clear=quick,sampled --json gamma delta
	assert_equal "$(jq -c 'map([.bucket, .name, .state])' <<<"$output")" \
		'[["gamma","quick","unknown"],["gamma","sampled","unknown"],["delta","quick","unknown"],["delta","sampled","unknown"]]'
	assert_equal "$(dgstat --cache --json alpha | jq -r '.[0] | keys | join(" ")')" \
		"$(dgstat --cache-clear=quick --json alpha | jq -r '.[0] | keys | join(" ")')"
}

@test "cache by hand: wrong usage is exit 2" {
	local option

	start_stub
	stub_ctl PUT bucket/alpha '[{"key": "a", "size": 3}]'
	dgstat alpha >/dev/null
	for option in --quick --sampled --detailed --prefixes --ncdu; do
		run -2 dgstat --cache-clear "$option" alpha
		[[ $output == *'take no switch of a mode; --cache-clear=MODE '* ]] || fail "$output"
		run -2 dgstat --cache "$option" alpha
	done
	for option in --json-lines --document --integrity --sort=name --refresh --no-cache; do
		run -2 dgstat --cache-clear "$option" alpha
		run -2 dgstat --cache "$option" alpha
		[[ $output == *'print no statistics: '* ]] || fail "$output"
	done
	run -2 dgstat --cache-clear --bytes alpha
	run -2 dgstat --cache-clear --listen=127.0.0.1:0 alpha
	run -2 dgstat --cache --listen=127.0.0.1:0 alpha
	run -2 dgstat --cache --cache-clear alpha
	run -2 dgstat --cache-clear
	run -2 dgstat --cache-clear quick
	run -2 dgstat --cache-clear --cache=ro alpha
	run -2 dgstat --cache-clear=slow alpha
	run -2 dgstat --cache-clear= alpha
	run -2 dgstat --cache=nonsense alpha
	assert_equal "$(json_states alpha)" 'quick valid sampled absent detailed absent'
	# with a value it is the option of old
	run -0 dgstat --cache=ro alpha
	[[ $output == *'Compression ratio'* ]]
}

@test "cache by hand: the tree of prefixes, and the files of the memo" {
	start_stub
	stub_ctl PUT bucket/alpha '[{"key": "r/reference.bin", "size": 1000},
		{"key": "r/1.delta", "size": 10, "meta": {"dg-file-size": "1200"}}]'
	assert_equal "$(other_states alpha)" 'prefixes absent memo absent memo absent memo absent memo absent'
	dgstat --prefixes alpha >/dev/null
	dgstat --detailed --memo=bucket alpha >/dev/null
	[[ $(other_states alpha) == 'prefixes valid memo '*present* ]]
	assert_equal "$(dgstat --cache --json --prefix-nodes=1 alpha | jq -r '.[3].state')" other
	assert_equal "$(dgstat --cache alpha | awk '$2 == "memo" || $2 == "prefixes" { print $3 }' | xargs)" \
		'prefixes.json originals_index.bin originals_NNN.bin originals_base.bin originals_recent.bin'
	run -0 dgstat --cache-clear=memo,prefixes alpha
	[[ $output == *'/.deltaglider/prefixes.json'* && $output == *'/.deltaglider/originals_'* ]]
	assert_equal "$(other_states alpha)" 'prefixes absent memo absent memo absent memo absent memo absent'
	assert_equal "$(json_states alpha)" 'quick absent sampled absent detailed valid'
}

# --- packs of the memo, whose names only a listing tells ---

# Names that are like those of packs.
OTHERS=(.deltaglider/originals_000 .deltaglider/originals_0000.bin
	.deltaglider/originals_01.bin .deltaglider/originals_042.bin.bak .deltaglider/originals_04a.bin
	.deltaglider/originals_99.bin .deltaglider/originals_999.bin/x .deltaglider/originals_abc.bin
	deltaglider/originals_000.bin originals_000.bin)

# QUERY KEY...: three packs, of 60 bytes, with the others and these keys.
put_packs() {
	printf '%s\n' "${@:2}" "${OTHERS[@]}" .deltaglider/originals_{000,042,999}.bin |
		jq -Rn '[inputs | {key: ., size: 20}]' >"$BATS_TEST_TMPDIR/objects"
	stub_ctl PUT "bucket/alpha$1" "$(<"$BATS_TEST_TMPDIR/objects")"
}

given_packs() {
	start_stub
	stub_ctl PATCH settings '{"page_size": 3}'
	put_packs "$@"
}

others() {
	printf '%s\n' "$@" "${OTHERS[@]}" | LC_ALL=C sort
}

left() {
	S3_ENDPOINT=$ENDPOINT s3 ls alpha | cut -f 1 | LC_ALL=C sort
}

packs() {
	dgstat --cache --bytes "$@" | grep -F originals_NNN.bin | tr -s ' '
}

@test "cache by hand: packs of the memo are one line, and deleted with it; no other name is" {
	given_packs '' a
	assert_equal "$(packs alpha)" 'alpha memo originals_NNN.bin - 60 present: 3 packs'
	assert_equal "$(dgstat --cache --json alpha | jq -c '.[] | select(.packs) | del(.bucket)')" \
		'{"name":"memo","key":".deltaglider/originals_NNN.bin","state":"present","why":null,"computed_at":null,"size":60,"packs":3}'
	forget_requests
	run -0 dgstat --cache-clear=quick,sampled,detailed,prefixes alpha
	assert_equal "$output/$(requests LIST)/$(requests DELETE)" /0/0
	# what is gone is said, and what could not be deleted
	fault '{"method": "DELETE", "path": "originals_042", "status": 403, "code": "AccessDenied"}'
	run -1 --separate-stderr dgstat --cache-clear=memo alpha
	assert_equal "$output" 'deleted s3://alpha/.deltaglider/originals_NNN.bin: 1 pack'
	# shellcheck disable=SC2154 # set by run
	[[ $stderr =~ ^'dgstat: bucket alpha: .deltaglider/originals_042.bin: '.*403.*AccessDenied.*$ ]] ||
		fail "$stderr"
	stub_ctl DELETE faults
	run -0 dgstat --cache-clear alpha
	assert_equal "$output" 'deleted s3://alpha/.deltaglider/originals_NNN.bin: 2 packs'
	assert_equal "$(left)" "$(others a)"
	assert_equal "$(packs alpha)" 'alpha memo originals_NNN.bin - - absent'
	run -0 dgstat --cache-clear alpha
	assert_equal "$output" ''
}

@test "cache by hand: where packs can't be listed, that is said, and nothing is deleted" {
	given_packs '' a
	fault '{"class": "LIST", "status": 403, "code": "AccessDenied"}'
	run -1 --separate-stderr dgstat --cache-clear alpha
	assert_equal "$output" ''
	[[ $stderr =~ ^'dgstat: bucket alpha: .deltaglider/originals_NNN.bin: '.*403.*AccessDenied.*$ ]] ||
		fail "$stderr"
	run -1 --separate-stderr dgstat --cache alpha
	[[ $stderr == *'LIST alpha: '*403* && $output == *'NNN.bin '*' unknown: '* ]]
	stub_ctl DELETE faults
	fault '{"class": "LIST", "gate": "list"}'
	run -1 --separate-stderr dgstat --cache-clear=memo --timeout=300ms alpha
	[[ $stderr == *'originals_NNN.bin: no answer for 300 ms'* && -z $output ]] || fail "$output$stderr"
	stub_ctl DELETE faults
	assert_equal "$(requests DELETE)" 0
	assert_equal "$(packs alpha)" 'alpha memo originals_NNN.bin - 60 present: 3 packs'
}

# The packs are found, and they alone.
assert_clears() {
	assert_equal "$(packs alpha)" 'alpha memo originals_NNN.bin - 60 present: 3 packs'
	run -0 dgstat --cache-clear=memo alpha
	assert_equal "$output" 'deleted s3://alpha/.deltaglider/originals_NNN.bin: 3 packs'
	assert_equal "$(left)" "$(others "$@")"
}

@test "cache by hand: packs in a store that ignores start-after, or begins with it" {
	local start keys=(- -0 -1 -a -b .deltaglider/originals_ a)

	given_packs '' "${keys[@]}"
	for start in ignored inclusive; do
		stub_ctl PATCH settings "{\"start_after\": \"$start\"}"
		assert_clears "${keys[@]}"
		put_packs '' "${keys[@]}"
	done
}

@test "cache by hand: packs in a store that refuses start-after" {
	given_packs '' -0 a
	fault '{"class": "LIST", "query": "start-after", "status": 501, "code": "NotImplemented"}'
	assert_clears -0 a
}

@test "cache by hand: packs in a store whose keys have no order" {
	given_packs '?order=given' z b -0 a
	assert_clears z b -0 a
}

@test "cache by hand: packs at a real store" {
	new_bucket
	s3 <<-END
		put $BUCKET a 1
		put $BUCKET .deltaglider/originals_007.bin 30
		put $BUCKET .deltaglider/originals_0070.bin 1
		put $BUCKET .deltaglider/originals_abc.bin 1
		put $BUCKET .deltaglider/originals_index.bin 5
		put $BUCKET .deltaglider/originals_999.bin 12
	END
	assert_equal "$(packs "$BUCKET")" "$BUCKET memo originals_NNN.bin - 42 present: 2 packs"
	run -0 dgstat --cache-clear=memo "$BUCKET"
	assert_equal "$output" "deleted s3://$BUCKET/.deltaglider/originals_index.bin
deleted s3://$BUCKET/.deltaglider/originals_NNN.bin: 2 packs"
	assert_equal "$(listing | xargs)" '.deltaglider/originals_0070.bin .deltaglider/originals_abc.bin a'
}
