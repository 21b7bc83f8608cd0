#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# ./quickstart from nothing to `stop`, and that what it prints last can be pasted.
# By whoever may build and mount here; apt is not asked, if all is installed.

load ../integration/lib

setup_file() {
	export TOP RUN=$BATS_FILE_TMPDIR/run PRINTED=$BATS_FILE_TMPDIR/printed

	TOP=$(realpath -- "$BATS_TEST_DIRNAME/../..")
	DGSTATFS_QUICKSTART_DIR=$RUN "$TOP/quickstart" >"$PRINTED" 3>&- 4>&-
}

teardown_file() {
	DGSTATFS_QUICKSTART_DIR=$RUN "$TOP/quickstart" stop
}

# The lines to be pasted: from the empty line behind the announcement.
pasted() {
	sed '1,/^It goes on like this/d' "$PRINTED" | grep .
}

# Runs them as a terminal would, from /, by a user who has AWS settings of his own;
# what each shows is in $BATS_TEST_TMPDIR/N.  A minute of theirs takes a second here,
# since figures tell their time in seconds.
paste_lines() {
	local out=$BATS_TEST_TMPDIR

	export AWS_ACCESS_KEY_ID=somebody AWS_SECRET_ACCESS_KEY=else AWS_PROFILE=other
	export AWS_ENDPOINT_URL=http://127.0.0.1:1
	# shellcheck disable=SC2016 # expanded by that shell
	pasted | bash -c '
		cd /
		while IFS= read -r line <&9; do
			n=$((n + 1))
			[[ $line != echo* ]] || sleep 1.1
			eval "$line" >"$1/$n" 2>&1 || { echo "$n: $line: $?"; cat "$1/$n"; }
			[[ -s $1/$n ]] || echo "$n: $line: shows nothing"
		done' bash "$out" 9<&0 </dev/null 3>&- 4>&-
}

# What the line that has TEXT shows.
shown() {
	local n

	n=$(pasted | grep -nF -- "$1" | cut -d : -f 1)
	cat "$BATS_TEST_TMPDIR/$n"
}

@test "README's session has the lines that quickstart prints" {
	local printed

	printed=$(pasted | sed "s|cd $RUN |cd build/quickstart/run |
		s|cd $TOP |cd ../../.. |; s|DGSTATFS_QUICKSTART_DIR=[^ ]* ||")
	assert_equal "$(sed -n 's/^    \$ //p' "$TOP/README.md")" "$printed"
}

@test "each line that quickstart prints can be pasted, and shows what it is for" {
	local cached detailed

	cached=$(jq .computed_at "$RUN/mnt/releases/stats_quick.json")
	detailed=$(jq .computed_at "$RUN/mnt/releases/stats_detailed.json")
	assert_equal "$(paste_lines)" ''
	[[ $(shown 'cat credentials') == *'aws_secret_access_key = '*http://127.0.0.1:* ]]
	[[ $(shown './dgstatfs ') == *$'\nhttp://127.0.0.1:'*"$RUN/mine" ]]
	[[ $(shown './dgstat ') == 'releases (detailed)'*'Space saved: '* ]]
	[[ $(shown 'ls -l mine') == *stats_detailed.json* ]]
	assert_equal "$(shown 'cat mine' | jq .computed_at)" "$cached"
	assert_equal "$(shown 'jq -c' | jq -c 'map(type)' | sort -u)" '["string","number"]'
	assert_equal "$(shown 'date -u' | tail -n 1)" "$detailed"
	[[ $(shown 'echo detailed') > $detailed ]] # dates in ISO 8601 are in order
	[[ $(shown 'echo 1') > $cached ]]
	assert_equal "$(shown 'echo 0')" "$cached"
	assert_equal "$(shown .stats.object_count)" \
		$(($(shown 'cat mine' | jq .stats.object_count) + 1))
	assert_equal "$(shown 's3cmd -c s3cfg ls' | grep -c /stats_)" 3
	[[ $(shown 'umount mine') != *releases* ]]
	assert_equal "$(shown 'quickstart stop')" '== stopped'
	[[ ! -e $RUN ]] || fail "left behind: $(ls -A "$RUN")"
	run ! is_mounted "$RUN/mnt"
}
