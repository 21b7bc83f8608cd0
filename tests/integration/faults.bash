# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# One row of faults.table through a real mount: `load lib`, `load documents` and
# then `load faults`.
#
#   row             the one that the test is named after: while the fault is on,
#                   each read gives what the table says, when it says, and the log has
#                   the line that tells of it; when it is gone, what was cached is
#                   right, and so is the next read.  No secret is in the log.

# A hang is what must not be, where no limit is named.
LIMIT_MS=20000

# More than a limit says; slow is what sanitizers are.
SLACK_MS=3000
[[ $SANITIZER == none ]] || SLACK_MS=6000

declare -gA MESSAGES=(
	[EACCES]='Permission denied'
	[ECONNREFUSED]='Connection refused'
	[EHOSTUNREACH]='No route to host'
	[EIO]='Input/output error'
	[ENOENT]='No such file or directory'
	[EPROTO]='Protocol error'
	[ETIMEDOUT]='Connection timed out'
)

OBJECTS='[{"key": "a/%02d.delta", "count": 40, "size": 10, "meta": {"dg-file-size": "1000"}},
	{"key": "a/reference.bin", "size": 500}, {"key": "b/%02d", "count": 5, "size": 7}]'

# --- the row -------------------------------------------------------------------------

# Sets PLACE OPTIONS FAULT READS TAKES RESULT LOGGED, and IS_UNCACHED.
find_row() {
	local name=${BATS_TEST_DESCRIPTION#fault: } line

	while IFS= read -r line; do
		[[ $line != "${name%, on the gateway} | "* ]] || break
	done <"$BATS_TEST_DIRNAME/faults.table"
	[[ -n $line ]] || fail "no such row: $name"
	IFS=$'\t' read -r _ PLACE OPTIONS FAULT READS TAKES RESULT LOGGED _ \
		<<<"${line// | /$'\t'}"
	[[ $READS != all ]] || READS='quick sampled detailed'
	[[ $PLACE != both ]] || PLACE=stub
	[[ $BATS_TEST_DESCRIPTION != *', on the gateway' ]] || PLACE=gateway
	IS_UNCACHED=false
	[[ $RESULT != 'uncached '* ]] || IS_UNCACHED=true
	RESULT=${RESULT#uncached }
}

# Sets LEAST_MS and LIMIT_MS from TAKES, in which options are named.
set_limits() {
	local option name ms

	LEAST_MS=0
	[[ $TAKES != - ]] || return 0
	for option in ${OPTIONS//[,-]/ }; do
		name=${option%%=*} ms=${option#*=}
		[[ $ms == *ms || $ms != *s ]] || ms=${ms%s}000
		local "$name=${ms%ms}"
	done
	LEAST_MS=$((TAKES))
	((LEAST_MS > 0)) || fail "takes: $TAKES of $OPTIONS"
	LIMIT_MS=$((LEAST_MS + SLACK_MS))
}

# --- the world -----------------------------------------------------------------------

stub_start() {
	rm -f "$BATS_TEST_TMPDIR/stub-s3.endpoint"
	start_server "$HERE/../stub/stub-s3" "$@"
	STORE_PID=$!
	BUCKET=bkt
	stub_ctl PATCH settings '{"page_size": 10}'
	stub_ctl PUT bucket/bkt "$OBJECTS"
}

# On the port that it had.
stub_restart() {
	end_process "$STORE_PID"
	stub_start --port "${ENDPOINT##*:}" "$@"
}

gateway_start() {
	start_server "$HERE/../stub/stub-s3" --before "$S3_ENDPOINT"
	new_bucket
	s3 <<-END
		fill $BUCKET a/%02d.delta 40 10 dg-file-size=1000
		put $BUCKET a/reference.bin 500
		fill $BUCKET b/%02d 5 7
	END
}

mount_row() {
	local options=retries=1,linger=0,log_level=debug

	[[ $READS == bucket || $READS == root ]] || options+=",bucket=$BUCKET"
	[[ $OPTIONS == - ]] || options+=,$OPTIONS
	mount_fs -o "$options"
}

# --- faults that are no answer of the stub ---------------------------------------------

fault_on() {
	FAULT=${FAULT//%e/$ENDPOINT}
	FAULT=${FAULT//%p/${ENDPOINT##*:}}
	if [[ $FAULT == @* ]]; then
		# shellcheck disable=SC2086 # words
		on_${FAULT#@}
	else
		stub_ctl POST faults "[$FAULT]"
	fi
}

fault_off() {
	local name=${FAULT%% *}

	if [[ $FAULT == @* ]]; then
		"off_${name#@}"
	else
		(($(stub_ctl GET fired) > 0)) || fail 'the fault has hit no request'
		assert_equal "$(requests '' ^/elsewhere)" 0
		stub_ctl DELETE faults
	fi
}

on_refused() {
	end_process "$STORE_PID"
}

off_refused() {
	stub_restart
}

on_elsewhere() {
	STORE=$ENDPOINT
	ENDPOINT=$1
}

# Nothing but another mount has another endpoint.
off_elsewhere() {
	unmount_fs
	ENDPOINT=$STORE
	mount_row
}

on_proxy() {
	export http_proxy=$1 no_proxy=
}

off_proxy() {
	unmount_fs
	unset http_proxy
	export no_proxy=127.0.0.1,localhost
	mount_row
}

on_black_hole() {
	end_process "$STORE_PID"
	start_server "$HERE/../stub/black-hole" "${ENDPOINT##*:}"
	STORE_PID=$!
}

off_black_hole() {
	stub_restart
}

# certificate FILE [SUBJECT-ALT-NAME]
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=stub -addext "subjectAltName=${2:-IP:127.0.0.1}" \
		-keyout "$1" -out "$1.crt" 2>/dev/null
	cat "$1.crt" >>"$1"
}

# CURL_CA_BUNDLE is for our own control calls.
on_certificate() {
	certificate "$BATS_TEST_TMPDIR/other.pem"
	certificate "$BATS_TEST_TMPDIR/right.pem"
	export CURL_CA_BUNDLE=$BATS_TEST_TMPDIR/other.pem.crt
	stub_restart --tls "$BATS_TEST_TMPDIR/other.pem"
	export AWS_CA_BUNDLE=$BATS_TEST_TMPDIR/right.pem.crt
}

off_certificate() {
	export CURL_CA_BUNDLE=$BATS_TEST_TMPDIR/right.pem.crt
	stub_restart --tls "$BATS_TEST_TMPDIR/right.pem"
}

on_order() {
	stub_ctl PUT 'bucket/bkt?order=given' "$(jq -c '[.[2], .[0], .[1]]' <<<"$OBJECTS")"
}

off_order() {
	stub_ctl PUT bucket/bkt "$OBJECTS"
}

# --- reads and what came of them -------------------------------------------------------

is_mode() {
	[[ $1 != bucket && $1 != root ]]
}

read_one() {
	local what=$1

	case $what in
	bucket) set -- ls "$MNT/$BUCKET" ;;
	root) set -- ls "$MNT" ;;
	*) set -- cat "$(stats_file "$what")" ;;
	esac
	timeout 300 "$@"
}

# What is known not to be there is not shown either.
assert_gone() {
	assert_equal "$(ls "$MNT")" ''
	run ! stat "$MNT/$BUCKET"
}

# A document that was read is kept for the model.
check_read() {
	local what=$1 out=$BATS_TEST_TMPDIR/read/stats_$1.json said=$BATS_TEST_TMPDIR/said
	local status=0 ms

	start_clock
	LC_ALL=C read_one "$what" >"$out" 2>"$said" || status=$?
	ms=$(elapsed_ms)
	((status < 124)) || fail "$what: no answer"
	assert_fast "$ms" "$LIMIT_MS" "$what"
	((ms >= LEAST_MS)) || fail "$what: $ms ms, not $LEAST_MS: $(<"$said")"
	if [[ -n ${MESSAGES[$RESULT]:-} ]]; then
		[[ $status != 0 && $(<"$said") == *": ${MESSAGES[$RESULT]}" ]] ||
			fail "$what: not $RESULT: $(cat "$said" "$out")"
		rm "$out"
		if [[ $RESULT == ENOENT ]] && is_mode "$what"; then
			assert_gone
		fi
		return
	fi
	assert_equal "$what: $status $(<"$said")" "$what: 0 "
	if ! is_mode "$what"; then
		rm "$out"
	elif [[ $RESULT == .* ]]; then
		jq -e "$RESULT" "$out" >/dev/null || fail "$what: $(<"$out")"
		rm "$out"
	fi
}

# What each failed read must have logged, as a regular expression.
line_of() {
	case $1 in
	bucket) echo "error: bucket=$BUCKET: $LOGGED" ;;
	root) echo "error: bucket=\(all\): $LOGGED" ;;
	*) echo "error: bucket=$BUCKET mode=$1: $LOGGED" ;;
	esac
}

