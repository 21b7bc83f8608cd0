#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The figures: each rule by a small bucket, on the real gateway where it can show
# it, else on the stub; and a larger bucket against model.py.

load lib
load documents

# The bucket is what standard input says, and is mounted.
given() {
	new_bucket
	sed "s/^put /put $BUCKET /; s/^fill /fill $BUCKET /" | s3
	mount_fs
}

given_on_stub() {
	BUCKET=bkt
	start_stub
	stub_ctl PUT bucket/bkt "$1"
	mount_fs
}

ratio() {
	sed -n 's/.*"average_compression_ratio": \(.*\), *$/\1/p' "$(stats_file "$1")"
}

# --- all of it ---------------------------------------------------------------------

@test "an example worked through by hand: the figures, and which HEADs they took" {
	new_bucket
	s3 <<-END
		put $BUCKET .deltaglider/stats_quick.json 400
		put $BUCKET a/1.zip.delta 10 dg-file-size=900
		put $BUCKET a/2.zip.delta 20 dg-file-size= file_size=950
		put $BUCKET a/b/1.tar.delta 30
		put $BUCKET a/reference.bin 1000
		put $BUCKET a/z.zip.delta 40 dg-file-size=12x file_size=77
		put $BUCKET c/reference.bin 500
		put $BUCKET readme%20%C3%A9.txt 7
	END
	start_proxy
	mount_fs
	assert_figures quick 5 3037 1607 1430 4 1 0/0/4
	assert_equal "$(requests HEAD)" 0
	assert_figures sampled 5 2737 1607 1130 4 1 1/2/1
	assert_equal "$(requests HEAD /a/1.zip.delta) of $(requests HEAD)" '1 of 2'
	forget_requests
	assert_figures detailed 5 2887 1607 1280 4 1 2/0/2
	assert_equal "$(requests HEAD)" 4
	assert_equal "$(ratio quick)" 0.4708594007243991
	assert_equal "$(ratio sampled)" 0.41286079649251006
	assert_equal "$(ratio detailed)" 0.44336681676480777
	assert_equal "$(field quick '.validation | "\(.object_count) \(.compressed_size)"')" \
		'7 1607'
	assert_right
}

# All 1,024 bytes of it are compared with those of model.py.
@test "the same example with fixed dates and ETags: the document byte for byte" {
	given_on_stub "$(worked_example)"
	cat "$(stats_file detailed)" >"$BATS_TEST_TMPDIR/shown"
	cat >"$BATS_TEST_TMPDIR/expected" <<-END
		{
		  "version": "1.0",
		  "mode": "detailed",
		  "computed_at": "$(jq -r .computed_at "$BATS_TEST_TMPDIR/shown")",
		  "validation": {
		    "object_count": 7,
		    "compressed_size": 1607,
		    "fingerprint": "41de27b3279702a6cac95621880992ac"
		  },
		  "stats": {
		    "bucket": "bkt",
		    "object_count": 5,
		    "total_size": 2887,
		    "compressed_size": 1607,
		    "space_saved": 1280,
		    "average_compression_ratio": 0.44336681676480777,
		    "delta_objects": 4,
		    "direct_objects": 1
		  },
		  "accuracy": { "exact_deltas": 2, "sampled_deltas": 0, "estimated_deltas": 2 }
		}
	END
	sed 's/ *$//' "$BATS_TEST_TMPDIR/shown" | cmp - "$BATS_TEST_TMPDIR/expected"
	assert_equal "$(wc -c <"$BATS_TEST_TMPDIR/shown")" 1024
	assert_equal "$(grep -Ec '^.{81,}$' "$BATS_TEST_TMPDIR/shown")" 0
	assert_right
}

@test "computed_at is the time of the computation, in UTC, and the mtime" {
	local before when after

	before=$(date +%s)
	given_on_stub '[]'
	when=$(TZ=America/New_York field quick .computed_at)
	after=$(date +%s)
	[[ $when =~ ^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z$ ]]
	(($(date -d "$when" +%s) >= before && $(date -d "$when" +%s) <= after))
	assert_equal "$(stat -c %Y "$(stats_file quick)")" "$(date -d "$when" +%s)"
}

