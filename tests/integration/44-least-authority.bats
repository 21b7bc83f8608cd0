#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What the program lets others see and do, and what it does itself with the rights it
# has: secrets in memory, in its environment and that of its children, who gets the
# credentials, what a name may bring with it, and the files of other users.  The rights
# that the store must give are those of contrib/.

load lib
load mounts
load users

readonly SECRET=vErYsEcReTkEy0123456789aBcDeFgHiJkLmNoPqR
readonly OTHER_SECRET=aNoThErSeCrEtKeY9876543210zYxWvUtSrQpOnMl
# longer than what is formatted in one piece
TOKEN=$(printf 'vErY-%d-' {1000..1099})
readonly TOKEN

quick() {
	jq .stats.object_count "$MNT/bkt/stats_quick.json"
}

# --- memory ------------------------------------------------------------------------------

# How often each word is in the memory of the program.  Words are the ends of
# secrets: memory that is freed loses its first bytes in any case.
in_memory() {
	as_root "$HERE/process.py" count "$FS_PID" "$@"
}

@test "memory: the keys of the environment are there once, and no longer in it" {
	start_stub
	stub_bucket bkt
	export AWS_ACCESS_KEY_ID=some-key AWS_SECRET_ACCESS_KEY=$SECRET
	export AWS_SESSION_TOKEN=$TOKEN
	mount_fs
	assert_equal "$(quick)" 1
	assert_equal "$(quick)" 1
	# a request, of the document that is stored, may still be under way
	has_copies() {
		[[ $(in_memory "${SECRET:16}" "${TOKEN:500:30}" "${TOKEN: -30}") == "$*" ]]
	}
	if [[ $SANITIZER == none ]]; then
		wait_until has_copies 1 1 1
	else # a sanitizer keeps the environment, and its shadow stacks what they held
		assert_equal "$(in_memory "${SECRET:16}")" 2
	fi
	as_root tr '\0' '\n' <"/proc/$FS_PID/environ" >"$BATS_TEST_TMPDIR/environ"
	grep -Fx AWS_CONFIG_FILE=/dev/null "$BATS_TEST_TMPDIR/environ"
	run ! grep -F -e "$SECRET" -e "$TOKEN" -e some-key "$BATS_TEST_TMPDIR/environ"
}

@test "memory: keys from a file are there once, and wiped when others replace them" {
	start_stub
	stub_bucket bkt
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	export AWS_SHARED_CREDENTIALS_FILE=$BATS_TEST_TMPDIR/keys
	keys() {
		printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$@"
	}
	keys first "$SECRET" >"$AWS_SHARED_CREDENTIALS_FILE"
	mount_fs
	assert_equal "$(quick)" 1
	assert_equal "$(in_memory "${SECRET:16}" "${OTHER_SECRET:16}")" '1 0'
	keys second "$OTHER_SECRET" >"$AWS_SHARED_CREDENTIALS_FILE"
	has_used_second() {
		quick >/dev/null
		stub_ctl GET log | grep -q Credential=second/
	}
	wait_until has_used_second
	assert_equal "$(in_memory "${SECRET:16}" "${OTHER_SECRET:16}")" '0 1'
	: >"$AWS_SHARED_CREDENTIALS_FILE"
	has_no_keys() {
		! quick 2>/dev/null
	}
	wait_until has_no_keys
	assert_equal "$(in_memory "${SECRET:16}" "${OTHER_SECRET:16}")" '0 0'
}

# What a sanitizer keeps, see above, is of every call.
@test "memory: the keys that sign are derived anew, and gone once a request is signed" {
	local date words

	[[ $SANITIZER == none ]] || return 0
	start_stub
	stub_bucket bkt
	export AWS_ACCESS_KEY_ID=some-key AWS_SECRET_ACCESS_KEY=$SECRET
	mount_fs
	assert_equal "$(quick)" 1
	assert_equal "$(quick)" 1
	wait_until all_are_answered
	# it finds what is there
	assert_equal "$(in_memory "hex:$(printf %s "${SECRET:16}" | xxd -p)")" 1
	for date in $(stub_ctl GET log | jq -r '.[].headers["x-amz-date"][:8]' | sort -u); do
		[[ $date =~ ^20[0-9]{6}$ ]] || fail "the date $date"
		read -rd '' -a words < <("$HERE/process.py" derived "$SECRET" "$date" us-east-1) || true
		assert_equal "${#words[@]} $(in_memory "${words[@]}")" "32$(printf ' 0%.0s' {1..32})"
	done
}