# One for the mount, or one for each mode that was read.
n_warnings() {
	if [[ $1 == *' mode='* ]]; then wc -w <<<"$READS"; else echo 1; fi
}

# All that it said, to the end: reads that were right have no line.
check_log() {
	local what lines

	LOGGED=${LOGGED//%b/$BUCKET}
	lines=$(complaints | grep -E ': (error|warn): ') || true
	if [[ $LOGGED == - ]]; then
		assert_equal "$lines" ''
	elif [[ -z ${MESSAGES[$RESULT]:-} ]]; then
		[[ -n $lines ]] || fail "nothing was logged"
		! grep -vE -- "warn: .*$LOGGED" <<<"$lines" || fail "something else was logged"
		assert_equal "$(wc -l <<<"$lines") $lines" "$(n_warnings "$lines") $lines"
	else
		for what in $READS; do
			assert_equal "$what: $(grep -cE -- "$(line_of "$what")" <<<"$lines") $lines" \
				"$what: 1 $lines"
		done
		assert_equal "$(wc -w <<<"$READS") $lines" "$(wc -l <<<"$lines") $lines"
	fi
}

# Debug messages are in the log too.
check_secrets() {
	! grep -aE "${AWS_SECRET_ACCESS_KEY}|${AWS_SESSION_TOKEN:-testsecret}|ignature=|[0-9a-f]{64}" \
		"$LOG" || fail 'a secret in the log'
}

# The documents in the bucket, without a request of ours to a store that checks them.
fetch_cached() {
	local mode file

	for mode in quick sampled detailed; do
		file=$BATS_TEST_TMPDIR/cached/stats_$mode.json
		if [[ $PLACE == gateway ]]; then
			S3_ENDPOINT=$S3_ENDPOINT cached "$mode" >"$file" 2>/dev/null || rm "$file"
		else
			curl -sSf "$ENDPOINT/$BUCKET/$(cache_key "$mode")" >"$file" \
				2>/dev/null || rm -f "$file"
		fi
	done
}

# A document of another moment is valid for a bucket that was like that; but where
# the moment of the LIST was not that of the HEADs.
check_other_figures() {
	local file

	if [[ $IS_UNCACHED == true ]]; then
		assert_equal "$(ls "$BATS_TEST_TMPDIR/cached")" ''
	fi
	for file in "$BATS_TEST_TMPDIR"/cached/*.json; do
		jq -e "$RESULT" "$file" >/dev/null || fail "cached: $(<"$file")"
		rm "$file"
	done
}

# Byte for byte: what was read under the fault, what it left in the cache, and what
# is read now that it is gone.
check_figures() {
	local files=("$BATS_TEST_TMPDIR"/{read,cached}/*.json)

	files+=("$MNT/$BUCKET"/stats_{quick,sampled,detailed}.json)
	S3_ENDPOINT=$ENDPOINT script model.py "$BUCKET" "${files[@]}"
}

# What the first read has learnt, by LIST and GET at once, the others know.
check_learnt() {
	local hits

	hits=$(stub_ctl GET fired)
	assert_equal "${HITS:=$hits} requests hit" "$hits requests hit"
}

row() {
	local what HITS=''

	shopt -s nullglob
	find_row
	set_limits
	if [[ $PLACE == own ]]; then
		"own_${FAULT#@}"
		return
	fi
	mkdir "$BATS_TEST_TMPDIR"/{read,cached}
	[[ $PLACE == gateway ]] || export AWS_SESSION_TOKEN=SessionTokenExample
	"${PLACE}_start"
	fault_on
	mount_row
	for what in $READS; do
		check_read "$what"
		[[ $RESULT != learnt ]] || check_learnt
	done
	fault_off
	fetch_cached
	[[ $RESULT != .* ]] || check_other_figures
	check_figures
	unmount_fs
	check_log
	check_secrets
}
