#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What is told of a bucket without opening anything, from the results that this mount
# has: df with df=bucket, and extended attributes by name.  Real tools ask.

load lib
load mounts

readonly PIB=$((1 << 50))

# A delta of 100 bytes and a reference of 1000, and another object of 7; the document
# counts two objects of 1107 bytes, which were 4007.
set_bucket() {
	stub_ctl PUT "bucket/bkt" '[{"key": "a/reference.bin", "size": 1000},
		{"key": "a/1.delta", "size": 100, "meta": {"dg-file-size": "4000"}},
		{"key": "x.bin", "size": 7}]'
}

# Of bytes: used, free, all; of inodes: used, free.
space_of() {
	df -B1 --output=used,avail,size "$1" | tail -n 1 | xargs
	df --output=iused,iavail "$1" | tail -n 1 | xargs
}

attribute() {
	getfattr --absolute-names --only-values -n "user.deltaglider.$1" "$2"
}

no_attribute() {
	refused 'No such attribute' attribute "$@"
}

# --- df ------------------------------------------------------------------------------

@test "df: without df=bucket a bucket has no blocks, read or not" {
	start_stub
	set_bucket
	mount_fs
	assert_equal "$(stat -f -c '%b %f %a %c %d' "$MNT/bkt")" '0 0 0 0 0'
	cat "$MNT/bkt/stats_quick.json" >/dev/null
	assert_equal "$(stat -f -c '%b %f %a %c %d' "$MNT/bkt")" '0 0 0 0 0'
}

@test "df=bucket: bytes stored and objects of the newest result, and a PiB free" {
	start_stub
	set_bucket
	mount_fs -o df=bucket
	assert_equal "$(space_of "$MNT/bkt" | xargs)" "0 $PIB $PIB 0 $PIB"
	cat "$MNT/bkt/stats_detailed.json" >/dev/null
	assert_equal "$(space_of "$MNT/bkt" | xargs)" "1107 $PIB $((PIB + 1107)) 2 $PIB"
	stub_ctl PUT bucket/bkt '[{"key": "y", "size": 5000000000000}]'
	cat "$MNT/bkt/stats_quick.json" >/dev/null
	forget_requests
	assert_equal "$(space_of "$MNT/bkt" | xargs)" \
		"5000000000000 $PIB $((PIB + 5000000000000)) 1 $PIB"
	assert_equal "$(stat -f -c '%S*(%b-%f) %c-%d' "$MNT/bkt/refresh" "$MNT/bkt/stats_quick.json")" \
		"$(stat -f -c '%S*(%b-%f) %c-%d' "$MNT/bkt" "$MNT/bkt")"
	assert_equal "$(requests)" 0
}

@test "df=bucket: each bucket has its own, and the root none" {
	start_stub
	set_bucket
	stub_ctl PUT bucket/other '[{"key": "y", "size": 3}]'
	mount_fs -o df=bucket
	cat "$MNT"/{bkt,other}/stats_quick.json >/dev/null
	assert_equal "$(space_of "$MNT/bkt" | head -n 1)" "1107 $PIB $((PIB + 1107))"
	assert_equal "$(space_of "$MNT/other" | head -n 1)" "3 $PIB $((PIB + 3))"
	assert_equal "$(stat -f -c '%b %f %a %c %d' "$MNT")" '0 0 0 0 0'
	run ! grep -F "$MNT" <(df)
}

@test "df=bucket: a sum that has reached its end does not turn into another number" {
	start_stub
	stub_ctl PUT bucket/bkt '[{"key": "y", "size": 9223372036854775807},
		{"key": "z", "size": 9223372036854775807}]'
	mount_fs -o df=bucket
	cat "$MNT/bkt/stats_quick.json" >/dev/null
	assert_equal "$(space_of "$MNT/bkt" | head -n 1 | cut -d ' ' -f 1,2)" \
		"9223372036854775807 $PIB"
}

# --- extended attributes -----------------------------------------------------------------

@test "xattr: of a statistics file, the figures of its mode" {
	start_stub
	set_bucket
	mount_fs
	local file=$MNT/bkt/stats_detailed.json
	no_attribute objects "$file"
	cat "$file" >/dev/null
	forget_requests
	assert_equal "$(attribute objects "$file")" 2
	assert_equal "$(attribute stored "$file")" 1107
	assert_equal "$(attribute original "$file")" 4007
	assert_equal "$(attribute how "$file")" computed
	assert_equal "$(date -d "$(attribute computed_at "$file")" +%s)" "$(stat -c %Y "$file")"
	no_attribute objects "$MNT/bkt/stats_quick.json"
	assert_equal "$(requests)" 0
	unmount_fs
	mount_fs
	cat "$file" >/dev/null
	assert_equal "$(attribute how "$file")" hit
}

