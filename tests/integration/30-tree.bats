#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The tree as it looks from outside: what is listed, with which attributes, what
# may be done to it and by whom, and which requests that costs.

# shellcheck disable=SC2011,SC2012 # what ls prints is what is tested
load lib
load mounts

stats_files() {
	echo "$MNT/$BUCKET/"stats_{quick,sampled,detailed}.json
}

about_objects() {
	echo "$(requests LIST)/$(requests HEAD)/$(requests GET)/$(requests PUT)"
}

shows() {
	local list

	list=$(ls "$MNT")
	grep -qxF -- "$1" <<<"$list"
}

shows_not() {
	! shows "$1"
}

# --- what is there -----------------------------------------------------------------

@test "tree: a directory for each bucket, with its files and their modes" {
	new_bucket
	mount_fs
	assert_equal "$(stat -c '%A %h' "$MNT")" 'drwxr-xr-x 2'
	assert_equal "$(stat -c '%A %U' "$MNT/$BUCKET")" "drwxr-xr-x $(id -un)"
	assert_equal "$(ls -A "$MNT/$BUCKET" | xargs)" \
		'metrics.prom nocache prefixes.json prefixes.ncdu.json refresh stats_detailed.json stats_quick.json stats_sampled.json status.json'
	enter "$MNT/$BUCKET"
	assert_equal "$(stat -c '%a %h' -- * | sort | uniq -c | xargs)" '7 444 1 2 644 1'
	assert_equal "$(stat -c %F stats_quick.json nocache | sort -u)" 'regular file'
	[[ $(ls -a .) == $'.\n..\n'* ]]
}

# Who refuses times before 1980 (zip) or takes 0 for none (make) must not meet one.
@test "tree: before it is read a document has its size, and the time of the mount" {
	new_bucket
	local before after mtime files
	mapfile -t files < <(stats_files | xargs -n 1)
	before=$(date +%s)
	mount_fs
	after=$(date +%s)
	for mtime in $(stat -c %Y "${files[@]}"); do
		((before <= mtime && mtime <= after)) || fail "$mtime"
	done
	assert_equal "$(stat -c '%s %b' "${files[@]}" | uniq -c | xargs)" '3 1024 2'
	assert_equal "$(stat -c %s "$MNT/$BUCKET/nocache")" 2
	assert_equal "$(cat "${files[@]}" | wc -c)" $((3 * 1024))
}

@test "tree: after it was read a document has the time it was computed" {
	new_bucket
	s3 put "$BUCKET" some/object 123456
	mount_fs
	local file computed_at
	for file in $(stats_files); do
		cp "$file" "$BATS_TEST_TMPDIR/copy"
		assert_equal "$(stat -c %s "$file")" "$(wc -c <"$BATS_TEST_TMPDIR/copy")"
		computed_at=$(jq -r .computed_at "$BATS_TEST_TMPDIR/copy")
		assert_equal "$(stat -c %Y "$file")" "$(date -d "$computed_at" +%s)"
	done
}

# Neither the size nor, within a second, the seconds tell of another document.
@test "tree: the nanoseconds are those of the text: the same in every mount" {
	new_bucket
	mount_fs
	local file=$BUCKET/stats_quick.json b=$BATS_TEST_TMPDIR/b times=() i
	MNT=$b LOG=$BATS_TEST_TMPDIR/b.log mount_fs
	for i in 1 2 3; do
		s3 put "$BUCKET" "$i" 10
		cat "$MNT/$file" "$b/$file" >/dev/null
		assert_equal "$(stat -c %y "$MNT/$file")" "$(stat -c %y "$b/$file")"
		assert_equal "$(stat -c %x "$MNT/$file")" "$(stat -c %y "$MNT/$file")"
		times+=("$(date -r "$MNT/$file" +%N)")
	done
	assert_equal "$(printf '%s\n' "${times[@]}" | sort -u | wc -l)" 3
}

