#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The document in the bucket: when it is written, when it serves and when not, and
# what each of that costs in requests.

load lib
load documents

# A bucket on the real gateway: 3 deltas in 2 deltaspaces, and a direct object.
given_bucket() {
	new_bucket
	s3 <<-END
		put $BUCKET a/1.delta 10 dg-file-size=100
		put $BUCKET a/2.delta 15 dg-file-size=200
		put $BUCKET b/1.delta 5 dg-file-size=300
		put $BUCKET file 5
	END
}

# The same on the stub, or other objects.
objects='[{"key": "a/1.delta", "size": 10, "meta": {"dg-file-size": "100"}},
	{"key": "a/2.delta", "size": 10, "meta": {"dg-file-size": "200"}},
	{"key": "b/1.delta", "size": 10, "meta": {"dg-file-size": "300"}},
	{"key": "file", "body": "12345"}]'

given_stub() {
	BUCKET=bkt
	start_stub
	stub_ctl PUT bucket/bkt "${1:-$objects}"
}

# Another body for its direct object.
stub_put_file() {
	curl -sS --fail -X PUT --data-binary "$1" "$ENDPOINT/bkt/file"
}

assert_truth() {
	assert_figures "${1:-detailed}" 4 605 35 570 3 1 3/0/0
}

# What the program asked for since forget_requests, as LISTs/GETs/HEADs/PUTs.
assert_requests() {
	assert_equal "$(requests LIST)/$(requests GET)/$(requests HEAD)/$(requests PUT)" "$1"
}

# One open of that mode makes these requests.
assert_open_costs() {
	forget_requests
	cat "$(stats_file "$1")" >/dev/null
	assert_requests "$2"
}

stub_put() {
	curl -sS --fail -X PUT --data-binary @- "$ENDPOINT/$BUCKET/$(cache_key "$1")"
}

stub_cached() {
	curl -sS --fail "$ENDPOINT/$BUCKET/$(cache_key "$1")"
}

assert_warnings() {
	assert_logged "$1" ': warn: '
}

# The document of that mode that is true now, from a mount of its own.
true_document() {
	local dir=$BATS_TEST_TMPDIR/true

	MNT=$dir LOG=$dir.log mount_fs -o cache=off
	cat "$dir/$BUCKET/stats_$1.json" || true
	unmount_fs "$dir"
}

# --- written and found ------------------------------------------------------------------

@test "a miss writes what it shows: another client reads the very same bytes" {
	local mode

	given_bucket
	mount_fs
	for mode in quick sampled detailed; do
		cat "$(stats_file "$mode")" >"$BATS_TEST_TMPDIR/shown"
		cached "$mode" | cmp - "$BATS_TEST_TMPDIR/shown"
		s3cmd --no-ssl --host="${S3_ENDPOINT#http://}" --host-bucket="${S3_ENDPOINT#http://}" \
			--access_key=testkey --secret_key=testsecret -q \
			get "s3://$BUCKET/$(cache_key "$mode")" "$BATS_TEST_TMPDIR/got-$mode"
		cmp "$BATS_TEST_TMPDIR/got-$mode" "$BATS_TEST_TMPDIR/shown"
	done
	assert_equal "$(s3 head "$BUCKET" "$(cache_key quick)" |
		jq -cS '[.content_type, .meta]')" \
		'["application/json",{"dg-no-delta":"true","x-deltaglider-cache":"true"}]'
	assert_warnings 0
}

@test "what misses and hits cost, in requests" {
	given_bucket
	start_proxy
	mount_fs
	assert_open_costs quick 1/1/0/1
	assert_open_costs sampled 1/1/2/1
	assert_open_costs detailed 1/1/3/1
	assert_open_costs quick 1/1/0/0
	assert_open_costs sampled 1/1/0/0
	assert_open_costs detailed 1/1/0/0
}

# Three pages are listed in ranges: where their keys can be cut is not known at first,
# and then each document that is put moves the pages, which may cost one more.
assert_big_open_costs() {
	local lists

	forget_requests
	cat "$(stats_file "$1")" >/dev/null
	lists=$(requests LIST)
	((lists == 3 || lists == 4)) || fail "$lists LISTs"
	assert_requests "$lists/$2"
}