all_are_answered() {
	stub_ctl GET log | jq -e 'length >= 5 and all(.[]; .status)' >/dev/null
}

# The one who traces is the parent, so no rule of Yama is in the way: what is tried with
# sleep(1) succeeds.
@test "memory: the same user can't trace it or read its /proc, from the start" {
	start_stub
	run -0 as_user '/mnt/process.py attach sh -c "echo >&2; exec sleep 9"'
	[[ $output == 'attach: done'$'\n''environ: done'* ]] || fail "$output"
	# -d tells of the mount; a directory that is not there ends it before that
	run -0 as_user '/mnt/process.py attach "$1" -d "$2" "$3"'
	assert_equal "$output" 'attach: Operation not permitted
environ: Permission denied
mem: Permission denied
maps: Permission denied
fd/0: Permission denied
owner: 0'
}

# --- children ----------------------------------------------------------------------------

@test "children: fusermount3 gets no variable, and no secret on its command line" {
	start_stub
	stub_bucket bkt
	cat >"$BATS_TEST_TMPDIR/spy" <<-'END'
		#!/bin/bash
		{ printf '%s ' "$0" "$@"; echo; tr '\0' '\n' <"/proc/$$/environ"; } >>/mnt/tmp/seen
		exec /mnt/fusermount3 "$@"
	END
	export AWS_SECRET_ACCESS_KEY=$SECRET AWS_SESSION_TOKEN=$TOKEN
	export http_proxy=http://user:$OTHER_SECRET@127.0.0.1:1 no_proxy=127.0.0.1
	FUSERMOUNT=$BATS_TEST_TMPDIR/spy run -0 as_user '
		"$1" -f "$2" "$3" & pid=$!
		until grep -q " $3 fuse.dgstatfs " /proc/self/mounts; do sleep 0.02; done
		jq .stats.object_count "$3/bkt/stats_quick.json"
		kill $pid; wait $pid
		cat /mnt/tmp/seen'
	# it mounts, and unmounts
	[[ $output == *$'1\n'*fusermount3*$'\n'_FUSE_COMMFD=*'fusermount3'*-u* ]] ||
		fail "$output"
	! grep -E '^[A-Za-z_]+=' <<<"$output" | grep -v '^_FUSE_COMMFD=[0-9]*$' ||
		fail "a variable"
	run ! grep -F -e "$SECRET" -e "$TOKEN" -e "$OTHER_SECRET" <<<"$output"
}

# --- who gets credentials ------------------------------------------------------------------

# Something that answers HTTPS with redirections to $1 and tells on standard output what
# it was asked, in the file `redirector.log`.
start_redirector() {
	make_certificate
	start_server "$HERE/../stub/tls-redirect" "$BATS_TEST_TMPDIR/server.pem" "$1"
}

make_certificate() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test \
		-addext subjectAltName=IP:127.0.0.1 -keyout "$BATS_TEST_TMPDIR/server.pem" \
		-out "$BATS_TEST_TMPDIR/ca.pem" 2>/dev/null
	cat "$BATS_TEST_TMPDIR/ca.pem" >>"$BATS_TEST_TMPDIR/server.pem"
}

@test "redirections: nobody else gets a request, whatever the status" {
	start_stub
	stub_bucket bkt
	local other=$ENDPOINT code
	forget_requests
	start_stub
	stub_bucket bkt
	mount_fs -o retries=1
	ls "$MNT" >/dev/null
	for code in 301 302 303 307 308; do
		stub_ctl DELETE faults
		fault '{"status": '$code', "headers": {"Location": "'"$other/bkt"'"}}'
		refused 'Input/output error' cat "$MNT/bkt/stats_quick.json"
		refused 'Input/output error' ls "$MNT/bucket-$code"
	done
	(($(requests LIST) >= 5 && $(requests BUCKET) >= 5))
	MNT=$BATS_TEST_TMPDIR/b mount_fs -o retries=1
	refused 'Input/output error' ls "$BATS_TEST_TMPDIR/b"
	ENDPOINT=$other
	assert_equal "$(requests)" 0
}

