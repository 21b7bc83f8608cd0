# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Completion of dgstat(1), made by tests/lint/completions --write.

# bash replaces only what follows the last "=" (COMP_WORDBREAKS).
_dgstat() {
	local line=${COMP_LINE:0:COMP_POINT} word

	word=${line##* }
	COMPREPLY=()
	case $word in
	--cache-clear=*) mapfile -t COMPREPLY < <(compgen -W 'quick sampled detailed prefixes memo' -- "${word#*=}") ;;
	--sort=*) mapfile -t COMPREPLY < <(compgen -W 'name objects original stored saved ratio' -- "${word#*=}") ;;
	--force-path-style=*) mapfile -t COMPREPLY < <(compgen -W 'true false' -- "${word#*=}") ;;
	--interval-modes=*) mapfile -t COMPREPLY < <(compgen -W 'quick sampled detailed' -- "${word#*=}") ;;
	--cache=*) mapfile -t COMPREPLY < <(compgen -W 'rw ro off' -- "${word#*=}") ;;
	--memo=*) mapfile -t COMPREPLY < <(compgen -W 'auto bucket memory off' -- "${word#*=}") ;;
	--log-level=*) mapfile -t COMPREPLY < <(compgen -W 'error warn info debug' -- "${word#*=}") ;;
	--ca-bundle=* | --client-cert=* | --client-key=* | --log-file=*)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "${word#*=}")
		;;
	--*=*) ;;
	-*)
		mapfile -t COMPREPLY < <(compgen -W '--bucket-ttl= --bucket= --bytes --ca-bundle= --cache --cache-clear --cache= --client-cert= --client-key= --connect-timeout= --connections= --deadline= --detailed --document --endpoint-url= --expected-bucket-owner= --explain --force-path-style --help --ignore-configured-endpoint-urls --integrity --interval-modes= --interval= --json --json-lines --linger= --listen= --log-file= --log-level= --max-age= --max-wait= --memo= --ncdu --no-cache --no-sign-request --prefix-depth= --prefix-nodes= --prefixes --price-head= --price-list= --profile= --quick --quiet --refresh --region= --request-timeout= --requester-pays --retries= --sampled --sort= --sse-kms-key-id= --sse= --timeout= --ttl= --us-east-1-regional-endpoint= --use-dualstack-endpoint --use-fips-endpoint --verbose --version -h -V -v -q -o' -- "$word")
		[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace
		;;
	esac
}

complete -F _dgstat dgstat
