#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What common tools make of a document: of one that never changes all read the same
# bytes, those of the object in the bucket; of one that changes from open to open
# each reads one, whole, whatever others do at that time.

load lib
load mounts

# How to get all bytes of "$1" to standard output; "$2" is a directory for them.
# shellcheck disable=SC2016 # expanded by the shell that runs them
TOOLS=(
	'cat "$1"'
	'cat <"$1"'
	'busybox cat "$1"'
	'jq -Rsj . "$1"'
	'jq -Rsj . <"$1"'
	'head -c 100000 "$1"'
	'head -n 1000 "$1"'
	'tail -n +1 "$1"'
	'tail -c 100000 "$1"'
	'busybox tail -c +1 "$1"'
	'grep "" "$1"'
	'grep -rh "" "$1"'
	'sed "" "$1"'
	'awk 1 "$1"'
	'tac "$1" | tac'
	'xxd "$1" | xxd -r'
	'base64 "$1" | base64 -d'
	'gzip -c "$1" | gzip -d'
	'perl -e "local \$/; print <>" "$1"'
	'less "$1"'
	'curl -s "file://$1"'
	'printf "%s\n" "$(<"$1")"'
	'mapfile -t lines <"$1"; printf "%s\n" "${lines[@]}"'
	'while read -r line; do echo "$line"; done <"$1" | jq -S . >"$2/read";
		jq -S . <"$1" | cmp - "$2/read" && cat "$1"'
	'cp "$1" "$2/cp"; cat "$2/cp"'
	'cp -a "$1" "$2/cp-a"; cat "$2/cp-a"'
	'cp --reflink=auto --sparse=always "$1" "$2/cp-s"; cat "$2/cp-s"'
	'busybox cp "$1" "$2/bb"; cat "$2/bb"'
	'install -m 644 "$1" "$2/install"; cat "$2/install"'
	'split -b 100 "$1" "$2/split."; cat "$2"/split.*'
	'tar -C "${1%/*}" -cf - "${1##*/}" | tar -xOf -'
	'tar -C "${1%/*}" -cf "$2/tar" "${1##*/}"; tar -xOf "$2/tar"'
	'dd if="$1" bs=7 status=none'
	'dd if="$1" bs=1M status=none'
	'dd if="$1" iflag=direct bs=4096 status=none'
	'rsync "$1" "$2/rsync"; cat "$2/rsync"'
	'rsync -a "$1" "$2/twice"; rsync -a "$1" "$2/twice"; cat "$2/twice"'
	'echo other >"$2/inplace"; rsync --inplace --checksum "$1" "$2/inplace";
		cat "$2/inplace"'
	'"$HERE/read.py" read_all "$1"'
	'"$HERE/read.py" copyfile "$1"'
	'"$HERE/read.py" private_mmap "$1"'
	'"$HERE/read.py" sendfile "$1"'
	'"$HERE/read.py" sendfile_at_once "$1"'
	'"$HERE/read.py" readv "$1"'
	'"$HERE/read.py" pread_backwards "$1"'
	'"$HERE/read.py" fstat_and_read "$1"'
	'"$HERE/read.py" nonblocking "$1"'
	'"$HERE/read.py" past_the_end "$1"'
)
thin_out TOOLS

# Those that take the size before they open the file, and believe it.
# shellcheck disable=SC2016
SIZED_TOOLS=(
	'bsdtar -C "${1%/*}" -cf - "${1##*/}" | tar -xOf -'
	'busybox tar -C "${1%/*}" -cf - "${1##*/}" | tar -xOf -'
	'python3 -m tarfile -c "$2/py.tar" "$1"; tar -xOf "$2/py.tar"'
	'echo "$1" | cpio -o --quiet | bsdtar -xOf -'
	'zip -qj "$2/zip" "$1"; bsdtar -xOf "$2/zip.zip"'
	'python3 -m zipfile -c "$2/py.zip" "$1"; bsdtar -xOf "$2/py.zip"'
	'printf "GET /%s HTTP/1.0\r\n\r\n" "${1##*/}" |
		busybox httpd -i -h "${1%/*}" | sed "1,/^\r$/d"'
	'sshfs -o ssh_command="$2/../sftp" "host:${1%/*}" "$2";
		trap "fusermount3 -u \"$2\"" EXIT; cat "$2/${1##*/}"'
	'"$WARM" "$WARM.again" "$HERE/s3.py" upload "$BUCKET" .deltaglider/up "$1";
		"$WARM" "$WARM.again" "$HERE/s3.py" get "$BUCKET" .deltaglider/up'
	'rclone copyto --config= "$1" "$2/rclone"; cat "$2/rclone"'
)
thin_out SIZED_TOOLS