@test "redirections: from https to http neither" {
	start_stub
	stub_bucket bkt
	local plain=$ENDPOINT
	forget_requests
	start_redirector "$plain"
	mount_fs -o ca_bundle="$BATS_TEST_TMPDIR/ca.pem",bucket=bkt,retries=1
	refused 'Input/output error' cat "$MNT/bkt/stats_quick.json"
	grep -q 'GET /bkt' "$BATS_TEST_TMPDIR/tls-redirect.log"
	ENDPOINT=$plain
	assert_equal "$(requests)" 0
}

@test "TLS 1.1 is refused, also where OpenSSL would take it: EPROTO" {
	make_certificate
	cat >"$BATS_TEST_TMPDIR/openssl.cnf" <<-'END'
		openssl_conf = a
		[a]
		ssl_conf = b
		[b]
		system_default = c
		[c]
		MinProtocol = TLSv1
		CipherString = ALL:@SECLEVEL=0
	END
	export OPENSSL_CONF=$BATS_TEST_TMPDIR/openssl.cnf
	local version said
	for version in tls1_1 tls1_2; do
		said=$BATS_TEST_TMPDIR/$version.log
		in_background openssl s_server -www "-$version" -accept 127.0.0.1:0 \
			-cert "$BATS_TEST_TMPDIR/server.pem" -cipher 'ALL:@SECLEVEL=0' \
			>"$said" 2>&1
		at_end end_process $!
		wait_until grep -q '^ACCEPT 127' "$said"
		ENDPOINT=https://$(sed -n 's/^ACCEPT //p' "$said") MNT=$BATS_TEST_TMPDIR/$version mount_fs \
			-o ca_bundle="$BATS_TEST_TMPDIR/ca.pem",bucket=bkt,retries=0
	done
	refused 'Protocol error' cat "$BATS_TEST_TMPDIR/tls1_1/bkt/stats_quick.json"
	# the same server is talked to with TLS 1.2, though what it says is no listing
	refused 'Input/output error' cat "$BATS_TEST_TMPDIR/tls1_2/bkt/stats_quick.json"
}

@test "a proxy's password is in no log" {
	start_stub
	local proxy=http://user:$SECRET@${ENDPOINT#http://}
	mount_with_proxy() {
		ENDPOINT=http://store.test no_proxy='' http_proxy=$1 \
			mount_fs -o log_level=debug,bucket=bkt,retries=1
	}
	fault '{"status": 407, "times": 3}' '{"drop": "before"}'
	mount_with_proxy "$proxy"
	run ! cat "$MNT/bkt/stats_quick.json"
	run ! cat "$MNT/bkt/stats_quick.json"
	# it was asked indeed, and got the password
	stub_ctl GET log | grep -F "$(printf 'user:%s' "$SECRET" | base64 -w 0)"
	unmount_fs
	mount_with_proxy "http://user:$SECRET@127.0.0.1:1"
	refused 'Connection refused' cat "$MNT/bkt/stats_quick.json"
	unmount_fs
	mount_with_proxy "http://user:$SECRET@proxy.invalid"
	refused 'No route to host' cat "$MNT/bkt/stats_quick.json"
	unmount_fs
	mount_with_proxy "nonsense://user:$SECRET@"
	run ! cat "$MNT/bkt/stats_quick.json"
	wait_until is_logged 1 'error: bucket=bkt'
	run ! grep -F -e "$SECRET" -e "$(printf 'user:%s' "$SECRET" | base64 -w 0)" "$LOG"
}

# --- names ---------------------------------------------------------------------------------

# It must be said on the terminal, and nothing be mounted.
assert_refused() {
	local message=$1

	shift
	run -1 "$DGSTATFS" -f "$@" "$MNT"
	[[ $output == dgstatfs:*"$message"* ]] || fail "$*: not '$message': $output"
}

