# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Completion of check_dgstat(1), made by tests/lint/completions --write.

# bash replaces only what follows the last "=" (COMP_WORDBREAKS).
_check_dgstat() {
	local line=${COMP_LINE:0:COMP_POINT} word

	word=${line##* }
	COMPREPLY=()
	case $word in
	--force-path-style=*) mapfile -t COMPREPLY < <(compgen -W 'true false' -- "${word#*=}") ;;
	--cache=*) mapfile -t COMPREPLY < <(compgen -W 'rw ro off' -- "${word#*=}") ;;
	--memo=*) mapfile -t COMPREPLY < <(compgen -W 'auto bucket memory off' -- "${word#*=}") ;;
	--log-level=*) mapfile -t COMPREPLY < <(compgen -W 'error warn info debug' -- "${word#*=}") ;;
	--ca-bundle=* | --client-cert=* | --client-key=* | --log-file=*)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "${word#*=}")
		;;
	--*=*) ;;
	-*)
		mapfile -t COMPREPLY < <(compgen -W '--bucket-ttl= --bucket= --ca-bundle= --cache= --client-cert= --client-key= --connect-timeout= --connections= --critical= --deadline= --detailed --endpoint-url= --expected-bucket-owner= --force-path-style --help --ignore-configured-endpoint-urls --linger= --log-file= --log-level= --max-age= --max-wait= --memo= --metric= --no-sign-request --prefix-depth= --prefix-nodes= --price-head= --price-list= --profile= --quick --region= --request-timeout= --requester-pays --retries= --sampled --sse-kms-key-id= --sse= --timeout= --ttl= --us-east-1-regional-endpoint= --use-dualstack-endpoint --use-fips-endpoint --verbose --version --warning= -h -V -v -o -H -B -m -w -c -t' -- "$word")
		[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace
		;;
	esac
}

complete -F _check_dgstat check_dgstat