# GNU tar takes a file whose ctime moves for one that is being written.
@test "tree: the ctime of a document stays that of the mount" {
	start_stub
	stub_bucket bkt
	mount_fs
	local before
	before=$(stat -c %z "$MNT/bkt/stats_quick.json")
	assert_equal "$before" "$(stat -c %z "$MNT")"
	wait_until is_another_second "$(date +%s)"
	cat "$MNT/bkt/stats_quick.json" >/dev/null
	assert_equal "$(stat -c %z "$MNT/bkt/stats_quick.json")" "$before"
	[[ $(stat -c %Y "$MNT/bkt/stats_quick.json") > $(stat -c %Z "$MNT") ]]
}

is_another_second() {
	(($(date +%s) > $1))
}

@test "tree: a document of a time before 1970 is one as any other" {
	start_stub
	stub_bucket bkt
	mount_fs
	local file=$MNT/bkt/stats_quick.json
	cat "$file" | sed 's/"computed_at": "[^"]*"/"computed_at": "1969-12-31T23:59:50Z"/' \
		>"$BATS_TEST_TMPDIR/document"
	unmount_fs
	curl -sSf -T "$BATS_TEST_TMPDIR/document" \
		"$ENDPOINT/bkt/.deltaglider/stats_quick.json"
	mount_fs
	cmp "$file" "$BATS_TEST_TMPDIR/document"
	assert_equal "$(stat -c %Y "$file")" -10
	cp -p "$file" "$BATS_TEST_TMPDIR/copy"
	tar -C "$MNT/bkt" -cf - stats_quick.json | tar -xOf - | cmp - "$file"
	assert_equal "$(requests PUT)" 2 # the first mount's, and curl's
	assert_logged 0 'no valid document'
}

@test "tree: the inode number of a name never changes, whatever it shows" {
	new_bucket
	mount_fs
	local before
	enter "$MNT/$BUCKET"
	before=$(stat -c '%n %i' . .. -- *)
	cat stats_quick.json >/dev/null
	s3 put "$BUCKET" another 10
	cat -- * >/dev/null
	assert_equal "$(stat -c '%n %i' . .. -- *)" "$before"
	assert_equal "$(stat -c %i -- * | sort -u | wc -l)" 9
	assert_equal "$(ls -i1 | awk '{ print $2, $1 }')" \
		"$(stat -c '%n %i' -- *)"
	assert_equal "$(stat -Lc %i /dev/stdin <stats_quick.json)" \
		"$(stat -c %i stats_quick.json)"
}

@test "tree: looking around causes no request about objects, and ListBuckets once" {
	new_bucket
	s3 put "$BUCKET" a 1
	start_proxy
	mount_fs
	ls -lR "$MNT" >/dev/null
	find "$MNT" -size +0 -newermt 2000-01-01 >/dev/null
	find "$MNT/$BUCKET" -type f -exec stat {} + >/dev/null
	du -sb "$MNT" >/dev/null
	df "$MNT" "$MNT/$BUCKET" "$MNT/$BUCKET/refresh" >/dev/null
	compgen -f "$MNT/$BUCKET/st" >/dev/null
	test -s "$MNT/$BUCKET/stats_detailed.json"
	cat "$MNT/$BUCKET/refresh" "$MNT/$BUCKET/nocache" "$MNT/$BUCKET/status.json" \
		"$MNT/$BUCKET/metrics.prom" >/dev/null
	assert_equal "$(about_objects)" 0/0/0/0
	assert_equal "$(requests BUCKETS)/$(requests BUCKET)/$(requests)" 1/0/1
}

@test "tree: df and statfs tell of no space that could run out" {
	start_stub
	mount_fs
	assert_equal "$(stat -f -c '%b %f %a %l' "$MNT")" '0 0 0 255'
	run -0 df "$MNT"
	assert_equal "$(findmnt -n -o FSTYPE,SOURCE "$MNT" | xargs)" \
		"fuse.dgstatfs $ENDPOINT"
}