@test "2,500 objects over three pages, in all modes" {
	given <<-'END'
		fill %04d/v.delta 600 11 dg-file-size=1000
		fill %04d/reference.bin 350 400
		fill a/%03d.delta 500 12 dg-file-size=77
		fill a/b/c/%03d.delta 300 13
		fill a/b/%03d.delta 100 14 file-size=x
		put a/reference.bin 5000
		put a/b/c/reference.bin 6000
		fill top-%03d 498 15
		fill deep/er/%03d 150 16
		fill .deltaglider/%02d 20 17
	END
	assert_figures detailed 2148 2449770 178770 2271000 1500 648 1100/0/400
	assert_right
}

# --- what is what --------------------------------------------------------------------

@test "reference.bin is a reference in the root and in a directory, *.delta a delta" {
	given <<-'END'
		put reference.bin 1000
		put a/reference.bin 2000
		put .delta 1
		put a/.delta 2
		put a/reference.bin.delta 4
		put b.delta/c.delta 8
	END
	# compressed: 15 of deltas and 3000 of references
	assert_figures quick 4 5008 3015 1993 4 0 0/0/4
	assert_right
}

@test "what only looks like a reference or a delta is a direct object" {
	given <<-'END'
		put xreference.bin 1
		put a/xreference.bin 2
		put a/reference.bin/x 4
		put reference.bin.old 8
		put Reference.bin 16
		put x.DELTA 32
		put x.delta.txt 64
		put x.delta/ 128
		put delta 256
		put x.delta%20 512
	END
	assert_figures detailed 10 1023 1023 0 0 10 0/0/0
	assert_right
}

@test "x, /x and //x are in three deltaspaces" {
	given <<-'END'
		put reference.bin 100
		put x.delta 1
		put /reference.bin 200
		put /x.delta 2
		put //reference.bin 300
		put //x.delta 3
		put ///x.delta 4
	END
	assert_figures quick 4 604 610 0 4 0 0/0/4
	assert_right
}

@test "the deltaspace of a key is its own directory, not one above" {
	given <<-'END'
		put a/reference.bin 100
		put a/1.delta 1 file-size=50
		put a/b/1.delta 2
		put a/b.delta 4
		put a/c/d/1.delta 8
	END
	assert_figures quick 4 210 115 95 4 0 0/0/4
	assert_figures sampled 4 110 115 0 4 0 1/1/2
	assert_right
}

# --- what counts ---------------------------------------------------------------------

@test "references count for nothing without a delta, orphans too with one" {
	given <<-'END'
		put a/reference.bin 1000
		put b/reference.bin 2000
		put file 5
	END
	assert_figures quick 1 5 5 0 0 1 0/0/0
	assert_equal "$(field quick '.validation | "\(.object_count) \(.compressed_size)"')" \
		'3 3005'
	s3 put "$BUCKET" a/x.delta 7
	assert_figures quick 2 1005 3012 0 1 1 0/0/1
	assert_right
}

@test "keys below .deltaglider/ count nowhere, others with that name do" {
	given <<-'END'
		put .deltaglider/x 1
		put .deltaglider/a.delta 2
		put .deltaglider/reference.bin 4
		put .deltaglider/ 8
		put foo/.deltaglider/x 16
		put .deltaglider 32
		put .deltagliders/x 64
		put %20.deltaglider/x 128
	END
	assert_figures detailed 4 240 240 0 0 4 0/0/0
	assert_equal "$(field quick .validation.compressed_size)" 240
	assert_right
}

@test "directory markers and empty objects are direct objects" {
	given <<-'END'
		put dir/ 0
		put dir/sub/ 0
		put empty 0
	END
	assert_figures quick 3 0 0 0 0 3 0/0/0
	assert_equal "$(ratio quick)" 0
	assert_right
}