ODD_BYTES=($'\r\nX: y' $'\n' $'\r' ' ' $'\t' $'\x01' $'\x7f' '%0d%0a' '/../x' '?x' '#x' '@x' '\x')
readonly ODD_BYTES

@test "names: an endpoint can't bring a header, a path or a host with it" {
	mkdir "$MNT"
	local odd
	for odd in "${ODD_BYTES[@]}" ':80@evil.test' '/a b' '/%0d' '/%' "/'" '/"'; do
		case $odd in
		/../x | '/%0d') continue ;; # a path, see below
		esac
		assert_refused 'endpoint URL' -o endpoint_url="http://127.0.0.1:1$odd"
		assert_refused 'endpoint URL' "http://127.0.0.1:1$odd"
		AWS_ENDPOINT_URL=http://127.0.0.1:1$odd assert_refused AWS_ENDPOINT_URL
		assert_refused 'endpoint URL' -o "endpoint_url=http://host.test$odd"
	done
	assert_refused 'endpoint URL' -o endpoint_url="http://$(printf 'a%.0s' {1..300}).test"
}

# An escape in its path goes out as it came in: it is no byte of a request's head.
@test "names: the path of an endpoint is sent as it is" {
	start_stub
	local stub=$ENDPOINT
	ENDPOINT="$stub/a%0d%0aX-Odd%20y/../b" mount_fs -o bucket=bkt,retries=0
	run ! cat "$MNT/bkt/stats_quick.json"
	ENDPOINT=$stub
	assert_equal "$(stub_ctl GET log | jq -r '[.[].path] | unique | .[]' | head -n 1)" \
		'/a%0d%0aX-Odd%20y/../b/bkt'
	assert_equal "$(stub_ctl GET log | jq '[.[].headers | keys[] | select(test("odd"; "i"))] | length')" 0
}