# --- names ---------------------------------------------------------------------------

@test "names: in a bucket, what is not in the table is not there, without a request" {
	start_stub
	stub_bucket bkt
	mount_fs
	ls "$MNT" >/dev/null
	forget_requests
	refused 'No such file' stat "$MNT/bkt/stats_fast.json"
	refused 'No such file' cat "$MNT/bkt/a"
	refused 'No such file' ls "$MNT/bkt/.deltaglider"
	refused 'Not a directory' ls "$MNT/bkt/refresh/"
	assert_equal "$(requests)" 0
}

@test "names: those that no bucket can have cause no request" {
	start_stub
	mount_fs
	local name
	for name in .git .Trash ab x 'a b c' 'ümlaut' a+b+c 'a:b' "$(printf 'a\nb')"; do
		refused 'No such file' stat "$MNT/$name"
	done
	run ! stat "$MNT/$(printf 'n%.0s' {1..256})"
	assert_equal "$(requests)" 0
}

@test "names: no is remembered for bucket_ttl" {
	start_stub
	mount_fs
	refused 'No such file' stat "$MNT/absent"
	assert_equal "$(requests BUCKET)" 2 # by HeadBucket, and by GetBucketLocation
	stub_bucket absent
	refused 'No such file' stat "$MNT/absent"
	refused 'No such file' cat "$MNT/absent/stats_quick.json"
	assert_equal "$(requests)" 2
	stub_bucket here
	stat "$MNT/here" >/dev/null
	forget_requests
	refused 'No such file' stat "$MNT/nowhere" # HeadBucket works here
	assert_equal "$(requests)" 1
}

@test "names: after bucket_ttl the store is asked again" {
	start_stub
	mount_fs -o bucket_ttl=100ms
	refused 'No such file' stat "$MNT/later"
	stub_bucket later
	wait_until test -d "$MNT/later"
}

# A yes is remembered as long as a no; by the list, by name, and by a read.
@test "names: after bucket_ttl a bucket that was deleted is gone" {
	start_stub
	fault '{"class": "BUCKETS", "status": 403, "code": "AccessDenied"}'
	mount_fs -o bucket_ttl=300ms
	local how
	for how in name read; do
		stub_bucket "by-$how"
	done
	enter "$MNT/by-name"
	cat "$MNT/by-read/stats_quick.json" >/dev/null
	assert_equal "$(ls "$MNT" | xargs)" 'by-name by-read'
	stub_ctl DELETE bucket/by-name
	stub_ctl DELETE bucket/by-read
	wait_until shows_not by-name # neither is looked up by its name
	wait_until shows_not by-read
	stub_ctl DELETE faults
	stub_bucket by-list
	wait_until shows by-list
	stub_ctl DELETE bucket/by-list
	wait_until refused 'No such file' stat "$MNT/by-list"
}

@test "names: what is there stays, and is asked for once in bucket_ttl" {
	start_stub
	stub_bucket mine
	mount_fs -o bucket_ttl=60s
	enter "$MNT/mine"
	local n
	for n in {1..50}; do
		stat "$MNT/mine/refresh" >/dev/null
		cat "$MNT/mine/stats_quick.json" >/dev/null
	done
	assert_equal "$(requests BUCKET)/$(requests BUCKETS)" 1/0
}

@test "names: a bucket that others own is found by name, and listed from then on" {
	new_bucket
	s3 policy "$BUCKET" '{"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/other"]},
		"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::'"$BUCKET"'"}]}'
	start_proxy
	AWS_ACCESS_KEY_ID=otherkey AWS_SECRET_ACCESS_KEY=othersecret mount_fs
	shows_not "$BUCKET"
	forget_requests
	enter "$MNT/$BUCKET"
	cd "$MNT"
	assert_equal "$(requests BUCKET)/$(requests)" 1/1
	shows "$BUCKET"
	stat "$BUCKET" >/dev/null
	assert_equal "$(requests)" 1
	assert_equal "$(field quick .stats.object_count)" 0
}