# Those that open the document once, each in another way.
# shellcheck disable=SC2016
readonly FAST_TOOLS=(
	'cat "$1"'
	'busybox cat "$1"'
	'jq -Rsj . "$1"'
	'cp "$1" "$2/cp"; cat "$2/cp"'
	'tar -C "${1%/*}" -cf - "${1##*/}" | tar -xOf -'
	'dd if="$1" bs=7 status=none'
	'rsync "$1" "$2/rsync"; cat "$2/rsync"'
	'"$HERE/read.py" read_all "$1"'
	'"$HERE/read.py" copyfile "$1"'
	'"$HERE/read.py" private_mmap "$1"'
	'"$HERE/read.py" sendfile_at_once "$1"'
	'"$HERE/read.py" fstat_and_read "$1"'
	'"$HERE/read.py" pread_backwards "$1"'
	'tail -c 100000 "$1"'
)

# Three states of the bucket, whose figures differ in length by many digits.
readonly STATES=(
	'[{"key": "a", "size": 1}]'
	'[{"key": "b/%03d.delta", "count": 100, "size": 1234567890123456}]'
	'[{"key": "c/%02d", "count": 20, "size": 123456789}]'
)

# How often each of many at once uses each tool, or opens; how often one reads.
ROUNDS=4 READS=250
[[ $SANITIZER == none ]] || ROUNDS=1 READS=60
readonly ROUNDS READS

# Stops at the first command that fails, as a careful user would have it.
use_tool() {
	export HERE WARM BUCKET
	mkdir -p "$3"
	bash -euo pipefail -c "$1" tool "$2" "$3"
}

change_for_ever() {
	local state

	while :; do
		for state in "${STATES[@]}"; do
			stub_ctl PUT bucket/bkt "$state"
			pause 0.02
		done
	done
}

# Every document there is one of a state, and none of the states was missed.
check_documents() {
	python3 - "$@" <<-'END'
		import json, sys
		totals = {(1, 1), (100, 123456789012345600), (20, 2469135780)}
		seen = set()
		for name in sys.argv[1:]:
		    data = open(name, "rb").read()
		    try:
		        assert len(data) == 1024
		        stats = json.loads(data)["stats"]
		        total = stats["object_count"], stats["total_size"]
		        assert total in totals
		        seen.add(total)
		    except (AssertionError, ValueError) as e:
		        sys.exit(f"{name}: {e!r}: {data!r}")
		assert seen == totals, seen
	END
}

# --- on the real gateway --------------------------------------------------------------

@test "an unchanged bucket: every tool reads the bytes of the object in the bucket" {
	new_bucket
	s3 <<-END
		put $BUCKET a/reference.bin 1000
		put $BUCKET a/1.delta 10 dg-file-size=1100
		put $BUCKET b 77
	END
	mount_fs
	local file=$MNT/$BUCKET/stats_detailed.json work=$BATS_TEST_TMPDIR tool
	cat "$file" >"$work/first"
	s3 get "$BUCKET" .deltaglider/stats_detailed.json >"$work/object"
	cmp "$work/first" "$work/object"
	make_sftp
	for tool in "${TOOLS[@]}" "${SIZED_TOOLS[@]}"; do
		use_tool "$tool" "$file" "$work/files" >"$work/out" || fail "fails: $tool"
		cmp "$work/out" "$work/object" || fail "differs: $tool"
	done
}

@test "an unchanged bucket: tools that look at parts, sizes and sums" {
	new_bucket
	s3 put "$BUCKET" a 77
	mount_fs
	local file=$MNT/$BUCKET/stats_quick.json object=$BATS_TEST_TMPDIR/object
	cat "$file" >/dev/null
	s3 get "$BUCKET" .deltaglider/stats_quick.json >"$object"
	assert_equal "$(wc -c <"$file")" "$(wc -c <"$object")"
	assert_equal "$(wc <"$file")" "$(wc <"$object")"
	assert_equal "$(busybox wc -c <"$file")" "$(wc -c <"$object")"
	assert_equal "$(tail -c 20 "$file")" "$(tail -c 20 "$object")"
	assert_equal "$(tail -n 1 "$file" | tr -d ' ')" '}'
	assert_equal "$(head -c 10 "$file")" "$(head -c 10 "$object")"
	assert_equal "$(md5sum <"$file")" "$(md5sum <"$object")"
	assert_equal "$(sha256sum <"$file")" "$(sha256sum <"$object")"
	assert_equal "$(jq .stats.object_count "$file")" 1
	assert_equal "$(jq -S . <"$file")" "$(jq -S . "$object")"
	assert_equal "$(stat -Lc %s /dev/stdin <"$file")" "$(wc -c <"$object")"
	cmp "$file" "$object"
	diff "$file" "$object"
	grep -rq "$BUCKET" "$MNT/$BUCKET/"
	test -s "$file"
}

