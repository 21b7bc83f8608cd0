#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# From the command line to the mount: options, what is wrong with them, how the
# program goes to the background, where credentials come from, and that they stay
# secret.

# shellcheck disable=SC2011 # what ls prints is what is tested
load lib
load mounts

readonly OPTIONS='allow_other bucket bucket_ttl ca_bundle cache client_cert client_key connect_timeout
	connections deadline detailed df endpoint_url expected_bucket_owner force_path_style gid
	ignore_configured_endpoint_urls interval interval_modes
	linger log_file log_level max_age max_wait memo no_sign_request nonblock
	prefix_depth prefix_nodes price_head price_list profile region request_timeout requester_pays
	retries sse sse_kms_key_id timeout ttl uid umask
	us_east_1_regional_endpoint use_dualstack_endpoint use_fips_endpoint'

readonly SECRET=vErYsEcReTkEy0123456789 TOKEN=vErYsEcReTtOkEn0123456789

# It must fail before anything is mounted, and say MESSAGE on standard error.
assert_refused() {
	local message=$1

	shift
	run -1 --separate-stderr "$DGSTATFS" "$@"
	[[ -z $output ]] || fail "on standard output: $output"
	# shellcheck disable=SC2154 # set by run
	[[ $stderr == 'dgstatfs: '*"$message"* ]] || fail "$*: not '$message': $stderr"
	! is_mounted "$MNT" || fail "mounted: $*"
}

# Nothing is wrong with it until it comes to the mount point.
assert_accepted() {
	local said

	said=$("$DGSTATFS" "$@" /nowhere 2>&1) || true
	[[ $said == *'mount point /nowhere'* ]] || fail "$*: $said"
}

# The programs behind $MNT; their command lines name it.
programs() {
	pgrep -f -- "dgstatfs.* $MNT( |\$)"
}

has_ended() {
	! programs >/dev/null
}

# In the background, as a user would start it.
start_in_background() {
	mkdir -p "$MNT"
	at_end forget_background
	"$DGSTATFS" -o log_file="$LOG" "$ENDPOINT" "$MNT" 3>&- 4>&-
}

forget_background() {
	if is_mounted "$MNT"; then
		fusermount3 -uz "$MNT"
	fi
	wait_until has_ended
	assert_no_reports "$LOG"
}

forget_credentials() {
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE
	unset AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE
	export HOME=$BATS_TEST_TMPDIR/home
	mkdir -p "$HOME/.aws"
}

can_read() {
	cat "$MNT/$BUCKET/stats_quick.json" >/dev/null 2>&1
}

# --- the command line ------------------------------------------------------------------

@test "--help lists every option there is, no more, and exits with 0" {
	local listed
	run -0 --separate-stderr "$DGSTATFS" --help
	assert_equal "$stderr" ''
	assert_equal "$("$DGSTATFS" -h)" "$output"
	listed=$(sed -n 's/^ *-o \([a-z_0-9]*\)[= ].*/\1/p' <<<"$output" | sort | xargs)
	assert_equal "$listed" "$(xargs <<<"$OPTIONS")"
	[[ $output == *'[SOURCE] MOUNTPOINT'*AWS_ACCESS_KEY_ID* ]]
	run ! grep -E '^.{81}' <<<"$output"
}

@test "--version tells the version and exits with 0" {
	run -0 --separate-stderr "$DGSTATFS" --version
	[[ $output =~ ^dgstatfs\ [0-9]+\.[0-9]+ ]]
	assert_equal "$("$DGSTATFS" -V)" "$output"
}