@test "names: a bucket that is refused is EACCES, and remembered" {
	new_bucket
	start_proxy
	AWS_ACCESS_KEY_ID=otherkey AWS_SECRET_ACCESS_KEY=othersecret mount_fs
	refused 'Permission denied' ls "$MNT/$BUCKET"
	refused 'Permission denied' cat "$MNT/$BUCKET/stats_quick.json"
	assert_equal "$(requests HEAD)$(requests BUCKET)/$(requests)" 02/3 # in three ways
	shows_not "$BUCKET"
}

@test "names: what the store answers to a look-up that fails comes through" {
	start_stub
	mount_fs --retries=0
	fault '{"class": "BUCKET", "status": 503, "code": "SlowDown"}'
	refused 'Input/output error' stat "$MNT/bucket"
	stub_ctl DELETE faults
	stub_bucket bucket
	stat "$MNT/bucket" >/dev/null
}

# refused_in_each_way QUESTION COMMAND...: where that is refused, the command succeeds.
refused_in_each_way() {
	local question=$1 answer
	shift
	start_stub
	stub_bucket bkt

	for answer in '400, "code": "InvalidArgument"' '403, "code": "AccessDenied"' \
		'404, "code": "NoSuchKey"' '404, "body": "<html>not found</html>"' \
		'405, "code": "MethodNotAllowed"' '409, "code": "Odd"' '422, "body": ""' \
		'500, "code": "InternalError"' '501, "code": "NotImplemented"'; do
		stub_ctl DELETE faults
		fault "{$question, \"status\": $answer}"
		: >"$LOG"
		mount_fs -o retries=0,bucket_ttl=0
		"$@" || fail "answered with $answer"
		"$@"
		assert_logged 1 'the store refuses'
		unmount_fs
	done
}

finds_bucket() {
	[[ -d $MNT/bkt ]] && jq -e '.stats.object_count == 1' "$MNT/bkt/stats_quick.json" &&
		refused 'No such file' stat "$MNT/absent"
}

@test "names: a store that refuses HeadBucket is asked in the plain way" {
	refused_in_each_way '"class": "BUCKET", "method": "HEAD"' finds_bucket
}

@test "names: a store that refuses HeadBucket and GetBucketLocation is asked for one key" {
	refused_in_each_way '"class": "BUCKET"' finds_bucket
}

@test "buckets: a store that refuses max-buckets is asked without" {
	refused_in_each_way '"query": "max-buckets"' shows bkt
}

# --- the list of buckets ---------------------------------------------------------------

@test "buckets: where ListBuckets is refused, those that were reached are shown" {
	start_stub
	stub_bucket one
	stub_bucket two
	fault '{"class": "BUCKETS", "status": 403, "code": "AccessDenied"}'
	mount_fs
	refused 'Permission denied' ls "$MNT"
	assert_equal "$(jq .stats.object_count "$MNT/one/stats_quick.json")" 1
	assert_equal "$(ls "$MNT")" one
	ls "$MNT/two" >/dev/null
	assert_equal "$(ls "$MNT" | xargs)" 'one two'
	assert_equal "$(requests BUCKETS)" 2 # the second without max-buckets
}

@test "buckets: all pages of the list" {
	start_stub
	local i
	for i in {10..34}; do stub_bucket "bucket-$i"; done
	stub_ctl PATCH settings '{"bucket_page_size": 10}'
	mount_fs
	assert_equal "$(ls "$MNT")" "$(printf 'bucket-%s\n' {10..34})"
	assert_equal "$(requests BUCKETS)" 3
}

@test "buckets: more of them than fit into one answer of the kernel" {
	start_stub
	local buckets
	buckets=$(printf '"bucket-with-a-rather-long-name-%s": [],' {1000..2199})
	stub_ctl PUT scenario "{\"buckets\": {${buckets%,}}}"
	mount_fs
	assert_equal "$(ls "$MNT" | sort -u | wc -l)" 1200
	# one more time, with the attributes of each
	assert_equal "$(find "$MNT" -maxdepth 1 -mindepth 1 -type d ! -name ".*" | wc -l)" 1200
}