# sshfs takes any program for ssh: what answers is the server's half alone.
make_sftp() {
	printf '#!/bin/sh\nexec /usr/lib/openssh/sftp-server\n' >"$BATS_TEST_TMPDIR/sftp"
	chmod +x "$BATS_TEST_TMPDIR/sftp"
}

# The nth bucket of seven objects, read by no more than that tool; and what is there.
tool_reads() {
	local n=$1 tool=$2 file=$MNT/bkt$1/stats_quick.json work=$BATS_TEST_TMPDIR

	use_tool "$tool" "$file" "$work/$n" >"$work/out" || fail "fails: $tool" || return
	cmp "$work/out" "$file" || fail "differs: $tool"
}

new_buckets() {
	local n

	start_stub
	for n in "${!ALL_ONCE[@]}"; do
		stub_ctl PUT "bucket/bkt$n" '[{"key": "a%d", "count": 7, "size": 1000}]'
	done
	BUCKET=
	new_bucket # to upload to
	make_sftp
	mount_fs
}

ALL_ONCE=("${FAST_TOOLS[@]}" "${SIZED_TOOLS[@]}")
thin_out ALL_ONCE

@test "the first reader of all: no tool depends on what was known before" {
	new_buckets
	local n
	for n in "${!ALL_ONCE[@]}"; do
		tool_reads "$n" "${ALL_ONCE[$n]}"
	done
}

@test "a tool that has seen another document: from 7 to 5,007 objects as it opens" {
	new_buckets
	local n count=.stats.object_count
	for n in "${!ALL_ONCE[@]}"; do
		assert_equal "$(jq $count "$MNT/bkt$n/stats_quick.json")" 7
		fault '{"class": "LIST", "path": "^/bkt'"$n"'\\b", "times": 1,
			"put": [{"key": "b%d", "count": 5000, "size": 1000}]}'
		tool_reads "$n" "${ALL_ONCE[$n]}"
		assert_equal "$(jq $count "$BATS_TEST_TMPDIR/out")" 5007
	done
}

@test "file(1) knows what it is" {
	start_stub
	stub_bucket bkt
	mount_fs
	assert_equal "$(file -b --mime-type "$MNT/bkt/stats_quick.json")" \
		application/json
}

# Documented: the kernel has no shared mapping for a file that has no cache.
@test "mmap: a shared mapping is refused instead of showing something else" {
	start_stub
	stub_bucket bkt
	mount_fs
	refused 'No such device' python3 -c 'import mmap, sys
with open(sys.argv[1], "rb") as file:
    mmap.mmap(file.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ)' \
		"$MNT/bkt/stats_quick.json"
}

# --- on a bucket that changes -----------------------------------------------------------

one_document() {
	local tool=${FAST_TOOLS[$1]} work=$BATS_TEST_TMPDIR/$1.$2

	use_tool "$tool" "$MNT/bkt/stats_quick.json" "$work" >"$work.json" ||
		fail "fails: $tool"
}

