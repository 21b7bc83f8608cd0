#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Keys that a program or a service gives: which of several wins, what it gets from us,
# and that readers do not notice when keys are renewed, or when they can't be.

load lib
load mounts
load keys

# A bucket on a stub, a profile in a file of its own, and no other keys.
given_profile() {
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	export AWS_CONFIG_FILE=$BATS_TEST_TMPDIR/config
	printf '[default]\n%s\n' "$@" >"$AWS_CONFIG_FILE"
	start_stub
	stub_bucket bkt
}

# A program PROG that prints what it finds in the file $BATS_TEST_TMPDIR/json, after the
# words of its own.
given_program() {
	PROG=$BATS_TEST_TMPDIR/prog
	printf '#!/bin/bash\n%s\ncat %q\n' "$1" "$BATS_TEST_TMPDIR/json" >"$PROG"
	chmod +x "$PROG"
}

# printing NAME SECONDS: what prints this one, which expires so much later.
printing() {
	printf '%s' "at=\$(date -u -d '+$2 seconds' +%FT%TZ); echo '{\"Version\": 1," \
		"\"AccessKeyId\": \"'\"$1\"'\", \"SecretAccessKey\": \"s\", \"SessionToken\": \"t\"," \
		"\"Expiration\": \"'\$at'\"}'"
}

# key NAME [SECONDS]: the program prints this one from now on, which expires then.
key() {
	jq -n --arg name "$1" --argjson left "${2:-null}" '{Version: 1, AccessKeyId: $name,
		SecretAccessKey: "secret-of-process", SessionToken: "token-of-process"} +
		if $left then {Expiration: (now + $left | todate)} else {} end' \
		>"$BATS_TEST_TMPDIR/json.new"
	mv "$BATS_TEST_TMPDIR/json.new" "$BATS_TEST_TMPDIR/json"
}

# --- credential_process ------------------------------------------------------------------

@test "credential_process: its keys sign, and --explain says until when" {
	given_program ''
	key first 3600
	given_profile "credential_process = $PROG"
	run -0 "$DGSTATFS" --explain --json "$ENDPOINT"
	[[ $(jq -r '.keys | .source.value + " " + .key_id.value + " " + .expire.in' \
		<<<"$output") == 'credential_process ...irst in '3[56][0-9][0-9]' s' ]]
	[[ $output != *-of-process* ]]
	mount_fs
	read_anew
	assert_equal "$(signers)" first
	assert_equal "$(cat "$LOG")" '' # the start does not complain that there are none
	check_secrets
}

@test "credential_process: no shell, no descriptor, and of the environment only what is its" {
	given_program "printf '%s\n' \"\$@\" >$BATS_TEST_TMPDIR/argv; env >$BATS_TEST_TMPDIR/env
		cat <&0 >$BATS_TEST_TMPDIR/stdin; ls -l /proc/self/fd | wc -l >$BATS_TEST_TMPDIR/fds"
	key first
	given_profile "credential_process = $PROG 'a  b' \"c \\\" d\" \$HOME;e\\ f"
	AWS_ACCESS_KEY_ID=hidden AWS_SECRET_ACCESS_KEY=hidden AWS_SESSION_TOKEN=hidden \
		AWS_CONTAINER_AUTHORIZATION_TOKEN=hidden AWS_REGION=eu-west-7 OTHER=hidden \
		mount_fs -o profile=default
	read_anew
	assert_equal "$(<"$BATS_TEST_TMPDIR/argv")" $'a  b\nc " d\n$HOME;e f'
	assert_equal "$(grep -Ev '^(_|PWD|SHLVL|HOME|PATH)=' "$BATS_TEST_TMPDIR/env" | sort)" \
		"AWS_CONFIG_FILE=$AWS_CONFIG_FILE
AWS_EC2_METADATA_DISABLED=true
AWS_REGION=eu-west-7
AWS_SHARED_CREDENTIALS_FILE=/dev/null"
	assert_equal "$(<"$BATS_TEST_TMPDIR/stdin")" ''
	# its own three, and that of ls for the folder; one line says the total
	assert_equal "$(<"$BATS_TEST_TMPDIR/fds")" 5
}