@test "every option is taken as --name=value, -o name=value, with - for _" {
	local option sample dashed
	declare -A value=(
		[bucket]=abc [ca_bundle]="$BATS_TEST_TMPDIR/ca.pem" [cache]=ro [client_cert]="$BATS_TEST_TMPDIR/ca.pem" [connections]=1 [retries]=0
		[endpoint_url]=http://127.0.0.1:1 [gid]=0 [uid]=0 [umask]=022
		[log_file]="$BATS_TEST_TMPDIR/a.log" [log_level]=info [region]=eu
		[profile]=default [allow_other]=true [force_path_style]=true
		[memo]=memory [no_sign_request]=true [nonblock]=eagain [sse]=AES256
		[ignore_configured_endpoint_urls]=true [us_east_1_regional_endpoint]=regional
		[use_dualstack_endpoint]=true [use_fips_endpoint]=false
		[detailed]=on_refresh [df]=bucket [expected_bucket_owner]=123456789012 [requester_pays]=true [interval_modes]=quick
		[prefix_depth]=3 [prefix_nodes]=1 [price_head]=0.0004 [price_list]=0.005
	)
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ca \
		-keyout /dev/null -out "$BATS_TEST_TMPDIR/ca.pem" 2>/dev/null
	for option in $(printf '%s\n' $OPTIONS | grep -vx -e sse_kms_key_id -e client_key); do
		sample=$option=${value[$option]:-1s}
		dashed=${option//_/-}=${sample#*=}
		assert_accepted "--$sample"
		assert_accepted -o "$sample"
		assert_accepted "--$dashed"
		assert_accepted -o "ro,$dashed,nosuid"
	done
	assert_accepted --allow-other -o no_sign_request
	# these not alone
	assert_accepted --client-cert="$BATS_TEST_TMPDIR/ca.pem" -o "client_key=$BATS_TEST_TMPDIR/ca.pem"
	assert_accepted --sse=aws:kms --sse_kms_key_id=k
	assert_accepted --sse=aws:kms --sse-kms-key-id=k
	assert_accepted -o sse=aws:kms,sse_kms_key_id=k
	assert_accepted -o ro,sse-kms-key-id=k,sse=aws:kms,nosuid
}

@test "what is wrong with the command line is said, and nothing is mounted" {
	mkdir "$MNT"
	assert_refused nonsense -o nonsense=1 "$MNT"
	assert_refused nonsense --nonsense "$MNT"
	assert_refused max_wait -o max_wait=soon "$MNT"
	assert_refused nonblock -o nonblock=1 "$MNT"
	assert_refused -x -x "$MNT"
	assert_refused linger -o linger=soon "$MNT"
	assert_refused linger -o linger "$MNT"
	assert_refused connect_timeout --connect-timeout=0 "$MNT"
	assert_refused timeout --timeout=-1 "$MNT"
	assert_refused retries -o retries=many "$MNT"
	assert_refused connections -o connections=0 "$MNT"
	assert_refused prefix_depth -o prefix_depth=101 "$MNT"
	assert_refused prefix_nodes -o prefix_nodes=0 "$MNT"
	assert_refused cache -o cache=maybe "$MNT"
	assert_refused memo -o memo=maybe "$MNT"
	local price
	for price in -1 1e3 1001 0.0000001 .5.5 5,5 '$5' 5USD .; do
		assert_refused 'is not a price like 0.005' "--price-list=$price" "$MNT"
	done
	assert_refused AES256 -o sse=maybe "$MNT"
	assert_refused 'is for sse=aws:kms' -o sse_kms_key_id=k "$MNT"
	assert_refused 'is for sse=aws:kms' -o sse=AES256,sse_kms_key_id=k "$MNT"
	assert_refused log_level -o log_level=loud "$MNT"
	assert_refused umask -o umask=999 "$MNT"
	assert_refused uid -o uid=no-such-user "$MNT"
	assert_refused bucket -o bucket=ab "$MNT"
	assert_refused bucket -o bucket=abc::abd "$MNT"
	assert_refused profile --profile "$MNT"
	assert_refused 'more than' a b "$MNT"
	assert_refused 'mount point'
}

@test "what is wrong with the source is said" {
	mkdir "$MNT"
	assert_refused 'endpoint URL' http:// "$MNT"
	assert_refused 'endpoint URL' https://:80 "$MNT"
	assert_refused 'port is not a port' http://host:port "$MNT"
	assert_refused '99999 is not a port' -f http://host:99999 "$MNT"
	assert_refused 'host name is not' 'http://host name' "$MNT"
	assert_refused 'query' 'http://host/?query' "$MNT"
	assert_refused ftp://host ftp://host "$MNT"
	assert_refused not-a-url -f not-a-url "$MNT"
	assert_refused /some/directory /some/directory "$MNT"
	assert_refused s3://a:b s3://a:b "$MNT"
	assert_refused '"ab"' s3://ab "$MNT"
	assert_refused 'endpoint URL' --endpoint-url=ftp://host "$MNT"
	AWS_ENDPOINT_URL=ftp://host assert_refused 'AWS_ENDPOINT_URL: endpoint URL ftp://host: ' "$MNT"
	AWS_MAX_ATTEMPTS=0 assert_refused AWS_MAX_ATTEMPTS "$MNT"
	AWS_REGION=a/b assert_refused 'AWS_REGION: a/b is not the name of a region' "$MNT"
}

@test "a secret in the source is not repeated to the world" {
	mkdir "$MNT"
	run -1 "$DGSTATFS" "http://user:$SECRET@127.0.0.1:1" "$MNT"
	[[ $output == dgstatfs:* && $output != *"$SECRET"* ]] || fail "$output"
}

@test "what is wrong with the mount point is said" {
	touch "$BATS_TEST_TMPDIR/file"
	assert_refused "$BATS_TEST_TMPDIR/none: No such file" "$BATS_TEST_TMPDIR/none"
	assert_refused "$BATS_TEST_TMPDIR/file: Not a directory" "$BATS_TEST_TMPDIR/file"
	run ! is_mounted "$BATS_TEST_TMPDIR/file"
}

@test "files and profiles that are named and not there are said" {
	mkdir "$MNT"
	assert_refused /none/ca.pem -o ca_bundle=/none/ca.pem "$MNT"
	assert_refused 'ca_bundle /etc: Is a directory' -o ca_bundle=/etc "$MNT"
	assert_refused 'ca_bundle /etc/passwd: no certificates' -o ca_bundle=/etc/passwd "$MNT"
	assert_refused 'ca_bundle /dev/null: no certificates' -o ca_bundle=/dev/null "$MNT"
	AWS_CA_BUNDLE=/none/ca.pem assert_refused 'AWS_CA_BUNDLE: ca_bundle /none/ca.pem: No' "$MNT"
	AWS_CA_BUNDLE=/etc/passwd assert_refused 'AWS_CA_BUNDLE: ca_bundle /etc/passwd: no certificates' "$MNT"
	assert_refused no-such-profile -o profile=no-such-profile "$MNT"
	AWS_PROFILE=no-such-profile assert_refused 'AWS_PROFILE: profile no-such-profile: ' "$MNT"
	AWS_CONFIG_FILE=/none/config assert_refused /none/config "$MNT"
	AWS_SHARED_CREDENTIALS_FILE=/none/credentials assert_refused /none/credentials "$MNT"
	assert_refused /none/log -o log_file=/none/log http://127.0.0.1:1 "$MNT"
	assert_refused /none/log -f -o log_file=/none/log http://127.0.0.1:1 "$MNT"
}

# --- the background -------------------------------------------------------------------------

@test "without -f: the command returns when the mount can be used, and leaves nothing open" {
	start_stub
	stub_bucket bkt
	mkdir "$BATS_TEST_TMPDIR/cwd"
	local said
	# a pipe that the program kept open would never end
	said=$(cd "$BATS_TEST_TMPDIR/cwd" && start_in_background 2>&1)
	at_end forget_background
	assert_equal "$said" ''
	is_mounted "$MNT"
	assert_equal "$(jq .stats.object_count "$MNT/bkt/stats_quick.json")" 1
	local pid
	pid=$(programs)
	assert_equal "$(readlink "/proc/$pid/cwd")" /
	[[ $(readlink "/proc/$pid/fd/"{0,1,2} | sort -u) == /dev/null ]]
	assert_equal "$(ps -o tty= -p "$pid" | xargs)" '?'
	fusermount3 -u "$MNT"
	wait_until has_ended
}

@test "a mount point and a log file are found by relative names, too" {
	start_stub
	mkdir "$MNT"
	fault '{"class": "LIST", "status": 500, "code": "InternalError"}'
	stub_bucket bkt
	at_end forget_background
	(
		cd "$BATS_TEST_TMPDIR"
		"$DGSTATFS" -o log_file=log,retries=0 "$ENDPOINT" ./mnt 3>&- 4>&-
	)
	is_mounted "$MNT"
	refused 'Input/output error' cat "$MNT/bkt/stats_quick.json"
	assert_logged 1 'bucket=bkt.*InternalError'
	fusermount3 -u "$MNT"
	relative_has_ended() { ! pgrep -f -- "$DGSTATFS.*$ENDPOINT" >/dev/null; }
	wait_until relative_has_ended
}

@test "log_file is appended to, and one line tells what failed" {
	start_stub
	stub_bucket bkt
	fault '{"class": "LIST", "status": 403, "code": "AccessDenied"}'
	echo 'what was there before' >"$LOG"
	start_in_background
	refused 'Permission denied' cat "$MNT/bkt/stats_quick.json"
	assert_logged 1 'bucket=bkt.*403.*AccessDenied'
	assert_equal "$(head -n 1 "$LOG")" 'what was there before'
	assert_logged 2 .
}

@test "SIGTERM to a program in the background unmounts and ends it" {
	start_stub
	start_in_background
	kill -TERM "$(programs)"
	wait_until has_ended
	run ! is_mounted "$MNT"
}

# mount(8) passes no PATH on: there the program must be where every shell looks for it.
@test "mount -t fuse.dgstatfs SOURCE MOUNTPOINT -o OPTIONS, as from fstab" {
	start_stub
	stub_bucket aaa
	stub_bucket bbb
	mkdir "$MNT" "$BATS_TEST_TMPDIR/bin"
	ln -s "$DGSTATFS" "$BATS_TEST_TMPDIR/bin/dgstatfs"
	at_end forget_background
	# shellcheck disable=SC2016 # expanded by that shell
	run -0 as_root env AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b \
		AWS_CONFIG_FILE=/dev/null "$OWN_MOUNTS" bash -euc '
		mount --bind "$1" /usr/local/bin
		trap "umount $3" EXIT
		mount -t fuse.dgstatfs "$2" "$3" -o "$4" 3>&- 4>&-
		ls "$3"
		jq .stats.object_count "$3/aaa/stats_quick.json"
		findmnt -n -o FSTYPE,SOURCE "$3"' bash \
		"$BATS_TEST_TMPDIR/bin" "$ENDPOINT" "$MNT" \
		"_netdev,nofail,x-systemd.automount,bucket=aaa,log_file=$LOG"
	assert_equal "$(xargs <<<"$output")" "aaa 1 fuse.dgstatfs $ENDPOINT"
}

@test "two mounts of one program do not know of each other" {
	start_stub
	stub_bucket bkt
	mount_fs
	local first=$FS_PID
	MNT=$BATS_TEST_TMPDIR/b LOG=$BATS_TEST_TMPDIR/b.log mount_fs
	echo 1 >"$MNT/bkt/nocache"
	assert_equal "$(<"$BATS_TEST_TMPDIR/b/bkt/nocache")" 0
	unmount_fs "$BATS_TEST_TMPDIR/b"
	assert_equal "$(<"$MNT/bkt/nocache")" 1
	kill -0 "$first"
}

# --- sources and credentials -----------------------------------------------------------------

@test "no request is made at start" {
	start_stub
	stub_bucket bkt
	mount_fs
	stat "$MNT" >/dev/null
	unmount_fs
	assert_equal "$(requests)" 0
}

@test "a store that is down at start heals by itself" {
	start_stub
	stub_bucket bkt
	fault '{"drop": "before"}'
	mount_fs --retries=0
	refused 'Input/output error' cat "$MNT/bkt/stats_quick.json"
	stub_ctl DELETE faults
	assert_equal "$(jq .stats.object_count "$MNT/bkt/stats_quick.json")" 1
}

@test "s3://NAME shows that bucket alone, s3:// all, at AWS_ENDPOINT_URL" {
	start_stub
	local stub=$ENDPOINT
	stub_bucket one
	stub_bucket two
	AWS_ENDPOINT_URL=$stub ENDPOINT=s3://one mount_fs
	assert_equal "$(ls "$MNT")" one
	assert_equal "$(jq .stats.object_count "$MNT/one/stats_quick.json")" 1
	assert_equal "$(findmnt -n -o SOURCE "$MNT")" s3://one
	unmount_fs
	AWS_ENDPOINT_URL=http://127.0.0.1:1 AWS_ENDPOINT_URL_S3=$stub ENDPOINT=s3:// mount_fs
	assert_equal "$(ls "$MNT" | xargs)" 'one two'
	unmount_fs
	AWS_ENDPOINT_URL=http://127.0.0.1:1 ENDPOINT=$stub mount_fs
	assert_equal "$(ls "$MNT" | xargs)" 'one two'
}

@test "SOURCE may be left out" {
	start_stub
	stub_bucket one
	mkdir "$MNT"
	AWS_ENDPOINT_URL=$ENDPOINT "$DGSTATFS" -o log_file="$LOG" "$MNT" 3>&- 4>&-
	at_end forget_background
	assert_equal "$(ls "$MNT")" one
}

@test "credentials from the shared files, by profile" {
	new_bucket
	forget_credentials
	cat >"$HOME/.aws/credentials" <<-'END'
		[default]
		aws_access_key_id = nobody
		aws_secret_access_key = wrong
		[tester]
		aws_access_key_id = testkey
		aws_secret_access_key = testsecret
	END
	cat >"$HOME/.aws/config" <<-END
		[default]
		region = us-east-1
		[profile by-config]
		endpoint_url = $ENDPOINT
		aws_access_key_id = testkey
		aws_secret_access_key = testsecret
	END
	mount_fs
	refused 'Permission denied' cat "$MNT/$BUCKET/stats_quick.json"
	unmount_fs
	mount_fs --profile=tester
	can_read
	unmount_fs
	AWS_PROFILE=tester mount_fs
	can_read
	unmount_fs
	ENDPOINT=s3:// mount_fs -o profile=by-config
	can_read
	unmount_fs
	# a profile that is asked for comes before the environment
	AWS_ACCESS_KEY_ID=nobody AWS_SECRET_ACCESS_KEY=wrong mount_fs -o profile=tester
	can_read
	unmount_fs
	AWS_ACCESS_KEY_ID=testkey AWS_SECRET_ACCESS_KEY=testsecret mount_fs
	can_read
	cp "$HOME/.aws/credentials" "$BATS_TEST_TMPDIR/elsewhere"
	rm "$HOME/.aws/credentials"
	unmount_fs
	AWS_SHARED_CREDENTIALS_FILE=$BATS_TEST_TMPDIR/elsewhere AWS_PROFILE=tester mount_fs
	can_read
}

@test "credentials that come later, or change, are used without a new start" {
	new_bucket
	forget_credentials
	mount_fs -o bucket_ttl=100ms
	refused 'Permission denied' cat "$MNT/$BUCKET/stats_quick.json"
	refused 'Permission denied' ls "$MNT"
	wait_until is_logged 1 'no credentials'
	cat >"$HOME/.aws/credentials" <<-'END'
		[default]
		aws_access_key_id = testkey
		aws_secret_access_key = wrong
	END
	refused 'Permission denied' cat "$MNT/$BUCKET/stats_quick.json"
	sed -i s/wrong/testsecret/ "$HOME/.aws/credentials"
	wait_until can_read
	ls "$MNT" >/dev/null
}

@test "that no keys are found is said at the start, with the places; the mount is there" {
	start_stub
	stub_bucket bkt
	local home places
	home=$BATS_TEST_TMPDIR/$(printf 'long%.0s' {1..20})
	places="$home/.aws/credentials and $home/.aws/config;"
	mkdir "$home" "$MNT"
	local run=(env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY
		-u AWS_CONFIG_FILE -u AWS_SHARED_CREDENTIALS_FILE
		HOME="$home" "$DGSTATFS" -o "log_file=$LOG")
	"${run[@]}" "$ENDPOINT" "$MNT" 2>"$BATS_TEST_TMPDIR/said"
	at_end fusermount3 -uz "$MNT"
	grep -F 'dgstatfs: warning: no credentials found: environment, profile default of '"$places" "$BATS_TEST_TMPDIR/said"
	refused 'Permission denied' cat "$MNT/bkt/stats_quick.json"
	fusermount3 -u "$MNT"
	"${run[@]}" -o no_sign_request "$ENDPOINT" "$MNT" 2>"$BATS_TEST_TMPDIR/said"
	run ! grep credentials "$BATS_TEST_TMPDIR/said"
}

@test "an endpoint whose path may be a bucket: said at the start" {
	mkdir "$MNT"
	"$DGSTATFS" -o "log_file=$LOG" http://127.0.0.1:9/releases "$MNT" 2>"$BATS_TEST_TMPDIR/said"
	at_end fusermount3 -uz "$MNT"
	grep -F 'bucket=releases' "$BATS_TEST_TMPDIR/said"
	fusermount3 -u "$MNT"
	"$DGSTATFS" -o "log_file=$LOG" http://127.0.0.1:9/s3/v1/ "$MNT" 2>"$BATS_TEST_TMPDIR/said"
	run ! grep bucket= "$BATS_TEST_TMPDIR/said"
}

@test "no_sign_request: no signature, no credentials" {
	start_stub
	stub_bucket bkt
	forget_credentials
	mount_fs -o no_sign_request
	assert_equal "$(jq .stats.object_count "$MNT/bkt/stats_quick.json")" 1
	assert_equal "$(stub_ctl GET log | jq '[.[].headers | keys[] | ascii_downcase |
		select(. == "authorization")] | length')" 0
}