@test "buckets: a new one is found by name at once, and listed after bucket_ttl" {
	start_stub
	stub_bucket old
	mount_fs
	assert_equal "$(ls "$MNT")" old
	stub_bucket new
	assert_equal "$(ls "$MNT")" old
	assert_equal "$(jq .stats.object_count "$MNT/new/stats_quick.json")" 1
	assert_equal "$(ls "$MNT" | xargs)" 'new old'
	assert_equal "$(requests BUCKETS)" 1
	unmount_fs
	mount_fs -o bucket_ttl=50ms
	stub_bucket newer
	wait_until shows newer
	stub_ctl DELETE bucket/old
	wait_until shows_not old
}

@test "buckets: the directory of one that is gone goes with the first read" {
	start_stub
	stub_bucket here
	stub_bucket gone
	mount_fs
	ls "$MNT" >/dev/null
	stub_ctl DELETE bucket/gone
	refused 'No such file' cat "$MNT/gone/stats_quick.json"
	refused 'No such file' ls "$MNT/gone"
	assert_equal "$(ls "$MNT")" here
}

@test "buckets: bucket= confines the mount to these, without a request" {
	start_stub
	stub_bucket aaa
	stub_bucket bbb
	stub_bucket ccc
	mount_fs -o bucket=aaa -o bucket=bbb
	assert_equal "$(ls "$MNT" | xargs)" 'aaa bbb'
	refused 'No such file' ls "$MNT/ccc"
	stat "$MNT/aaa" >/dev/null
	unmount_fs
	mount_fs --bucket=ccc:bbb
	assert_equal "$(ls "$MNT" | xargs)" 'bbb ccc'
	refused 'No such file' ls "$MNT/aaa"
	assert_equal "$(requests)" 0
	assert_equal "$(jq .stats.object_count "$MNT/ccc/stats_quick.json")" 1
	assert_equal "$(requests BUCKETS)/$(requests BUCKET)" 0/0
}

@test "buckets: one named by bucket= that does not exist is gone once that is known" {
	start_stub
	stub_bucket aaa
	mount_fs -o bucket=aaa:none
	assert_equal "$(ls "$MNT" | xargs)" 'aaa none'
	refused 'No such file' cat "$MNT/none/stats_quick.json"
	assert_equal "$(ls "$MNT")" aaa
}

# --- a network that is dead -------------------------------------------------------------

@test "dead network: ls shows what it knew while the store hangs, at once" {
	start_stub
	stub_bucket aaa
	mount_fs -o bucket_ttl=0
	shows aaa
	fault '{"class": "BUCKETS", "gate": "hung"}'
	within 2000 ls -l "$MNT/"
	shows aaa
	within 2000 ls "$MNT/aaa"
}

@test "dead network: of many names none is waited for on its own" {
	start_stub
	local n
	for n in {1..40}; do stub_bucket "bucket-$n"; done
	mount_fs -o bucket_ttl=0
	shows bucket-40
	fault '{"gate": "hung"}'
	within 4000 ls -l "$MNT/" # 12 s if it were
	assert_equal "$(ls "$MNT" | wc -l)" 40
}

@test "dead network: ls shows what it knew after the store has gone" {
	start_stub
	local stub=$!
	stub_bucket aaa
	mount_fs -o bucket_ttl=0 --retries=0
	shows aaa
	end_process "$stub"
	within 2000 ls -lR "$MNT"
	shows aaa
}

