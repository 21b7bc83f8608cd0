#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# check_dgstat: one line, perfdata, a state; and what fails or hangs is UNKNOWN.

load lib
load mounts
load alpha

check() {
	"${DGSTATFS%dgstatfs}check_dgstat" -H "$ENDPOINT" "$@"
}

# What it says, and nothing else anywhere.
assert_says() {
	local status=$1 regex=$2

	shift 2
	run "-$status" --separate-stderr "$@"
	# shellcheck disable=SC2154 # set by run
	[[ ${#lines[@]} == 1 && $stderr == '' && $output =~ $regex ]] ||
		fail "not '$regex': $output$stderr"
}

# No figure in it.
assert_unknown() {
	local regex=$1

	shift
	assert_says 3 "^DGSTAT UNKNOWN - .*$regex" "$@"
	[[ $output != *'|'* ]] || fail "$output"
}

@test "check: a state by ranges, and all figures as perfdata" {
	new_bucket
	s3 <<-END
		put $BUCKET v/reference.bin 500
		put $BUCKET v/1.delta 10 dg-file-size=600
		put $BUCKET v/2.delta 20 dg-file-size=700
		put $BUCKET w/lost.delta 30 dg-file-size=700
	END
	assert_says 0 "^DGSTAT OK - $BUCKET: ratio 72\.0%, age [0-9]+ s, stored 560 B, unrestorable 1," \
		check -B "$BUCKET" --detailed
	assert_says 0 ' ratio=72%;;;0;100 age=[0-9]+s;;;0; stored=560B;;;0; unrestorable=1;;;0; ' \
		check -B "$BUCKET" --detailed
	assert_says 1 '^DGSTAT WARNING - .* ratio=72%;80:;50:;0;100 ' \
		check -B "$BUCKET" --detailed -w 80%: -c 0.5:
	assert_says 2 '^DGSTAT CRITICAL - t-[-0-9a-f]+: unrestorable 1 \(CRITICAL\), ratio' \
		check -B "s3://$BUCKET/" --detailed -w ratio=80%: -c unrestorable=0
	assert_says 2 ' stored=560B;512;~:558.*' \
		check -B "$BUCKET" -m stored -w 0.5K -c '~:558'
	assert_says 1 'age [0-9]+ s \(WARNING\)' check -B "$BUCKET" -w age=2h: -c age=1d
	assert_says 1 'objects=3;@3;;0; ' check -B "$BUCKET" -w objects=@3,age=2h
	# every value as the guidelines have it
	run -0 check -B "$BUCKET" -w 10:,age=2h,stored=@2K:3K -c 'ratio=~:100%'
	local value
	for value in ${output##*|}; do
		[[ $value =~ ^[a-z]+=[0-9.]+([sB%]|)(;(@?(~|-?[0-9.]+)?:?[0-9.]*)){2}\;0\;(100)?$ ]] ||
			fail "$value"
	done
}

@test "check: a mount's cache is its, too, and -v says what that was" {
	given_stub
	check -B alpha --detailed >/dev/null
	"${DGSTATFS%fs}" --endpoint-url="$ENDPOINT" --document --detailed alpha >"$BATS_TEST_TMPDIR/doc"
	forget_requests
	run -0 --separate-stderr check -B alpha --detailed -v
	[[ ${lines[1]} == 'alpha: hit: 1 LIST, 0 HEAD, 1 GET, '* ]]
	[[ ${lines[0]} == *" stored=$(jq .stats.compressed_size "$BATS_TEST_TMPDIR/doc")B;"* ]]
}

@test "check: whatever fails is UNKNOWN, in one line that has no figures" {
	given_stub
	assert_unknown 'gamma: .*NoSuchBucket' check -B gamma
	assert_unknown 'not one bucket' check
	assert_unknown 'not one bucket' check -B alpha -B beta
	assert_unknown 'a/b is no whole bucket' check -B a/b
	assert_unknown 'is not the name of a bucket' check -B .a
	assert_unknown '-w: .5%%. is not a range of ratio' check -B alpha -w 5%%
	assert_unknown '-c: .20:10. is not a range' check -B alpha -c 20:10
	assert_unknown '-c: there is no metric .size.' check -B alpha -c size=10
	assert_unknown '-m: there is no metric .size.' check -B alpha -m size
	assert_unknown '-w needs a value' check -B alpha -w
	assert_unknown 'unknown option nonsense' check -B alpha --nonsense
	assert_unknown 'unknown option -q' check -B alpha -q
	assert_unknown 'unknown option json' check -B alpha --json
	assert_unknown 'unknown option allow-other' check -B alpha --allow-other
	assert_unknown 'option timeout' check -B alpha -t 0
	assert_unknown 'option timeout' check -B alpha -t soon
	assert_unknown '-t: .maybe. is not OK' check -B alpha -t 5:maybe
	assert_unknown 'more than one of' check -B alpha --quick --sampled
	assert_unknown 'Connect|connect' check -H http://127.0.0.1:1 -B alpha
	assert_unknown 'profile nobody' check -B alpha --profile=nobody
	fault '{"class": "HEAD", "status": 403}'
	assert_unknown 'alpha: .*403' check -B alpha --detailed
	ENDPOINT=$S3_ENDPOINT
	AWS_SECRET_ACCESS_KEY=wrong assert_unknown SignatureDoesNotMatch check -B alpha
	unset AWS_SECRET_ACCESS_KEY AWS_ACCESS_KEY_ID
	assert_unknown 'alpha: .*(keys|credentials)' check -B alpha
	run -3 check -V
	[[ $output == 'check_dgstat v'* ]]
	run -3 check --help
	[[ $output == 'usage: check_dgstat '* && $output == *--endpoint-url* && $output != *--sort* ]]
	run -3 bash -c '"$1" -V >/dev/full' _ "${DGSTATFS%dgstatfs}check_dgstat"
}

has_ended() {
	! grep -qs '^State:[[:blank:]]*[RSDT]' "/proc/$1/status"
}

@test "check: -t ends it, whatever hangs" {
	local hang

	given_stub
	for hang in LIST HEAD; do
		fault "{\"class\": \"$hang\", \"gate\": \"$hang\"}"
		assert_unknown 'alpha: no answer within 0\.3 s' check -B alpha --detailed -t 300ms
		assert_says 2 '^DGSTAT CRITICAL - alpha: no answer' \
			check -B alpha --detailed -t 0.3:critical
		stub_ctl DELETE faults
	done
	printf '#!/bin/sh\necho $$ >%s\nexec sleep 3600\n' "$BATS_TEST_TMPDIR/pid" \
		>"$BATS_TEST_TMPDIR/source"
	chmod +x "$BATS_TEST_TMPDIR/source"
	printf '[profile p]\ncredential_process = %s\n' \
		"$BATS_TEST_TMPDIR/source" >"$BATS_TEST_TMPDIR/config"
	AWS_CONFIG_FILE=$BATS_TEST_TMPDIR/config \
		assert_unknown 'alpha: no answer within 3 s' check -B alpha --profile=p -t 3
	[[ ! -e $BATS_TEST_TMPDIR/pid ]] || # on a machine that is so slow
		wait_until has_ended "$(<"$BATS_TEST_TMPDIR/pid")"
	# the figures are there, but can't be stored
	fault '{"class": "PUT", "gate": "put"}'
	assert_says 1 '^DGSTAT WARNING - alpha: ratio 90\.8%' check -B alpha --detailed -t 60 -w 95%:
}

@test "check: the commands of contrib/agents/nagios.cfg are right" {
	local command

	given_stub
	command=$(sed -n '/command_name *check_dg_ratio/{n;s/.*command_line *//p}' \
		"$HERE/../../contrib/agents/nagios.cfg")
	command=${command//'$USER1$'/${DGSTATFS%/*}}
	command=${command//'$_HOSTS3_ENDPOINT$'/$ENDPOINT}
	command=${command//'$ARG1$'/alpha}
	command=${command//'$ARG2$'/95%:}
	command=${command//'$ARG3$'/50%:}
	assert_says 1 '^DGSTAT WARNING - alpha: ratio 89' bash -c "$command"
}