@test "credential_process: loses to the credentials file, and wins over the config file" {
	given_program ''
	key process
	given_profile "credential_process = $PROG" 'aws_access_key_id = config' \
		'aws_secret_access_key = s'
	mount_fs
	wait_until has_signed process
	unmount_fs
	export AWS_SHARED_CREDENTIALS_FILE=$BATS_TEST_TMPDIR/credentials
	printf '[default]\naws_access_key_id = file\naws_secret_access_key = s\n' \
		>"$AWS_SHARED_CREDENTIALS_FILE"
	mount_fs
	wait_until has_signed file
	unmount_fs
	AWS_ACCESS_KEY_ID=env AWS_SECRET_ACCESS_KEY=s mount_fs
	wait_until has_signed env
	assert_equal "$(signers)" 'process file env'
}

@test "credential_process: what is wrong with it is in the log, and heals" {
	local wrong

	given_program 'echo "log in first" >&2; [[ ! -e $0.fails ]] || exit 3'
	given_profile "credential_process = $PROG"
	touch "$PROG.fails"
	key first
	mount_fs -o log_level=info
	refused 'Permission denied' cat "$MNT/bkt/stats_quick.json"
	wait_until is_logged 1 'credential_process of profile default: exit status 3: log in first'
	wait_until is_logged 1 'info: credential_process says: log in first'
	rm "$PROG.fails"
	for wrong in '{"Version": "1", "AccessKeyId": "a", "SecretAccessKey": "secret-of-x"}' \
		'{"Version": 1, "AccessKeyId": "a"}' 'secret-of-x' \
		'{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "secret-of-x", "Expiration": 7}'; do
		echo "$wrong" >"$BATS_TEST_TMPDIR/json"
		run ! "$DGSTATFS" --explain "$ENDPOINT"
		[[ $output == *'credential_process of profile default: '* ]]
		[[ $output != *secret-of* ]]
	done
	key second
	wait_until has_signed second
	check_secrets
}

@test "credential_process: one that hangs is killed with its children, and named" {
	given_program "[[ -e \$0.good ]] || { sleep 1000 & echo \$! >$BATS_TEST_TMPDIR/pid; sleep 1000; }"
	given_profile "credential_process = $PROG"
	key first
	mount_fs -o request_timeout=500ms,connect_timeout=10s
	within 5000 refused 'Permission denied' cat "$MNT/bkt/stats_quick.json"
	wait_until is_logged 1 "credential_process of profile default: $PROG: no end within 500 ms"
	wait_until is_gone "$(<"$BATS_TEST_TMPDIR/pid")"
	touch "$PROG.good"
	wait_until has_signed first
	unmount_fs
	rm "$PROG.good"
	mount_fs -o connect_timeout=1s
	within 4000 refused 'Permission denied' cat "$MNT/bkt/stats_quick.json"
	wait_until is_logged 1 'credential_process: no answer for 800 ms'
}

@test "credential_process: one that runs ends with us, with a mount and with --explain" {
	local pid signal

	given_program "echo \$\$ >$BATS_TEST_TMPDIR/pid; sleep 1000 & wait"
	given_profile "credential_process = $PROG"
	mount_fs
	reader "$MNT/bkt/stats_quick.json"
	wait_until test -s "$BATS_TEST_TMPDIR/pid"
	pid=$(<"$BATS_TEST_TMPDIR/pid")
	kill "$FS_PID"
	wait_until is_gone "$pid"
	for signal in INT TERM; do
		rm "$BATS_TEST_TMPDIR/pid"
		in_background env --default-signal=INT "$DGSTATFS" --explain "$ENDPOINT" >"$LOG.explain"
		wait_until test -s "$BATS_TEST_TMPDIR/pid"
		kill -"$signal" $!
		wait_until is_gone "$(<"$BATS_TEST_TMPDIR/pid")"
		grep -F interrupted "$LOG.explain"
	done
}

@test "credential_process: who waits for --explain waits for it, and its end is seen" {
	given_program 'sleep 0.3'
	key first
	given_profile "credential_process = $PROG"
	"$DGSTATFS" --explain -o connect_timeout=100ms "$ENDPOINT"
	# whatever has started us may not want to know of its children
	python3 -c 'import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])' "$DGSTATFS" --explain "$ENDPOINT"
	run ! "$DGSTATFS" --explain -o request_timeout=100ms "$ENDPOINT"
	[[ $output == *'no end within 100 ms'*'    - a source of keys is configured, and fails'* ]]
}