# --- secrets -----------------------------------------------------------------------------------

assert_no_secrets() {
	local file

	for file; do
		! grep -aHE "$SECRET|$TOKEN|Signature=|AWS4-HMAC|StringToSign" "$file" ||
			return
	done
}

@test "secrets, signatures and tokens are in no log, file or command line" {
	start_stub
	stub_bucket bkt
	export AWS_ACCESS_KEY_ID=some-key AWS_SECRET_ACCESS_KEY=$SECRET
	export AWS_SESSION_TOKEN=$TOKEN
	mount_fs -d -o log_level=debug --retries=1
	local file pid=$FS_PID
	for file in "$MNT"/bkt/*; do
		cat "$file" >"$BATS_TEST_TMPDIR/${file##*/}"
		assert_no_secrets "$BATS_TEST_TMPDIR/${file##*/}"
	done
	# the stub must have got what is looked for
	stub_ctl GET log | grep -q "$TOKEN"
	stub_ctl GET log | grep -q Signature=
	fault '{"class": "LIST", "times": 1, "status": 500, "code": "InternalError"}' \
		'{"class": "LIST", "times": 2, "drop": "body"}' \
		'{"class": "LIST", "status": 403, "code": "ExpiredToken"}'
	refused 'Permission denied' bash -c "cat $MNT/bkt/stats_quick.json ||
		cat $MNT/bkt/stats_quick.json"
	assert_no_secrets "/proc/$pid/cmdline" "/proc/$pid/mountinfo" "$LOG"
	grep -q debug "$LOG"
	unmount_fs
	assert_no_secrets "$LOG"
}