@test "an empty bucket is all zeros, and so is its ratio" {
	given </dev/null
	assert_figures quick 0 0 0 0 0 0 0/0/0
	assert_figures detailed 0 0 0 0 0 0 0/0/0
	assert_equal "$(ratio quick)" 0
	assert_equal "$(field quick .validation.fingerprint)" "$(printf '0%.0s' {1..32})"
	assert_right
}

@test "nothing saved is 0, not less" {
	given <<-'END'
		put x.delta 1000 dg-file-size=10
		put file 5
	END
	assert_figures detailed 2 15 1005 0 1 1 1/0/0
	assert_equal "$(ratio detailed)" 0
}

@test "the ratio is the shortest decimal that reads back the same" {
	given <<-'END'
		put a/x.delta 3 dg-file-size=1000003
		put b/y.delta 1 dg-file-size=1
	END
	assert_equal "$(ratio detailed)" 0.999996000016
	s3 rm "$BUCKET" a/x.delta
	s3 put "$BUCKET" a/x.delta 0 dg-file-size=3
	assert_equal "$(ratio detailed)" 0.75
	s3 rm "$BUCKET" b/y.delta
	assert_equal "$(ratio detailed)" 1
	assert_right
}

# --- original sizes ------------------------------------------------------------------

@test "the first alias that is not empty is the one" {
	given <<-'END'
		put 1/x.delta 1 dg-file-size=10 file-size=99 deltaglider-original-size=99
		put 2/x.delta 1 file-size=20 deltaglider-original-size=99
		put 3/x.delta 1 deltaglider-original-size=40
		put 4/x.delta 1 dg-file-size= file-size= deltaglider-original-size=80
		put 5/x.delta 1 original-size=99 size=99
		put 6/x.delta 1 dg-file-size=
	END
	# the last two count as themselves
	assert_figures detailed 6 152 6 146 6 0 4/0/2
	assert_right
}

@test "names with _, which the gateway would change, in their order" {
	given_on_stub '[
		{"key": "1/x.delta", "size": 1, "meta": {"dg_file_size": "10",
			"file_size": "99", "file-size": "99"}},
		{"key": "2/x.delta", "size": 1, "meta": {"deltaglider-original-size": "99",
			"file-size": "99", "file_size": "20"}},
		{"key": "3/x.delta", "size": 1, "meta": {"dg_file_size": "99",
			"dg-file-size": "40"}},
		{"key": "4/x.delta", "size": 1, "meta": {"dg-file-size": "",
			"dg_file_size": "", "file_size": "", "file-size": "80"}},
		{"key": "5/x.delta", "size": 1, "meta": {"deltaglider_original_size": "99",
			"dg-file_size": "99"}}]'
	assert_figures detailed 5 151 5 146 5 0 4/0/1
	assert_right
}

@test "a value that is not all digits is missing, without a second try" {
	given <<-'END'
		put reference.bin 1000
		put 01.delta 1 dg-file-size=12x file-size=7
		put 02.delta 1 dg-file-size=-5 file-size=7
		put 03.delta 1 dg-file-size=+5 file-size=7
		put 04.delta 1 dg-file-size=1e3 file-size=7
		put 05.delta 1 dg-file-size=0x10 file-size=7
		put 06.delta 1 dg-file-size=1.0 file-size=7
		put 07.delta 1 "dg-file-size=1 2" file-size=7
		put 08.delta 1 dg-file-size=1,2 file-size=7
		put 09.delta 1 dg-file-size=9223372036854775808 file-size=7
		put 10.delta 1 dg-file-size=99999999999999999999999999999999999999 file-size=7
	END
	assert_figures detailed 10 10000 1010 8990 10 0 0/0/10
	assert_right
}