@test "dead network: who knows nothing gets the error, and heals by itself" {
	start_stub
	stub_bucket aaa
	fault '{"class": "BUCKETS", "times": 1, "status": 503, "code": "SlowDown"}'
	mount_fs --retries=0
	refused 'Input/output error' ls "$MNT"
	assert_equal "$(ls "$MNT")" aaa
	ENDPOINT=http://127.0.0.1:1 MNT=$BATS_TEST_TMPDIR/b LOG=$BATS_TEST_TMPDIR/b.log \
		mount_fs --retries=0
	refused 'Connection refused' ls "$BATS_TEST_TMPDIR/b"
}

# --- what may not be done ------------------------------------------------------------------

@test "refusals: nothing can be created, removed, renamed or linked" {
	start_stub
	stub_bucket bkt
	mount_fs
	enter "$MNT"
	ls >/dev/null
	local no='Operation not permitted'
	refused "$no" touch new-file bkt/new-file
	refused "$no" mkdir new-bucket
	refused "$no" mkdir bkt/new
	refused "$no" mkfifo bkt/fifo
	refused "$no" ln -s x bkt/link
	refused "$no" ln bkt/refresh bkt/link
	refused "$no" rm -f bkt/stats_quick.json
	refused "$no" rm -f bkt/refresh
	refused "$no" rmdir bkt
	refused "$no" mv bkt other
	refused "$no" mv bkt/refresh bkt/stats_quick.json
	refused "$no" sh -c 'echo >bkt/new'
	refused "$no" install /dev/null bkt/nocache
	assert_equal "$(requests LIST)/$(requests GET)/$(requests PUT)" 0/0/0
	assert_equal "$(ls bkt | wc -l)" 9
}

@test "refusals: mode and owner are fixed" {
	start_stub
	stub_bucket bkt
	mount_fs
	local file
	for file in "$MNT" "$MNT/bkt" "$MNT/bkt/stats_quick.json" "$MNT/bkt/refresh"; do
		refused 'Operation not permitted' chmod 700 "$file"
		refused 'Operation not permitted' chown nobody "$file"
	done
	refused 'Operation not permitted' touch -d 2020-01-01 "$MNT/bkt"
	refused 'Permission denied' touch "$MNT/bkt/stats_quick.json"
}

@test "refusals: a document can't be opened for writing, by root neither" {
	start_stub
	stub_bucket bkt
	mount_fs
	local file=$MNT/bkt/stats_detailed.json how
	for how in '>' '>>' '<>'; do
		refused 'Permission denied' bash -c "echo 1 $how $file"
	done
	refused 'Permission denied' truncate -s 0 "$file"
	refused 'Permission denied' dd if=/dev/zero of="$file" count=1
	refused 'Permission denied' cp /dev/null "$file"
	local flag
	for flag in O_RDONLY O_WRONLY O_RDWR; do
		refused 'Permission denied' open_with "$file" "$flag" O_TRUNC
		refused 'Permission denied' open_with "$file" "$flag" O_TRUNC O_CREAT
	done
	refused 'Permission denied' open_with "$file" O_WRONLY O_APPEND
	refused 'Permission denied' open_with "$file" O_WRONLY O_CREAT
	refused 'File exists' open_with "$file" O_RDONLY O_CREAT O_EXCL
	refused 'Permission denied' fallocate -l 2000 "$file"
	refused 'Operation not supported' open_with "$MNT/bkt" O_RDWR O_TMPFILE
	assert_equal "$(requests LIST)/$(requests GET)/$(requests PUT)" 0/0/0
	open_with "$file" O_RDONLY O_CREAT
	open_with "$file" O_RDONLY O_APPEND
	assert_equal "$(requests LIST)" 2
}

open_with() {
	python3 -c 'import functools, operator, os, sys
flags = [getattr(os, name) for name in sys.argv[2:]]
os.open(sys.argv[1], functools.reduce(operator.or_, flags))' "$@"
}

@test "refusals: editors that write a new file beside it fail and change nothing" {
	start_stub
	stub_bucket bkt
	mount_fs
	enter "$MNT/bkt"
	refused 'Operation not permitted' sed -i s/0/1/ stats_quick.json
	refused 'Operation not permitted' sed -i s/0/1/ nocache
	assert_equal "$(ls | wc -l)" 9
	assert_equal "$(<nocache)" 0
}