@test "names: a bucket can't bring a header or a path with it" {
	start_stub
	local stub=$ENDPOINT odd
	mkdir "$MNT"
	for odd in "${ODD_BYTES[@]}" /x; do
		assert_refused bucket -o "bucket=bkt${odd//\\/\\\\}" "$stub"
		assert_refused '' "s3://bkt$odd"
	done
	assert_refused bucket -o bucket=... "$stub"
	assert_refused bucket -o bucket=../x "$stub"
	mount_fs
	for odd in "${ODD_BYTES[@]}"; do
		[[ $odd != */* ]] || continue
		refused 'No such file' ls "$MNT/bkt$odd"
		refused 'Operation not permitted' mkdir "$MNT/bkt$odd"
	done
	refused 'No such file' ls "$MNT/..."
	refused 'No such file' ls "$MNT/$(printf 'a%.0s' {1..255})b"
	assert_equal "$(requests)" 0
}

@test "names: a store that lists odd buckets shows none of them" {
	start_stub
	stub_bucket bkt
	fault '{"path": "^/$", "sub": ["</Buckets>", "<Bucket><Name>../etc</Name></Bucket><Bucket><Name>a&#13;&#10;b</Name></Bucket><Bucket><Name>a/b</Name></Bucket><Bucket><Name>..</Name></Bucket><Bucket><Name>a b?</Name></Bucket></Buckets>"]}'
	mount_fs
	assert_equal "$(find "$MNT" -mindepth 1 -maxdepth 1 ! -name ".*" -printf '%f\n')" bkt
}

@test "values: a region with other bytes is refused, from wherever it comes" {
	mkdir "$MNT"
	export ENDPOINT=http://127.0.0.1:1 AWS_CONFIG_FILE=$BATS_TEST_TMPDIR/config
	: >"$AWS_CONFIG_FILE"
	local odd
	for odd in "${ODD_BYTES[@]}" /x; do
		assert_refused 'name of a region' -o "region=eu${odd//\\/\\\\}" "$ENDPOINT"
		AWS_REGION=eu$odd assert_refused 'name of a region' "$ENDPOINT"
		case $odd in
		*$'\n'* | $'\r' | ' ' | $'\t') continue ;; # an end of the line, to an INI file
		esac
		printf '[default]\nregion = eu%s\n' "$odd" >"$AWS_CONFIG_FILE"
		assert_refused 'name of a region' "$ENDPOINT"
	done
}

@test "values: keys and tokens with other bytes send nothing, and are not shown" {
	start_stub
	stub_bucket bkt
	local odd name good=$SECRET
	for odd in $'\r\nX: y' $'\n' ' x' $'\x01' $'\x7f' $'\xc3\xa9'; do
		for name in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN; do
			export AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_SESSION_TOKEN=c
			export "$name=$good$odd"
			mount_fs -o bucket=bkt
			refused 'Permission denied' cat "$MNT/bkt/stats_quick.json"
			unmount_fs
		done
	done
	assert_equal "$(requests)" 0
	# at the start, and of each read
	(($(grep -c 'warning: .*holds a blank, or a byte that is not printable' "$LOG") == 18))
	(($(grep -c 'error: .*holds a blank, or a byte that is not printable' "$LOG") == 18))
	run ! grep -F "$SECRET" "$LOG"
	export AWS_SHARED_CREDENTIALS_FILE=$BATS_TEST_TMPDIR/keys
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
	printf '[default]\naws_access_key_id = a\naws_secret_access_key = b\naws_session_token = c\rX: %s\n' \
		"$SECRET" >"$AWS_SHARED_CREDENTIALS_FILE"
	mount_fs -o bucket=bkt
	refused 'Permission denied' cat "$MNT/bkt/stats_quick.json"
	assert_equal "$(requests)" 0
	run ! grep -F "$SECRET" "$LOG"
}

# --- users ---------------------------------------------------------------------------------

as_other() {
	chmod 755 "$BATS_TEST_TMPDIR"
	(
		cd "$BATS_TEST_TMPDIR" || exit
		as_root setpriv --reuid="$1" --regid="$2" --clear-groups "${@:3}"
	)
}

@test "users: owner, group and others get what uid, gid and umask say, no more" {
	start_stub
	stub_bucket bkt
	mkdir "$MNT"
	as_root env AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_CONFIG_FILE=/dev/null \
		"$DGSTATFS" -o allow_other,uid=4001,gid=4002,umask=027,log_file="$LOG" \
		"$ENDPOINT" "$MNT" 3>&- 4>&-
	at_end end_mount_of_root
	local file=mnt/bkt/stats_quick.json
	# the owner reads and commands
	as_other 4001 4009 cat "$file" >/dev/null
	as_other 4001 4009 sh -c 'echo 1 >mnt/bkt/nocache; echo quick >mnt/bkt/refresh'
	assert_equal "$(as_other 4001 4009 cat mnt/bkt/nocache)" 1
	refused 'Permission denied' as_other 4001 4009 sh -c "echo >$file"
	# the group reads
	as_other 4009 4002 cat "$file" >/dev/null
	assert_equal "$(as_other 4009 4002 cat mnt/bkt/nocache)" 1
	refused 'Permission denied' as_other 4009 4002 sh -c 'echo 0 >mnt/bkt/nocache'
	refused 'Permission denied' as_other 4009 4002 touch mnt/bkt/refresh
	# others do not even look, and cause no request
	forget_requests
	refused 'Permission denied' as_other 4009 4009 ls mnt
	refused 'Permission denied' as_other 4009 4009 cat "$file"
	refused 'Permission denied' as_other 4009 4009 ls mnt/another-bucket
	assert_equal "$(requests)" 0
	assert_equal "$(as_root cat "$MNT/bkt/nocache")" 1
}

end_mount_of_root() {
	as_root umount "$MNT"
	as_root chmod a+r "$LOG"
	assert_no_reports "$LOG"
}

# --- the rights that the store must give -----------------------------------------------------

# A bucket of the other user's colleague, and a mount by him who has these rights of
# contrib/iam-policy.json: mount_with SID...
given_bucket() {
	new_bucket
	s3 <<-END
		put $BUCKET a/reference.bin 100
		put $BUCKET a/x.delta 10 dg-file-size=1000
		put $BUCKET b 5
	END
	export AWS_ACCESS_KEY_ID=otherkey AWS_SECRET_ACCESS_KEY=othersecret
}

mount_with() {
	local policy
	policy=$(jq --arg bucket "$BUCKET" '.Statement |= map(select(IN(.Sid; $ARGS.positional[])) |
		.Resource |= ([.] | flatten | map(sub("BUCKET"; $bucket))))' "$HERE/../../contrib/iam-policy.json" \
		--args "$@")
	(($(jq '.Statement | length' <<<"$policy") == $#)) || fail "no such rights: $*"
	s3 grant other "$BUCKET" "$policy"
	at_end s3 revoke other "$BUCKET"
	start_proxy
	mount_fs -o "${MOUNT_OPTIONS:-log_level=warn}"
}

has_document() {
	s3 ls "$BUCKET" .deltaglider/ | grep -q "$1"
}

@test "rights: the memo has a statement of its own" {
	given_bucket
	MOUNT_OPTIONS=memo=bucket mount_with Figures ExactFigures Memo
	jq .stats.total_size "$MNT/$BUCKET/stats_detailed.json"
	wait_until has_document originals_index
	run ! has_document stats_
	! complaints | grep memo
}

@test "rights: without any, EACCES" {
	given_bucket
	mount_fs
	refused 'Permission denied' cat "$MNT/$BUCKET/stats_quick.json"
}

@test "rights: with the policy of contrib/, all that there is" {
	given_bucket
	mount_with Figures ExactFigures Cache NamesInTheRoot
	ls "$MNT" >/dev/null
	local mode
	for mode in quick sampled detailed; do
		assert_equal "$(field $mode .stats.object_count)" 2
		has_document "$mode"
	done
	assert_equal "$(field detailed .stats.total_size)" 1005
	jq . "$MNT/$BUCKET/prefixes.json" >/dev/null
	has_document prefixes
	echo all >"$MNT/$BUCKET/refresh"
	assert_equal "$(field detailed .stats.total_size)" 1005
	assert_equal "$(<"$LOG")" ''
	assert_equal "$(s3 ls "$BUCKET" .deltaglider/ | wc -l)" 4
	run -1 "${DGSTATFS%fs}" --endpoint-url="$S3_ENDPOINT" --cache-clear "$BUCKET"
	[[ $output == *'stats_quick.json: '*403* && $output != *deleted* ]]
	assert_equal "$(s3 ls "$BUCKET" .deltaglider/ | wc -l)" 4
	# what it may not do it does not try
	refused 'AccessDenied' env S3_KEY=otherkey S3_SECRET=othersecret \
		"$HERE/s3.py" put "$BUCKET" b 1
}

@test "rights: to clear the cache is one of its own" {
	given_bucket
	mount_with Figures ExactFigures Cache ClearCache
	assert_equal "$(field quick .stats.object_count)" 2
	run -0 "${DGSTATFS%fs}" --endpoint-url="$S3_ENDPOINT" --cache-clear "$BUCKET"
	assert_equal "$output" "deleted s3://$BUCKET/.deltaglider/stats_quick.json"
	refused 'AccessDenied' env S3_KEY=otherkey S3_SECRET=othersecret \
		"$HERE/s3.py" rm "$BUCKET" b
}

@test "rights: with LIST alone figures come without a cache, and one warning" {
	given_bucket
	mount_with Figures
	for _ in {1..3}; do
		assert_equal "$(field quick .stats.object_count)" 2
	done
	assert_equal "$(s3 ls "$BUCKET" .deltaglider/)" ''
	assert_logged 1 "warn: .*$BUCKET"
	assert_logged 1 .
	# exact figures need more than that
	refused 'Permission denied' cat "$MNT/$BUCKET/stats_detailed.json"
	refused 'Permission denied' cat "$MNT/$BUCKET/stats_sampled.json"
	wait_until is_logged 1 'mode=detailed: HEAD .*403'
}

@test "rights: without PutObject all figures come, and nothing is stored" {
	given_bucket
	mount_with Figures ExactFigures
	assert_equal "$(field detailed .stats.total_size)" 1005
	assert_equal "$(field quick .stats.object_count)" 2
	assert_equal "$(s3 ls "$BUCKET" .deltaglider/)" ''
	assert_logged 2 'warn: '
	assert_logged 2 .
}
