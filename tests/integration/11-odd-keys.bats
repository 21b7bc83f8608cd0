#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Keys are any bytes: in listings, in continuation tokens and in the paths of
# HEADs, each of them exact in every mode.

load lib
load documents

# As s3.py wants them: percent-encoded.
readonly ODD_KEYS=(
	a%20b '%20' 'a+b' '100%25' 'a%252Fb' '%25' '%252' '%25zz' '%25%25' '%2B%252B'
	'new%0Aline' '%0D' 'tab%09' '%22quoted%22' '%27' '%60' '%26' '%26amp;' '%26%2310;'
	'%26%23x0;' '%3C' '%3E' ']]%3E' '%3C!--' '%3CKey%3E'
	'..' '.' 'a/../b' '../b' './b' 'a/./b' 'a/..' '/' '//' '/c' '//c' 'a//c' '%5C' 'a%5C..%5Cb'
	'?list-type=2' '%23' 'a%23b' '*' '!' '%27()' '%24' '@' ',' ';' ':' '=' '%5B%5D' '%7B%7D'
	'%7C' '^' '~' '_' '-'
	'%C3%A9' 'e%CC%81' '%E2%82%AC' '%F0%9F%98%80' '%C2%A0' '%C2%85' '%E2%80%A8'
	'%EF%BF%BD' '%EF%BF%BE' '%EF%BF%BF' '%EF%BB%BF' '%F4%8F%BF%BF'
	'%01' '%1B%5B31m' '%7F' '%1F' 'mid%01dle' '%D8%A7%20%D8%A8'
)

longest_key() {
	printf 'k%.0s' {1..1018}
}

# SHA-256 sums as the contract says, for objects of the stub: "HEX-KEY SIZE" lines.
fingerprint() {
	python3 -c '
import hashlib, sys
total = 0
for line in sys.stdin:
	key, size = line.split()
	key = bytes.fromhex(key)
	text = b"\0".join([key, size.encode(), hashlib.md5(key).hexdigest().encode(),
			b"2025-10-14T10:30:00.000Z"])
	total += int.from_bytes(hashlib.sha256(text).digest()[:16], "big")
print("%032x" % (total % 2**128))'
}

@test "odd deltas of a real bucket: each listed and asked for by its very name" {
	local i=0 total=0 key

	new_bucket
	for key in "${ODD_KEYS[@]}" "$(longest_key)"; do
		echo "put $BUCKET \"$key.delta\" 1 dg-file-size=$((1000 + i))"
		total=$((total + 1000 + i++))
	done >"$BATS_TEST_TMPDIR/commands"
	s3 <"$BATS_TEST_TMPDIR/commands"
	mount_fs
	assert_equal "$(field detailed '"\(.stats.total_size) \(.accuracy.exact_deltas)"')" \
		"$total $((${#ODD_KEYS[@]} + 1))"
	assert_right
	# and from the cache, which is as valid for the next one
	assert_right
}

@test "odd direct objects and references of a real bucket" {
	local key

	new_bucket
	for key in "${ODD_KEYS[@]}"; do
		echo "put $BUCKET \"$key\" 3"
		echo "put $BUCKET \"d/$key/reference.bin\" 100"
		echo "put $BUCKET \"d/$key/x.delta\" 1"
	done | s3
	mount_fs
	assert_figures quick "$((2 * ${#ODD_KEYS[@]}))" "$((103 * ${#ODD_KEYS[@]}))" \
		"$((104 * ${#ODD_KEYS[@]}))" 0 "${#ODD_KEYS[@]}" "${#ODD_KEYS[@]}" \
		"0/0/${#ODD_KEYS[@]}"
	assert_right
}

# cache=off: cached documents would be on the first page too.
@test "odd keys as the last of a page of a real bucket" {
	local key last=none

	new_bucket
	s3 fill "$BUCKET" k/%04d 1050 1
	mount_fs -o cache=off
	for key in a%20b '+%25%2B' '%26%3C%3E%22%27' '%C3%A9' '%0A' '/../x'; do
		# 999 keys come before this one
		printf '%s\n' "rm $BUCKET \"k/0998$last.delta\"" \
			"put $BUCKET \"k/0998$key.delta\" 1 dg-file-size=1000" | s3
		assert_figures detailed 1051 2050 1051 999 1 1050 1/0/0
		last=$key
	done
	assert_right
}

