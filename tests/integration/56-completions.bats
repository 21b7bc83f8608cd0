#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Completions of bash and zsh: what the programs themselves list.

load lib

COMPLETIONS=$HERE/../../contrib/completions

# What bash would offer for a line: complete_line PROGRAM LINE
complete_line() {
	bash -c '. "$1/$2.bash"
		complete -p "$2" | grep -qx "complete -F _$2 $2" || exit
		COMP_LINE=$3 COMP_POINT=${#3}
		"_$2" 2>/dev/null
		printf "%s\n" "${COMPREPLY[@]}"' _ "$COMPLETIONS" "$1" "$2"
}

# The long options that --help lists; check_dgstat ends with 3 then.
long_options() {
	{ "${DGSTATFS%dgstatfs}$1" --help || [[ $? == 3 ]]; } |
		grep -oE '^ +((-[a-zA-Z] +)?--[a-z0-9-]+=?|-[a-zA-Z], --[a-z0-9-]+)' |
		grep -oE -- '--[a-z0-9-]+=?' | sort -u
}

@test "completions: bash offers each option that --help lists, and values" {
	local program

	for program in dgstat check_dgstat; do
		assert_equal "$(complete_line "$program" "$program --" | sort -u)" \
			"$(long_options "$program")"
	done
	assert_equal "$(complete_line dgstat 'dgstat --json --sor')" '--sort='
	assert_equal "$(complete_line dgstat 'dgstat --sort=' | xargs)" \
		'name objects original stored saved ratio'
	assert_equal "$(complete_line dgstat 'dgstat --sort=s' | xargs)" 'stored saved'
	assert_equal "$(complete_line dgstat 'dgstat --cache=' | xargs)" 'rw ro off'
	assert_equal "$(complete_line dgstat 'dgstat --region=')" ''
	touch "$BATS_TEST_TMPDIR/ca.pem"
	assert_equal "$(complete_line check_dgstat "check_dgstat --ca-bundle=$BATS_TEST_TMPDIR/ca")" \
		"$BATS_TEST_TMPDIR/ca.pem"
}

# What zsh would offer is up to its _arguments: what that is told.
zsh_arguments() {
	zsh -f -c 'fpath=("$1" $fpath)
		_arguments() { print -l -- "$@" }
		autoload -Uz "_$2" && "_$2"' _ "$COMPLETIONS" "$1"
}

@test "completions: zsh is told of each option that --help lists, and of values" {
	local program

	for program in dgstat check_dgstat; do
		assert_equal "$(zsh_arguments "$program" | sed -n 's/^\(--[-a-z0-9]*=\{0,1\}\)-\{0,1\}\[.*/\1/p' | sort -u)" \
			"$(long_options "$program" | grep -vx -- --cache)" # it has no room for both
		head -n 1 "$COMPLETIONS/_$program" | grep -qx "#compdef $program"
	done
	zsh_arguments dgstat | grep -qx -- '--sort=-.*:(name objects original stored saved ratio)'
	zsh_arguments dgstatfs | grep -qx -- '--df=-.*:(none bucket)'
}