# The nth of eight: every tool in turn, each of the eight at another one.
read_in_turn() {
	local n=$1 rounds=$2 i

	for ((i = 0; i < rounds * ${#FAST_TOOLS[@]}; i++)); do
		one_document $(((i + n) % ${#FAST_TOOLS[@]})) "$n.$i" || return
	done
}

@test "a bucket that changes: eight tools at once, each reads one whole document" {
	start_stub
	stub_ctl PUT bucket/bkt "${STATES[0]}"
	mount_fs
	in_background change_for_ever
	at_end end_process $!
	local n readers=()
	for n in {1..8}; do
		in_background read_in_turn "$n" "$ROUNDS"
		readers+=("$!")
	done
	for n in "${readers[@]}"; do
		wait "$n"
	done
	local documents=("$BATS_TEST_TMPDIR"/*.json)
	assert_equal ${#documents[@]} $((8 * ROUNDS * ${#FAST_TOOLS[@]}))
	check_documents "${documents[@]}"
}

# sendfile(2) reads what the kernel has cached: see open.c.
@test "a bucket that changes: sendfile gets whole documents, while others look at sizes" {
	start_stub
	stub_ctl PUT bucket/bkt "${STATES[0]}"
	mount_fs
	in_background change_for_ever
	at_end end_process $!
	look_for_ever() { while :; do ls -l "$MNT/bkt"; done >/dev/null; }
	in_background look_for_ever
	at_end end_process $!
	local i
	for ((i = 0; i < READS; i++)); do
		busybox cat "$MNT/bkt/stats_quick.json" >"$BATS_TEST_TMPDIR/$i.json"
	done
	check_documents "$BATS_TEST_TMPDIR"/*.json
}

# From here on the bucket is another one in each listing: handles.py knows which.
grow_for_ever() {
	stub_ctl PUT bucket/bkt '[]'
	stub_ctl POST faults "$(jq -nc '[range(1; 2000) |
		{class: "LIST", times: 1, put: [{key: "a", size: .}]}]')"
}

# What a kernel must do for it is tell reads for its page cache from others, by their
# lock owner: one that does not fails here.
@test "a bucket that changes: read is the own document, sendfile and mmap the newest" {
	start_stub
	grow_for_ever
	mount_fs
	"$HERE/handles.py" two "$MNT/bkt/stats_quick.json"
}

@test "a bucket that changes: a thousand threads open one name, and all is right" {
	start_stub
	grow_for_ever
	mount_fs -o cache=off
	local found
	found=$("$HERE/handles.py" crowd "$MNT/bkt/stats_quick.json" 1000 "$ROUNDS")
	echo "$found"
	assert_equal "$(jq -c keys <<<"$found")" '["looked","right"]'
	(($(stub_ctl GET fired) > 4)) || fail 'the bucket has not changed'
}

# Where no name is looked up before the open, or not by this kernel's own walk.
@test "a bucket that changes: opened by descriptors, and by a path that is no file" {
	start_stub
	grow_for_ever
	mount_fs -o cache=off
	local n found
	exec {n}<"$MNT/bkt/stats_quick.json"
	found=$("$HERE/handles.py" crowd "/proc/$$/fd/$n" 80 3)
	assert_equal "$(jq -c keys <<<"$found")" '["looked","right"]'
	assert_equal "$(jq .stats.total_size <&"$n")" 1
	exec {n}<&-
	"$HERE/handles.py" by_path "$MNT/bkt/stats_quick.json"
}

@test "a bucket that changes: one file that is mounted alone, and an overlay" {
	start_stub
	grow_for_ever
	mount_fs -o cache=off
	mkdir -p "$BATS_TEST_TMPDIR"/{upper,work,overlay}
	touch "$BATS_TEST_TMPDIR/alone"
	# shellcheck disable=SC2016 # expanded by that shell
	run -0 --separate-stderr as_root "$OWN_MOUNTS" bash -euc '
		trap "umount alone; umount overlay" EXIT
		cd "$2"
		mount --bind "$1/stats_quick.json" alone
		mount -t overlay overlay \
			-o lowerdir="$1",upperdir=upper,workdir=work overlay
		"$3/handles.py" crowd "$PWD/alone" 80 3
		"$3/handles.py" crowd "$PWD/overlay/stats_quick.json" 80 3
	' bash "$MNT/bkt" "$BATS_TEST_TMPDIR" "$HERE"
	assert_equal "$(jq -c keys <<<"$output" | uniq -c | xargs)" '2 [looked,right]'
}

# Whose processes the program can't tell apart.
@test "a bucket that changes: the program in a PID namespace of its own" {
	start_stub
	grow_for_ever
	# shellcheck disable=SC2016 # expanded by that shell
	printf '#!/bin/sh\nexec unshare --pid --fork --kill-child "%s" "$@"\n' "$DGSTATFS" \
		>"$BATS_TEST_TMPDIR/dgstatfs"
	chmod +x "$BATS_TEST_TMPDIR/dgstatfs"
	DGSTATFS=$BATS_TEST_TMPDIR/dgstatfs mount_fs -o cache=off
	local found
	found=$("$HERE/handles.py" crowd "$MNT/bkt/stats_quick.json" 80 5)
	assert_equal "$(jq -c keys <<<"$found")" '["looked","right"]'
}

# There is no name to look up for such an open.
@test "a bucket that changes: opened again by its descriptor, it is read again" {
	start_stub
	stub_ctl PUT bucket/bkt "${STATES[0]}"
	mount_fs -o cache=off
	local n
	exec {n}<"$MNT/bkt/stats_quick.json"
	stub_ctl PUT bucket/bkt "${STATES[1]}"
	for _ in 1 2 3; do
		assert_equal "$(jq .stats.object_count "/proc/self/fd/$n")" 100
	done
	assert_equal "$(jq .stats.object_count <&"$n")" 1
	exec {n}<&-
}