is_gone() {
	! kill -0 "$1" 2>/dev/null || [[ $(ps -o stat= -p "$1") == Z* ]]
}

@test "credential_process: keys that expire are renewed ahead, one run each, unnoticed" {
	# a run while another runs is told
	given_program "mkdir $BATS_TEST_TMPDIR/lock || touch $BATS_TEST_TMPDIR/twice
		n=\$(cat $BATS_TEST_TMPDIR/n); echo \$((n + 1)) >$BATS_TEST_TMPDIR/n
		$(printing 'key-$n' 4)
		sleep 0.3; rmdir $BATS_TEST_TMPDIR/lock; exit"
	given_profile "credential_process = $PROG"
	echo 1 >"$BATS_TEST_TMPDIR/n"
	mount_fs
	read_until_signed_by key-2
	[[ ! -e $BATS_TEST_TMPDIR/twice ]]
	assert_equal "$(cat "$LOG")" ''
	# each was used, and each once
	wait_until has_signed "key-$(($(<"$BATS_TEST_TMPDIR/n") - 1))"
	[[ $(signers) == 'key-1 key-2'* ]]
}

@test "credential_process: keys that can't be renewed go on until they expire" {
	given_program "[[ ! -e \$0.fails ]] || { echo gone >&2; exit 1; }
		[[ -e \$0.new ]] || { $(printing first 4); exit; }"
	given_profile "credential_process = $PROG"
	mount_fs
	read_anew
	touch "$PROG.fails"
	wait_until is_logged 1 'warn: credential_process of profile default: exit status 1: gone; the keys from before'
	wait_until refused 'Permission denied' cat "$MNT/bkt/stats_quick.json"
	wait_until is_logged 1 'bucket=bkt.*credential_process of profile default: exit status 1: gone'
	assert_equal "$(signers)" first
	key second 3600
	touch "$PROG.new"
	rm "$PROG.fails"
	kill -HUP "$FS_PID" # who does not wait until it is tried again
	wait_until has_signed second
}

@test "credential_process: a refusal by the store, and SIGHUP, run it anew" {
	given_program ''
	key first
	given_profile "credential_process = $PROG"
	mount_fs
	read_anew
	key second
	fault '{"auth": "Credential=first/", "status": 400, "code": "ExpiredToken"}'
	sleep 1.1 # not more often than that
	read_anew
	key third
	kill -HUP "$FS_PID"
	wait_until has_signed third
	assert_equal "$(signers)" 'first second third'
}

@test "a credential of systemd is the credentials file, unless another one is named" {
	given_profile
	unset AWS_SHARED_CREDENTIALS_FILE
	export CREDENTIALS_DIRECTORY=$BATS_TEST_TMPDIR/given HOME=$BATS_TEST_TMPDIR
	mkdir -p "$CREDENTIALS_DIRECTORY" "$HOME/.aws"
	printf '[default]\naws_access_key_id = home\naws_secret_access_key = s\n' \
		>"$HOME/.aws/credentials"
	mount_fs
	wait_until has_signed home
	unmount_fs
	sed s/home/systemd/ "$HOME/.aws/credentials" >"$CREDENTIALS_DIRECTORY/aws-credentials"
	mount_fs
	wait_until has_signed systemd
	unmount_fs
	AWS_SHARED_CREDENTIALS_FILE=$HOME/.aws/credentials mount_fs
	read_anew
	assert_equal "$(signers)" 'home systemd home'
}

# --- services ----------------------------------------------------------------------------

given_container() {
	given_service
	export AWS_CONTAINER_CREDENTIALS_FULL_URI=$SERVICE/container
	export AWS_CONTAINER_AUTHORIZATION_TOKEN="Basic token-of-container"
	echo "$AWS_CONTAINER_AUTHORIZATION_TOKEN" >"$THERE/token"
}