# The token of such a page is no XML, and neither boto3 nor s3.py can go on there.
@test "control bytes amid a page, as its last key and as the last of the bucket" {
	new_bucket
	s3 fill "$BUCKET" k/%04d 1050 1
	at_end s3 rm "$BUCKET" k/0500%01.delta k/0997%01.delta z%02.delta
	s3 <<-END
		put $BUCKET k/0500%01.delta 1 dg-file-size=1000
		put $BUCKET k/0997%01.delta 1 dg-file-size=2000
		put $BUCKET z%02.delta 1 dg-file-size=4000
	END
	run ! s3 ls "$BUCKET"
	mount_fs -o cache=off
	assert_figures detailed 1053 8050 1053 6997 3 1050 3/0/0
	assert_figures sampled 1053 7050 1053 5997 3 1050 2/1/0
	assert_right
}

@test "a page whose last keys all hold control bytes" {
	new_bucket
	s3 fill "$BUCKET" k/%04d 990 1
	at_end s3 rm "$BUCKET" k/0989%01{00..19}.delta
	printf "put $BUCKET k/0989%%01%s.delta 1 dg-file-size=1000\n" {00..19} |
		s3
	mount_fs -o cache=off
	assert_figures detailed 1010 20990 1010 19980 20 990 20/0/0
	assert_right
}

@test "a last key of 1,024 bytes on a page" {
	local key

	new_bucket
	s3 fill "$BUCKET" k/%04d 1010 1
	key=k/0998$(printf '%%C3%%A9%.0s' {1..506})
	s3 put "$BUCKET" "$key.delta" 1 dg-file-size=1000
	mount_fs -o cache=off
	assert_figures detailed 1011 2010 1011 999 1 1010 1/0/0
	assert_right
}

@test "bytes that are no UTF-8, on every place of a page" {
	# \xff.delta, \xc3.delta, \xc0\xaf.delta, \xed\xa0\x80.delta, NUL would end it
	local keys=(ff2e64656c7461 c32e64656c7461 c0af2e64656c7461 eda0802e64656c7461
		6180 ff ff2f7265666572656e63652e62696e ff2fff2e64656c7461) key size

	start_stub
	BUCKET=bkt
	stub_ctl PUT bucket/bkt "[$(printf '{"key_hex": "%s", "size": 10,
		"meta": {"dg-file-size": "1000"}},' "${keys[@]}" | sed '$s/,$//')]"
	mount_fs
	for size in 1000 1 2 3; do
		stub_ctl PATCH settings "{\"page_size\": $size}"
		assert_figures detailed 7 5020 80 4940 5 2 5/0/0
		assert_equal "$(field quick .validation.fingerprint)" \
			"$(printf '%s 10\n' "${keys[@]}" | fingerprint)"
		echo all >"$MNT/bkt/refresh"
	done
}

@test "a space may be listed as + or as %20, a slash as %2F" {
	start_stub
	BUCKET=bkt
	stub_ctl PUT bucket/bkt '[{"key": "a b+c/d e.delta", "size": 1,
		"meta": {"dg-file-size": "1000"}}, {"key": "a b+c/f g", "size": 1}]'
	mount_fs -o cache=off
	assert_figures detailed 2 1001 2 999 1 1 1/0/0
	assert_right
	stub_ctl PATCH settings '{"space_as_plus": false}'
	assert_figures detailed 2 1001 2 999 1 1 1/0/0
	assert_right
	fault '{"class": "LIST", "sub": ["(?<=%20b%2Bc)/", "%2F"]}'
	assert_figures detailed 2 1001 2 999 1 1 1/0/0
	assert_right
}

@test "keys of a store that encodes nothing are taken as they are" {
	start_stub
	BUCKET=bkt
	stub_ctl PUT bucket/bkt '[{"key": "100%2F.delta", "size": 1,
		"meta": {"dg-file-size": "1000"}}]'
	# %25 becomes %, as it would be without encoding-type=url
	fault '{"class": "LIST", "sub": ["<EncodingType>url</EncodingType>", ""]}'
	mount_fs
	fault '{"class": "HEAD", "path": "^/bkt/100%25252F"}'
	run -0 cat "$MNT/bkt/stats_detailed.json"
	# such a key is not there, which is asked twice
	assert_equal "$(requests HEAD '^/bkt/100%25252F\.delta$')" 2
}
