# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For test files about where keys come from: `load lib`, `load mounts`, `load keys`.
#
#   given_service      the services of ../stub/stub-keys at SERVICE, which are told what
#                      to do in the folder THERE; a stub of a store, with the bucket bkt
#   config LINE...     the config file, and no keys in the environment
#   explained SOURCE   what --explain says of it, "fails: why"; all of it: $output
#   form NAME          what STS was sent last
#
# Of the bucket, $BUCKET or else bkt, which has one object:
#   read_anew          a listing of its own, with the keys that there are now
#   signers            whose signatures the listings had, each once, in order
#   has_signed KEY     for wait_until
#   read_until_signed_by KEY    eight read all the time, and none of them fails
#   check_secrets      none is in LOG

given_service() {
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY no_proxy
	THERE=$BATS_TEST_TMPDIR/service
	mkdir "$THERE"
	# shellcheck disable=SC2153 # lib.bash's
	start_server "$HERE/../stub/stub-keys" "$THERE"
	# shellcheck disable=SC2034 # for those who load this
	SERVICE=$ENDPOINT
	start_stub
	stub_bucket bkt
}

config() {
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	export AWS_CONFIG_FILE=$BATS_TEST_TMPDIR/config
	printf '%s\n' "$@" >"$AWS_CONFIG_FILE.new"
	mv "$AWS_CONFIG_FILE.new" "$AWS_CONFIG_FILE"
}

explained() {
	run "$DGSTATFS" --explain --json "$ENDPOINT"
	# shellcheck disable=SC2154 # set by run
	[[ $output != *-of-* ]]
	jq -r ".sources.\"$1\" | .value + \": \" + .said" <<<"$output"
}

form() {
	sed -n "s/^$1=//p" "$THERE/form"
}

read_anew() {
	local dir=$MNT/${BUCKET:-bkt}

	echo quick >"$dir/refresh"
	jq -e '.stats.object_count == 1' "$dir/stats_quick.json"
}

signers() {
	stub_ctl GET log | jq -r '[.[] | select(.class == "LIST").headers |
		with_entries(.key |= ascii_downcase).authorization |
		capture("Credential=(?<key>[^/]*)").key] |
		reduce .[] as $k ([]; if .[-1] == $k then . else . + [$k] end) | join(" ")'
}

has_signed() {
	read_anew && [[ " $(signers) " == *" $1 "* ]]
}

keep_reading() {
	while [[ ! -e $BATS_TEST_TMPDIR/stop ]]; do
		read_anew >/dev/null || return
	done
}

read_until_signed_by() {
	local pid pids=()

	for _ in {1..8}; do
		in_background keep_reading
		pids+=($!)
	done
	wait_until has_signed "$1"
	touch "$BATS_TEST_TMPDIR/stop"
	for pid in "${pids[@]}"; do wait "$pid"; done
}

check_secrets() {
	run ! grep -E '(secret|token|login)-of' "$LOG"
}