@test "a hit in a bucket of 2,500 objects: its three LIST pages and one GET" {
	given_stub '[{"key": "%04d.delta", "count": 2497, "size": 1,
		"meta": {"file_size": "2"}}]'
	mount_fs
	assert_big_open_costs quick 1/0/1
	assert_big_open_costs quick 1/0/0
	assert_big_open_costs sampled 1/1/1
	assert_big_open_costs sampled 1/0/0
	unmount_fs
	mount_fs -o memo=off
	assert_big_open_costs detailed 1/2497/1
	assert_big_open_costs detailed 1/0/0
	assert_figures detailed 2497 4994 2497 2497 2497 0 2497/0/0
}

@test "LIST and GET are under way at the same time" {
	given_stub
	mount_fs
	assert_truth
	forget_requests
	fault '{"class": "LIST", "gate": "list"}' '{"class": "GET", "gate": "get"}'
	in_background cat "$(stats_file detailed)" >"$BATS_TEST_TMPDIR/shown"
	local reader=$!
	wait_for_gate list
	wait_for_gate get
	open_gate get
	open_gate list
	wait "$reader"
	assert_requests 1/1/0/0
}

@test "a hit shows the cached bytes, and their date is the mtime" {
	given_bucket
	mount_fs
	assert_truth
	unmount_fs
	cached detailed | sed 's/"computed_at": ".*"/"computed_at": "2020-02-29T12:00:00Z"/' |
		put_cached detailed
	mount_fs
	cmp "$(stats_file detailed)" "$BATS_TEST_TMPDIR/to-put"
	assert_equal "$(stat -c %Y "$(stats_file detailed)")" \
		"$(date -d 2020-02-29T12:00:00Z +%s)"
}

@test "two mounts share: what one writes, the other finds" {
	given_bucket
	start_proxy
	mount_fs
	assert_truth
	cat "$(stats_file detailed)" >"$BATS_TEST_TMPDIR/first"
	local other=$BATS_TEST_TMPDIR/b
	MNT=$other LOG=$other.log mount_fs
	forget_requests
	cmp "$other/$BUCKET/stats_detailed.json" "$BATS_TEST_TMPDIR/first"
	assert_requests 1/1/0/0
}

# --- stale ---------------------------------------------------------------------------------

# The change that was made is noticed in each mode: one computation, one PUT.
assert_noticed() {
	local mode list=1

	for mode in quick sampled detailed; do
		forget_requests
		cat "$(stats_file "$mode")" >>"$BATS_TEST_TMPDIR/shown"
		assert_equal "$(requests LIST) $(requests GET) $(requests PUT)" "$list 1 1"
		list=2 # there was a document that might have been valid
		assert_open_costs "$mode" 1/1/0/0
	done
	printf "get $BUCKET .deltaglider/stats_%s.json\n" quick sampled detailed | s3 |
		cmp - "$BATS_TEST_TMPDIR/shown"
	rm "$BATS_TEST_TMPDIR/shown"
	assert_right
}

given_cached() {
	given_bucket
	start_proxy
	mount_fs
	cat "$MNT/$BUCKET"/stats_*.json >/dev/null
}

@test "stale: an object more, an object less" {
	given_cached
	s3 put "$BUCKET" new 1
	assert_noticed
	s3 rm "$BUCKET" new
	assert_truth
}

@test "stale: the bodies of two objects swapped, sizes and count the same" {
	given_cached
	s3 <<-END
		put $BUCKET a/1.delta 15 dg-file-size=100
		put $BUCKET a/2.delta 10 dg-file-size=200
	END
	assert_noticed
}

@test "stale: an object replaced by another of the same size" {
	given_cached
	printf 'yyyyy' >"$BATS_TEST_TMPDIR/body"
	s3 put "$BUCKET" file "@$BATS_TEST_TMPDIR/body"
	assert_noticed
}

@test "stale: an object renamed" {
	given_cached
	s3 <<-END
		rm $BUCKET a/2.delta
		put $BUCKET b/2.delta 15 dg-file-size=200
	END
	assert_noticed
	assert_figures sampled 4 705 35 670 3 1 2/1/0
}

@test "stale: metadata changed by a copy onto itself" {
	given_cached
	s3 touch "$BUCKET" a/1.delta dg-file-size=1000
	assert_noticed
	assert_figures detailed 4 1505 35 1470 3 1 3/0/0
}