@test "refusals: no extended attributes are listed, set or removed" {
	start_stub
	stub_bucket bkt
	mount_fs
	run -0 python3 - "$MNT/bkt" "$MNT/bkt/stats_quick.json" "$MNT/bkt/refresh" <<-'END'
		import errno, os, sys
		def code(call, *arguments):
		    try:
		        call(*arguments)
		    except OSError as e:
		        return errno.errorcode[e.errno]
		for path in sys.argv[1:]:
		    print(os.listxattr(path), code(os.getxattr, path, "user.a"),
		          code(os.setxattr, path, "user.a", b"1"),
		          code(os.removexattr, path, "user.a"))
	END
	assert_equal "$(sort -u <<<"$output")" '[] ENODATA EPERM EPERM'
}

# --- users -----------------------------------------------------------------------------------

@test "users: without allow_other nobody else gets in" {
	start_stub
	stub_bucket bkt
	mount_fs
	refused 'Permission denied' as_nobody ls mnt
	refused 'Permission denied' as_nobody cat mnt/bkt/stats_quick.json
}

# mount(8) as root, since allow_other is not for everybody.
@test "users: with allow_other others read, and write nothing" {
	start_stub
	stub_bucket bkt
	mkdir "$MNT"
	as_root env AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_CONFIG_FILE=/dev/null \
		"$DGSTATFS" -o allow_other,log_file="$LOG" "$ENDPOINT" "$MNT"
	at_end end_mount_of_root
	assert_equal "$(as_nobody ls mnt)" bkt
	as_nobody cat mnt/bkt/stats_quick.json | jq -e '.stats.object_count == 1'
	assert_equal "$(as_nobody cat mnt/bkt/nocache)" 0
	refused 'Permission denied' as_nobody sh -c 'echo 1 >mnt/bkt/nocache'
	refused 'Permission denied' as_nobody sh -c 'echo >mnt/bkt/refresh'
	refused 'Permission denied' as_nobody sh -c 'echo >mnt/bkt/stats_quick.json'
	refused 'Permission denied' as_nobody touch mnt/bkt/refresh
	assert_equal "$(as_nobody cat mnt/bkt/refresh)" ''
	assert_equal "$(as_nobody cat mnt/bkt/nocache)" 0
}

end_mount_of_root() {
	as_root umount "$MNT"
	as_root chmod a+r "$LOG"
	assert_no_reports "$LOG"
}

@test "users: uid, gid and umask say whose the files are" {
	start_stub
	stub_bucket bkt
	mount_fs -o uid=1234,gid=nogroup,umask=027
	assert_equal "$(stat -c '%a %u %G' "$MNT/bkt")" '750 1234 nogroup'
	assert_equal "$(stat -c '%a %u %G' "$MNT/bkt/stats_quick.json")" '440 1234 nogroup'
	assert_equal "$(stat -c '%a %u %G' "$MNT/bkt/refresh")" '640 1234 nogroup'
	unmount_fs
	mount_fs --umask=077 --uid=nobody
	assert_equal "$(stat -c '%a %U' "$MNT")" '700 nobody'
	assert_equal "$(stat -c '%a %g' "$MNT/bkt/nocache")" "600 $(id -g)"
}

@test "users: a mount that is read-only takes no commands" {
	start_stub
	stub_bucket bkt
	mount_fs -o ro
	jq -e . "$MNT/bkt/stats_quick.json" >/dev/null
	refused 'Read-only file system' sh -c "echo 1 >$MNT/bkt/nocache"
	refused 'Read-only file system' open_with "$MNT/bkt/nocache" O_RDONLY O_TRUNC
	refused 'Read-only file system' touch "$MNT/bkt/refresh"
	refused 'Read-only file system' mkdir "$MNT/bkt/new"
}