@test "the same, of what a real server says about a wrong signature" {
	new_bucket
	AWS_SECRET_ACCESS_KEY=$SECRET mount_fs -o log_level=debug
	refused 'Permission denied' cat "$MNT/$BUCKET/stats_quick.json"
	refused 'Permission denied' ls "$MNT"
	wait_until is_logged 1 403
	assert_no_secrets "$LOG"
}

@test "memory with secrets is not dumped" {
	start_stub
	mkdir "$BATS_TEST_TMPDIR/cores"
	cd "$BATS_TEST_TMPDIR/cores"
	ulimit -S -c "$(ulimit -H -c)"
	mount_fs
	ls "$MNT" >/dev/null
	assert_equal "$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$FS_PID/limits")" \
		'0 0'
	# root could lift the limit; the process is not dumpable all the same
	prlimit --pid "$FS_PID" --core=unlimited: 2>/dev/null || true
	kill -QUIT "$FS_PID"
	wait "$FS_PID" || [[ $? == 131 ]]
	assert_equal "$(find "$BATS_TEST_TMPDIR/cores" -type f)" ''
}

# --- where it is mounted ------------------------------------------------------------------

# In a mount namespace of its own: the files there are ours from the mount on, and what
# the program wants of them it must have read before.
@test "a mount over /etc does not wait for itself" {
	start_stub
	stub_bucket bkt
	: >"$LOG"
	# shellcheck disable=SC2016 # expanded by that shell
	timeout 60 "$OWN_MOUNTS" bash -c '
		"$DGSTATFS" -f -o connect_timeout=2s "$1" /etc 2>>"$2" 3>&- &
		until grep -q " / /etc .* fuse.dgstatfs " /proc/self/mountinfo; do
			kill -0 $! || exit
			sleep 0.02
		done
		timeout 10 cat /etc/bkt/stats_detailed.json
		kill $! && wait $!' bash "$ENDPOINT" "$LOG" >"$BATS_TEST_TMPDIR/out"
	assert_equal "$(jq .stats.object_count "$BATS_TEST_TMPDIR/out")" 1
}