@test "keys below .deltaglider/ make no document stale" {
	given_cached
	s3 put "$BUCKET" .deltaglider/other 7
	assert_open_costs detailed 1/1/0/0
}

@test "a second LIST only where a document might have been valid" {
	local mode

	given_stub
	mount_fs
	for mode in sampled detailed; do
		echo nonsense | stub_put "$mode"
		forget_requests
		cat "$(stats_file "$mode")" >/dev/null
		assert_equal "$(requests LIST) $(requests PUT)" '1 1'
	done
}

# --- documents that are none -----------------------------------------------------------------

# This text (of the bucket bkt) must not serve, for anybody.  Each gets a bucket of
# its own, since warnings about one come once an hour.
assert_rejected() {
	local mode=detailed text=$1

	CASES=$((${CASES:-0} + 1))
	BUCKET=case-$CASES
	stub_ctl PUT "bucket/$BUCKET" "$objects"
	printf %s "${text//\"bkt\"/\"$BUCKET\"}" | stub_put "$mode"
	forget_requests
	cat "$(stats_file "$mode")" >"$BATS_TEST_TMPDIR/shown"
	assert_equal "$(requests LIST) $(requests PUT)" '1 1'
	assert_truth "$mode"
	stub_cached "$mode" | cmp - "$BATS_TEST_TMPDIR/shown"
	assert_logged 1 "bucket=$BUCKET mode=$mode"
	assert_warnings "$CASES"
}

@test "ignored and overwritten: what is no JSON, or more than that" {
	local doc text

	given_stub
	doc=$(true_document detailed)
	mount_fs
	for text in '' ' ' hello '{' '[]' 'null' '"1.0"' '{}' "${doc:0:200}" "$doc x" \
		"$doc$doc" "[$doc]" "${doc/\"mode\"/\"é$'\xff'\"}" \
		"${doc/detailed/detailed$'\x01'}" "${doc/\"mode\"/mode}" \
		"${doc%\}*},}" "${doc/4,/04,}" "${doc/4,/+4,}" "${doc/\{/\{/* *\/}"; do
		assert_rejected "$text"
	done
}

@test "ignored and overwritten: a member twice" {
	local doc

	given_stub
	doc=$(true_document detailed)
	mount_fs
	assert_rejected "${doc/\"version\"/\"version\": \"1.0\", \"version\"}"
	assert_rejected "${doc/\"total_size\"/\"total_size\": 1, \"total_size\"}"
	assert_rejected "${doc/\"stats\"/\"x\": {\"a\": 1, \"a\": 1\}, \"stats\"}"
	assert_rejected "${doc/\"stats\"/\"s\\u0074ats\": 1, \"stats\"}"
}

@test "ignored and overwritten: wrong types, values, parts that contradict each other" {
	local doc filter n=0

	given_stub
	doc=$(true_document detailed)
	mount_fs
	while read -r filter; do
		assert_rejected "$(jq "$filter" <<<"$doc")"
		n=$((n + 1))
	done <<-'END'
		del(.version)
		.mode = "quick"
		.mode = 1
		.stats.bucket = "other"
		.stats.bucket = null
		del(.computed_at)
		.computed_at = "yesterday"
		.computed_at = 1760437800
		del(.validation)
		.validation = 4
		del(.validation.object_count)
		.validation.object_count = "4"
		.validation.object_count = 4.5
		.validation.compressed_size = -35
		.validation.fingerprint = 1
		.validation.fingerprint = "00"
		.validation.fingerprint |= ascii_upcase
		.validation.object_count = 3
		.validation.compressed_size = 36
		.validation.compressed_size = 34
		del(.stats)
		.stats = []
		.stats.extra = 1
		del(.stats.total_size)
		.stats.total_size = "605"
		.stats.total_size = 1e30
		.stats.total_size = 606
		.stats.compressed_size = 34
		.stats.space_saved = 571
		.stats |= (.total_size = 30 | .space_saved = -5)
		.stats |= (.total_size = 606 | .space_saved = 571)
		.stats.total_size = -1
		.stats.space_saved = null
		.stats.average_compression_ratio = "0.9"
		.stats.average_compression_ratio = -0.5
		.stats.average_compression_ratio = 0.5
		.stats.average_compression_ratio = 0
		.stats.average_compression_ratio += 0.00001
		.stats.object_count = 5
		.stats.direct_objects = 2
		.accuracy = 3
		.accuracy.exact_deltas = 2
		.accuracy |= (.exact_deltas = 1 | .sampled_deltas = 2)
		.accuracy.estimated_deltas = -1
	END
	((n == 44))
}