@test "xattr: of a bucket's directory, the newest figures of all modes" {
	start_stub
	set_bucket
	mount_fs
	no_attribute stored "$MNT/bkt"
	cat "$MNT/bkt/stats_detailed.json" >/dev/null
	assert_equal "$(attribute original "$MNT/bkt")" 4007
	stub_ctl PUT bucket/bkt '[{"key": "y", "size": 3}]'
	cat "$MNT/bkt/stats_quick.json" >/dev/null
	assert_equal "$(attribute original "$MNT/bkt")" 3
	assert_equal "$(attribute original "$MNT/bkt/stats_detailed.json")" 4007
}

@test "xattr: what is not there, and a value that does not fit" {
	start_stub
	set_bucket
	mount_fs
	cat "$MNT/bkt/stats_quick.json" >/dev/null
	run -0 python3 - "$MNT" <<-'END'
		import ctypes, errno, os, sys
		libc = ctypes.CDLL(None, use_errno=True)
		def get(path, name, size):
		    buffer = ctypes.create_string_buffer(b"?" * 64)
		    n = libc.getxattr(path.encode(), name.encode(), buffer, size)
		    if n < 0:
		        return errno.errorcode[ctypes.get_errno()]
		    return n, buffer[:size and n].decode()
		root, bucket = sys.argv[1], sys.argv[1] + "/bkt"
		quick = bucket + "/stats_quick.json"
		for size in 0, 1, 3, 4, 60:
		    print(get(quick, "user.deltaglider.stored", size))
		print(*(get(path, "user.deltaglider." + name, 60)
		        for path in (quick, bucket) for name in ("", "store", "storedx", "Stored")))
		print(*(get(path, "user.deltaglider.stored", 60)
		        for path in (root, bucket + "/refresh", bucket + "/nocache")))
		print(*(get(path, name, 60) for path in (root, bucket, quick) for name in
		        ("user.stored", "security.capability", "system.posix_acl_access")))
		print(*(os.listxattr(path) for path in (root, bucket, quick)))
	END
	assert_equal "$output" "(4, '')"$'\nERANGE\nERANGE\n'"(4, '1107')"$'\n'"(4, '1107')"$'\n'"$(
		printf 'ENODATA%.0s ' {1..8} | sed 's/ $//')"$'\nENODATA ENODATA ENODATA\n'"$(
		printf 'ENODATA%.0s ' {1..9} | sed 's/ $//')"$'\n[] [] []'
}

@test "xattr: none can be set or removed, a known one neither" {
	start_stub
	set_bucket
	mount_fs
	cat "$MNT/bkt/stats_quick.json" >/dev/null
	local path
	for path in "$MNT" "$MNT/bkt" "$MNT"/bkt/{stats_quick.json,refresh}; do
		refused 'Operation not permitted' setfattr -n user.deltaglider.stored -v 1 "$path"
		refused 'Operation not permitted' setfattr -n user.mine -v 1 "$path"
		refused 'Operation not permitted' setfattr -x user.deltaglider.stored "$path"
	done
	assert_equal "$(attribute stored "$MNT/bkt")" 1107
}

# A target that takes no attributes: to copy one to it fails.
mount_ramfs() {
	local dir=$BATS_TEST_TMPDIR/plain

	mkdir "$dir"
	as_root mount -t ramfs plain "$dir"
	at_end as_root umount "$dir"
	as_root chown "$(id -u)" "$dir"
	touch "$dir/probe"
	refused 'Operation not supported' setfattr -n user.a -v 1 "$dir/probe"
}

@test "xattr: who copies or shows what is listed sees none, and does not complain" {
	start_stub
	set_bucket
	mount_fs
	mount_ramfs
	local plain=$BATS_TEST_TMPDIR/plain command
	cat "$MNT"/bkt/stats_*.json >/dev/null
	for command in 'getfattr --absolute-names -d -R "$1"' \
		'getfattr --absolute-names -d -m - "$1/stats_quick.json"' \
		'rsync -aX "$1/" "$2/rsync"' \
		'cp -a "$1" "$2/cp"' \
		'cp -r --preserve=xattr "$1" "$2/xattr"' \
		'tar --xattrs --xattrs-include="*" -C "$1" -cf - . | tar --xattrs -C "$2" -xf -'; do
		run -0 bash -o pipefail -c "$command" bash "$MNT/bkt" "$plain"
		assert_equal "$command: $output" "$command: "
	done
	cmp "$MNT/bkt/stats_quick.json" "$plain/cp/stats_quick.json"
	cmp "$MNT/bkt/stats_quick.json" "$plain/rsync/stats_quick.json"
}