given_instance() {
	given_service
	unset AWS_EC2_METADATA_DISABLED
	export AWS_EC2_METADATA_SERVICE_ENDPOINT=$SERVICE/
}

@test "container: keys by the full URI, with the token, and through no proxy" {
	given_container
	http_proxy=http://127.0.0.1:1 no_proxy=${ENDPOINT#http://} run "$DGSTATFS" --explain --json "$ENDPOINT"
	assert_equal "$(jq -r '.keys.source.value' <<<"$output")" 'container credentials'
	[[ $output != *-of-* ]]
	mount_fs
	read_anew
	check_secrets
	as_root tr '\0' '\n' <"/proc/$FS_PID/environ" >"$BATS_TEST_TMPDIR/environ"
	run ! grep token-of "$BATS_TEST_TMPDIR/environ"
}

@test "container: a token from a file is read at each fetch" {
	given_container
	export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=$BATS_TEST_TMPDIR/token
	printf second-token-of-container >"$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
	[[ $(explained 'container credentials') == 'fails: container credentials: HTTP status 401' ]]
	echo second-token-of-container >"$THERE/token"
	[[ $(explained 'container credentials') == 'has the keys: ' ]]
	echo second-token-of-container >"$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
	[[ $(explained 'container credentials') == *'the token has more than one line' ]]
	rm "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
	[[ $(explained 'container credentials') == *'/token: No such file or directory' ]]
}

@test "container: without TLS only what is at this machine or the service's address" {
	local uri

	given_container
	for uri in http://store.example/ http://10.0.0.1/ http://169.254.169.254/ \
		"http://127.0.0.1@store.example/" 'http://localhost.example/' ftp://localhost/ \
		http://128.0.0.1/ http://localhost%2eexample/; do
		AWS_CONTAINER_CREDENTIALS_FULL_URI=$uri explained 'container credentials' |
			grep -F 'neither https:// nor at an address of the machine'
	done
	AWS_CONTAINER_CREDENTIALS_FULL_URI=http://localhost:1/ explained 'container credentials' |
		grep -F 'connect'
}

@test "EC2: the instance's role, by version 2, and only where nothing else is configured" {
	given_instance
	mount_fs
	read_anew
	assert_equal "$(cat "$LOG")" ''
	check_secrets
	assert_equal "$(head -n 3 "$THERE/log")" "PUT /latest/api/token
GET /latest/meta-data/iam/security-credentials/
GET /latest/meta-data/iam/security-credentials/my-role"
	unmount_fs
	rm "$THERE/log"
	AWS_ACCESS_KEY_ID=env AWS_SECRET_ACCESS_KEY=s mount_fs
	wait_until has_signed env
	[[ ! -e $THERE/log ]]
}

@test "EC2: what says that there are no keys, and why" {
	given_instance
	touch "$THERE/v1"
	[[ $(explained 'EC2 metadata service') == 'has the keys: ' ]]
	AWS_EC2_METADATA_V1_DISABLED=true explained 'EC2 metadata service' |
		grep -F 'none: EC2 metadata service: no token: HTTP status 404'
	rm "$THERE/v1"
	echo >"$THERE/role"
	explained 'EC2 metadata service' | grep -F "none: EC2 metadata service: the instance's role: HTTP status 404"
	AWS_EC2_METADATA_DISABLED=TRUE explained 'EC2 metadata service' | grep -Fx ': '
	touch "$THERE/hang"
	within 5000 explained 'EC2 metadata service' |
		grep -F 'none: EC2 metadata service: '
}

@test "a service that hangs: EACCES in time, with its name; the start does not wait" {
	local asked

	given_container
	touch "$THERE/hang"
	within 3000 mount_fs -o connect_timeout=1s
	within 3000 refused 'Permission denied' cat "$MNT/bkt/stats_quick.json"
	wait_until is_logged 1 'bucket=bkt.*container credentials: no answer for 800 ms'
	rm "$THERE/hang"
	wait_until read_anew
	touch "$THERE/hang" # who has keys does not wait for it
	kill -HUP "$FS_PID"
	asked=$(wc -l <"$THERE/log")
	wait_until reads_and_asks
}

reads_and_asks() {
	within 3000 read_anew && (($(wc -l <"$THERE/log") > asked))
}