@test "stale and overwritten: an edit of what is compared with the listing" {
	local doc filter bytes='(.validation, .stats).compressed_size = 36 |
		.stats.space_saved = 569 | .stats.average_compression_ratio = 569 / 605'

	given_stub
	doc=$(true_document detailed)
	for filter in '.validation.object_count = 5' "$bytes" \
		'.validation.fingerprint = ("0" * 32)'; do
		jq "$filter" <<<"$doc" | stub_put detailed
		mount_fs
		forget_requests
		assert_truth
		assert_requests 2/1/3/1
		assert_warnings 0
		unmount_fs
	done
}

@test "an edit of the object by hand on the real gateway is noticed" {
	given_cached
	cached detailed | jq '.stats.total_size = 9 | .stats.object_count = 9' |
		put_cached detailed
	assert_right
	cached detailed | jq '.stats.total_size = 9 | .validation.compressed_size += 1' |
		put_cached detailed
	assert_right
	cached detailed | cmp - "$(stats_file detailed)"
}

@test "ignored and overwritten: deeply nested, and longer than 1 MiB" {
	local doc

	given_stub
	doc=$(true_document detailed)
	mount_fs
	assert_rejected "$(printf '[%.0s' {1..100000})"
	assert_rejected \
		"${doc/\"stats\"/\"x\": $(printf '[%.0s' {1..5000})$(printf ']%.0s' {1..5000}), \"stats\"}"
	assert_rejected "$doc$(printf '%*s' 1048576 '')"
}