@test "zero, leading zeros and 2^63-1 are sizes" {
	given <<-'END'
		put reference.bin 1000
		put 1.delta 1 dg-file-size=0
		put 2.delta 1 dg-file-size=00012
		put 3.delta 1 dg-file-size=0000000000000000000000000000000000000000030
	END
	assert_figures detailed 3 42 1003 0 3 0 3/0/0
	assert_right
	s3 put "$BUCKET" 4.delta 1 dg-file-size=9223372036854775807
	grep -F '"total_size": 9223372036854775807,' "$(stats_file detailed)"
	assert_right
}

@test "sampled: the first delta in the order of bytes stands for its deltaspace" {
	given <<-'END'
		put a/B.delta 1 dg-file-size=500
		put a/a.delta 1 dg-file-size=9
		put a/b/1.delta 1 dg-file-size=70
		put a/c.delta 1 dg-file-size=9
		put a/%C3%A9.delta 1
		put a/b/2.delta 1
	END
	assert_figures sampled 6 2140 6 2134 6 0 2/4/0
	assert_right
}

@test "sampled: where the first delta says nothing, all are estimates" {
	given <<-'END'
		put a/1.delta 10
		put a/2.delta 10 dg-file-size=9
		put a/reference.bin 300
		put a/3.delta 10 dg-file-size=9
		put b/1.delta 10 dg-file-size=x
		put b/2.delta 20 dg-file-size=9
	END
	assert_figures sampled 5 930 360 570 5 0 0/0/5
	assert_right
}

@test "an estimate is the reference of the deltaspace, wherever it lies among the keys" {
	given <<-'END'
		put a/1.delta 10
		put a/b/1.delta 20
		put a/reference.bin 300
		put a/z.delta 40
	END
	assert_figures quick 3 620 370 250 3 0 0/0/3
	assert_figures detailed 3 620 370 250 3 0 0/0/3
	assert_right
}

# --- large numbers ---------------------------------------------------------------------

@test "sums are exact up to 2^63-1 and stay there" {
	given_on_stub '[{"key": "a", "size": 9223372036854775806}]'
	grep -F '"total_size": 9223372036854775806,' "$(stats_file quick)"
	stub_ctl PUT bucket/bkt '[{"key": "a", "size": 9223372036854775806},
		{"key": "b", "size": 1}]'
	assert_right quick
	stub_ctl PUT bucket/bkt '[{"key": "a", "size": 9223372036854775806},
		{"key": "b", "size": 2}]'
	assert_equal "$(grep -c ': 9223372036854775807,' "$(stats_file quick)")" 3
	assert_right quick
}

@test "sums of references, deltas and original sizes stay at 2^63-1 too" {
	given_on_stub '[{"key": "a/reference.bin", "size": 9223372036854775807},
		{"key": "a/x.delta", "size": 1, "meta": {"file_size": "9223372036854775807"}},
		{"key": "a/y.delta", "size": 1, "meta": {"file_size": "9223372036854775807"}},
		{"key": "a/z.delta", "size": 9}]'
	assert_right
	stub_ctl PUT bucket/bkt '[{"key": "a/%03d.delta", "count": 300, "size": 1,
		"meta": {"file_size": "9223372036854775807"}}]'
	assert_right
	grep -F '"space_saved": 9223372036854775507,' "$(stats_file detailed)"
}

# --- locales -----------------------------------------------------------------------------

@test "a point in every locale" {
	local locales=$BATS_TEST_TMPDIR/locales

	# glibc's newlocale(3) loses what it makes of LOCPATH
	export LSAN_OPTIONS=detect_leaks=0
	mkdir "$locales"
	localedef -i de_DE -f UTF-8 "$locales/de_DE.UTF-8"
	export LOCPATH=$locales LC_ALL=de_DE.UTF-8 LC_NUMERIC=de_DE.UTF-8
	assert_equal "$(env printf %.1f 0,5)" 0,5
	given_on_stub '[{"key": "x.delta", "size": 1, "meta": {"file_size": "2"}}]'
	assert_equal "$(ratio detailed)" 0.5
	unmount_fs
	unset LC_ALL
	mount_fs
	forget_requests
	assert_equal "$(ratio detailed)" 0.5
	assert_equal "$(requests PUT)" 0
}