@test "a document of exactly 1 MiB serves" {
	local doc

	given_stub
	true_document detailed >"$BATS_TEST_TMPDIR/truth"
	doc=$(<"$BATS_TEST_TMPDIR/truth")
	printf '%s%*s' "$doc" $((1048576 - ${#doc})) '' | stub_put detailed
	mount_fs
	assert_open_costs detailed 1/1/0/0
	cmp "$(stats_file detailed)" "$BATS_TEST_TMPDIR/truth"
	assert_equal "$(stub_cached detailed | wc -c)" 1048576
}

@test "one warning, however often it is met" {
	given_stub
	echo nonsense | stub_put detailed
	fault '{"class": "PUT", "status": 403, "code": "AccessDenied"}'
	mount_fs
	assert_truth
	assert_truth
	assert_truth
	assert_logged 1 'warn: .*is ignored'
	assert_logged 1 'warn: .*AccessDenied'
	assert_warnings 2
}

# --- documents of others -------------------------------------------------------------------

@test "another program's document: +00:00, fractions, no fingerprint, its own layout" {
	local doc

	given_stub
	doc='{"mode":"detailed","version":"1.0","note":{"by":["us"]},"computed_at":
		"2025-10-14T10:30:00.123456+00:00","stats":{"direct_objects":1,"delta_objects":3,
		"object_count":4,"total_size":605,"compressed_size":35,"space_saved":570,
		"average_compression_ratio":0.9421487603305785,"bucket":"bkt"},
		"validation":{"compressed_size":35,"object_count":4}}'
	printf %s "$doc" | stub_put detailed
	mount_fs
	assert_open_costs detailed 1/1/0/0
	assert_reprinted <<-'END'
		{
		  "version": "1.0",
		  "mode": "detailed",
		  "computed_at": "2025-10-14T10:30:00Z",
		  "validation": {
		    "object_count": 4,
		    "compressed_size": 35
		  },
		  "stats": {
		    "bucket": "bkt",
		    "object_count": 4,
		    "total_size": 605,
		    "compressed_size": 35,
		    "space_saved": 570,
		    "average_compression_ratio": 0.9421487603305785,
		    "delta_objects": 3,
		    "direct_objects": 1
		  }
		}
	END
	assert_equal "$(stat -c %Y "$(stats_file detailed)")" 1760437800
	assert_equal "$(stub_cached detailed)" "$doc"
	assert_warnings 0
}

# The detailed document is shown like this, but for its blanks.
assert_reprinted() {
	local shown=$BATS_TEST_TMPDIR/shown

	cat "$(stats_file detailed)" >"$shown"
	sed 's/ *$//' "$shown" | cmp - /dev/stdin
	assert_equal "$(wc -c <"$shown")" 1024
	assert_equal "$(tail -c 3 "$shown" | xxd -p)" 0a7d0a
	assert_equal "$(grep -Ec '^.{81,}$' "$shown")" 0
}

@test "a document of an older version, without blanks at the ends of its lines" {
	local old=$BATS_TEST_TMPDIR/old

	given_stub
	true_document detailed >"$BATS_TEST_TMPDIR/truth"
	sed 's/ *$//' "$BATS_TEST_TMPDIR/truth" >"$old"
	stub_put detailed <"$old"
	mount_fs
	assert_open_costs detailed 1/1/0/0
	cmp "$(stats_file detailed)" "$BATS_TEST_TMPDIR/truth"
	stub_cached detailed | cmp - "$old"
	assert_warnings 0
}

@test "a document of another program that has the length of ours: byte for byte" {
	local doc

	given_stub
	doc=$(true_document detailed | jq -c '.note = "x"')
	printf '%s%*s' "$doc" $((1024 - ${#doc})) '' >"$BATS_TEST_TMPDIR/other"
	stub_put detailed <"$BATS_TEST_TMPDIR/other"
	mount_fs
	assert_open_costs detailed 1/1/0/0
	cmp "$(stats_file detailed)" "$BATS_TEST_TMPDIR/other"
}

@test "two mounts show the same bytes of a document that is printed anew" {
	local other=$BATS_TEST_TMPDIR/b

	given_stub
	true_document detailed | jq -c . | stub_put detailed
	mount_fs
	cat "$(stats_file detailed)" >"$BATS_TEST_TMPDIR/first"
	MNT=$other LOG=$other.log mount_fs
	cmp "$other/$BUCKET/stats_detailed.json" "$BATS_TEST_TMPDIR/first"
}

@test "without a fingerprint, count and size decide" {
	given_stub
	true_document detailed | jq 'del(.validation.fingerprint)' | stub_put detailed
	mount_fs
	assert_open_costs detailed 1/1/0/0
	stub_put_file 54321
	assert_open_costs detailed 1/1/0/0
	stub_put_file 654321
	assert_open_costs detailed 2/1/3/1
	assert_right
}

@test "another version: ignored with one warning, overwritten once an hour at most" {
	given_stub
	true_document detailed | jq '.version = "2.0"' >"$BATS_TEST_TMPDIR/foreign"
	stub_put detailed <"$BATS_TEST_TMPDIR/foreign"
	mount_fs
	forget_requests
	assert_truth
	assert_requests 1/1/3/1
	# the other program writes it again; our own last document serves
	stub_put detailed <"$BATS_TEST_TMPDIR/foreign"
	assert_open_costs detailed 1/1/0/0
	assert_truth
	stub_put_file 654321
	forget_requests
	assert_right detailed
	assert_equal "$(requests PUT)" 0
	stub_cached detailed | cmp - "$BATS_TEST_TMPDIR/foreign"
	assert_warnings 1
	# the hour counts for each mode
	jq '.mode = "quick"' "$BATS_TEST_TMPDIR/foreign" | stub_put quick
	assert_open_costs quick 1/1/0/1
}

# --- refused ---------------------------------------------------------------------------------

# The other user may do these, and is who mounts.
mount_as_other() {
	local actions=$1

	s3 policy "$BUCKET" '{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/other"]},
		"Action": ["s3:ListBucket", '"$actions"'], "Resource":
		["arn:aws:s3:::'"$BUCKET"'", "arn:aws:s3:::'"$BUCKET"'/*"]}'"${2:+, $2}"']}'
	start_proxy
	AWS_ACCESS_KEY_ID=otherkey AWS_SECRET_ACCESS_KEY=othersecret \
		mount_fs -o bucket="$BUCKET"
}

deny_cache() {
	echo '{"Effect": "Deny", "Principal": {"AWS": ["arn:aws:iam:::user/other"]},
		"Action": ["'"$1"'"],
		"Resource": ["arn:aws:s3:::'"$BUCKET"'/.deltaglider/*"]}'
}

@test "reading the cache refused: figures, one warning, the mount's own last serves" {
	given_bucket
	echo '{}' | put_cached detailed
	mount_as_other '"s3:GetObject", "s3:PutObject"' "$(deny_cache s3:GetObject)"
	forget_requests
	assert_truth
	assert_equal "$(requests HEAD) $(requests PUT)" '3 0'
	assert_open_costs detailed 1/1/0/0
	assert_truth
	assert_warnings 1
	s3 touch "$BUCKET" b/1.delta dg-file-size=400
	forget_requests
	assert_figures detailed 4 705 35 670 3 1 3/0/0
	assert_equal "$(requests HEAD) $(requests PUT)" '3 0'
	assert_open_costs detailed 1/1/0/0
	assert_warnings 1
}

@test "writing the cache refused: figures, one warning, the mount's own last serves" {
	given_bucket
	mount_as_other '"s3:GetObject"'
	forget_requests
	assert_truth
	assert_equal "$(requests HEAD) $(requests PUT)" '3 1'
	assert_open_costs detailed 1/1/0/0
	assert_truth
	s3 touch "$BUCKET" b/1.delta dg-file-size=400
	forget_requests
	assert_figures detailed 4 705 35 670 3 1 3/0/0
	assert_equal "$(requests HEAD) $(requests PUT)" '3 0'
	assert_open_costs detailed 1/1/0/0
	assert_warnings 1
	# once an hour for each mode
	assert_open_costs quick 1/1/0/1
	assert_open_costs quick 1/1/0/0
	assert_warnings 2
}

@test "a cache that answers with nothing but errors costs no read" {
	given_stub
	mount_fs -o retries=1
	fault '{"class": "GET", "status": 500}'
	forget_requests
	assert_truth
	assert_equal "$(requests HEAD) $(requests PUT)" '3 0'
	forget_requests
	assert_truth
	assert_equal "$(requests HEAD) $(requests PUT)" '0 0'
	assert_warnings 1
}

@test "a cache that never answers: the figures come without it" {
	given_stub
	mount_fs -o timeout="$(scaled 4000)ms"
	fault '{"class": "GET", "gate": "never"}'
	assert_truth
	assert_equal "$(requests HEAD) $(requests PUT)" '3 0'
	assert_warnings 1
}

# --- what a PUT has to have ---------------------------------------------------------------------

# The header field of that name in the PUTs so far, or "null", one a line.
put_field() {
	stub_ctl GET log | jq -r --arg name "$1" '.[] | select(.class == "PUT") |
		[.headers | to_entries[] | select(.key | ascii_downcase == $name) | .value]
		| first' | sort -u
}

# In base64, of the document that is shown.
digest() {
	openssl dgst -"$1" -binary "$(stats_file detailed)" | base64
}

@test "every document is put with its MD5" {
	given_stub
	mount_fs
	forget_requests
	assert_truth
	assert_equal "$(put_field content-md5)" "$(digest md5)"
	assert_equal "$(put_field x-amz-checksum-sha256)" null
	[[ $(put_field authorization) == *SignedHeaders=content-md5\;* ]]
}

@test "where OpenSSL may not compute an MD5, the checksum is SHA-256" {
	given_stub
	cat >"$BATS_TEST_TMPDIR/openssl.cnf" <<-'END'
		openssl_conf = init
		[init]
		alg_section = algorithms
		[algorithms]
		default_properties = fips=yes
	END
	OPENSSL_CONF=$BATS_TEST_TMPDIR/openssl.cnf mount_fs
	forget_requests
	assert_truth
	assert_equal "$(put_field content-md5)" null
	assert_equal "$(put_field x-amz-checksum-sha256)" "$(digest sha256)"
	assert_warnings 0
}

new_locked_bucket() {
	BUCKET=t-locked-$BATS_TEST_NUMBER-$$
	s3 mklocked "$BUCKET"
	at_end s3 rblocked "$BUCKET"
}

@test "a bucket with Object Lock and a retention by default takes the document" {
	new_locked_bucket
	s3 put "$BUCKET" file 5
	start_proxy
	mount_fs
	forget_requests
	assert_figures detailed 1 5 5 0 0 1 0/0/0
	assert_requests 1/1/0/1
	cached detailed | cmp - "$(stats_file detailed)"
	assert_warnings 0
}

@test "the real gateway looks at the MD5: another one is refused" {
	new_bucket
	run -1 s3 putmd5 "$BUCKET" file body "$(printf other | openssl dgst -md5 -binary | base64)"
	[[ $output == *BadDigest* ]]
	s3 putmd5 "$BUCKET" file body "$(printf body | openssl dgst -md5 -binary | base64)"
}

@test "how the store is to encrypt documents: only if it was said, and signed" {
	local field=x-amz-server-side-encryption

	given_stub
	mount_fs
	forget_requests
	assert_truth
	assert_equal "$(put_field $field) $(put_field $field-aws-kms-key-id)" 'null null'
	unmount_fs
	mount_fs -o sse=AES256
	assert_open_costs quick 1/1/0/1
	assert_equal "$(put_field $field) $(put_field $field-aws-kms-key-id)" 'AES256 null'
	unmount_fs
	mount_fs -o sse=aws:kms,sse_kms_key_id=alias/documents
	assert_open_costs sampled 1/1/2/1
	assert_equal "$(put_field $field) $(put_field $field-aws-kms-key-id)" \
		'aws:kms alias/documents'
	[[ $(put_field authorization) == *";$field;$field-aws-kms-key-id,"* ]] ||
		fail "$(put_field authorization)"
	# no other request has it: stores refuse it there
	assert_equal "$(stub_ctl GET log | jq -c '[.[] | select(.class != "PUT")
		| .headers | keys[] | select(test("encryption"; "i"))]')" '[]'
}

@test "a PUT that is refused for its form is tried once more, then once an hour" {
	given_stub
	fault '{"class": "PUT", "status": 400, "code": "InvalidRequest"}'
	mount_fs
	assert_open_costs detailed 1/1/3/1
	assert_logged 1 'warn: .*InvalidRequest'
	assert_open_costs detailed 1/1/0/0
	assert_truth
	assert_warnings 1
}

# --- cache=ro and off --------------------------------------------------------------------------

@test "cache=ro reads, and never writes" {
	given_stub
	mount_fs -o cache=ro
	assert_open_costs detailed 1/1/3/0
	assert_open_costs detailed 1/1/0/0
	assert_truth
	echo nonsense | stub_put detailed
	assert_open_costs detailed 1/1/0/0
	stub_put_file 654321
	assert_open_costs detailed 2/1/3/0
	true_document detailed |
		sed 's/"computed_at": ".*"/"computed_at": "2099-01-01T00:00:00Z"/' |
		stub_put detailed
	assert_open_costs detailed 1/1/0/0
	assert_equal "$(field detailed .computed_at)" 2099-01-01T00:00:00Z
	assert_right
}

@test "cache=off neither reads nor writes; the mount's own last document serves" {
	given_stub
	true_document detailed | jq '.stats.total_size = 1' | stub_put detailed
	mount_fs -o cache=off
	assert_open_costs detailed 1/0/3/0
	assert_truth
	assert_open_costs detailed 1/0/0/0
	stub_put_file 654321
	assert_open_costs detailed 2/0/3/0
	assert_right
}

# --- time --------------------------------------------------------------------------------------

@test "a PUT that takes long: readers are answered 2 s after the result" {
	given_stub
	fault '{"class": "PUT", "gate": "put"}'
	mount_fs
	start_clock
	assert_truth
	(($(elapsed_ms) >= 1900))
	assert_took 15000
	wait_for_gate put
	open_gate put
	wait_until stub_cached detailed
	stub_cached detailed | cmp - "$(stats_file detailed)"
}

@test "a PUT that takes a moment is waited for" {
	given_stub
	fault '{"class": "PUT", "gate": "put"}'
	mount_fs
	in_background cat "$(stats_file detailed)" >"$BATS_TEST_TMPDIR/shown"
	local reader=$!
	wait_for_gate put
	[[ ! -s $BATS_TEST_TMPDIR/shown ]]
	open_gate put
	wait "$reader"
	stub_cached detailed | cmp - "$BATS_TEST_TMPDIR/shown"
}

@test "a PUT that fails is no failure of the read" {
	given_stub
	fault '{"class": "PUT", "status": 500}'
	mount_fs -o retries=0
	forget_requests
	assert_truth
	assert_requests 1/1/3/1
	assert_warnings 1
	# our own last document serves
	assert_open_costs detailed 1/1/0/0
}
