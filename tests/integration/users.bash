# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For test files about users: `load lib`, `load mounts`, then `load users`.
#
#   as_user SCRIPT [WORD...] bash runs it as the user nobody, who may mount there: $1 is
#                            the program, $2 $ENDPOINT, $3 an empty directory of his,
#                            then come the words.  Of the environment he has AWS_*
#                            and *_proxy.  All he can reach is below /mnt: process.py,
#                            tmp, where he may write, and test, which is
#                            $BATS_TEST_TMPDIR.  If FUSERMOUNT is set, that script runs
#                            where fusermount3 should, which is /mnt/fusermount3 then.
#                            MTAB=no: there is no /etc/mtab, as after debootstrap(8).

as_user() {
	local name env=()

	for name in "${!AWS_@}" http_proxy no_proxy; do
		[[ -z ${!name:-} ]] || env+=("$name=${!name}")
	done
	chmod 755 "$BATS_TEST_TMPDIR"
	as_root env BATS_TEST_TMPDIR="$BATS_TEST_TMPDIR" \
		"$OWN_MOUNTS" bash "$HERE/as-user.sh" "$DGSTATFS" \
		"${FUSERMOUNT:-}" "${MTAB:-}" env -i PATH="$PATH" "${env[@]}" \
		bash -c "$1" bash /mnt/dgstatfs "$ENDPOINT" /mnt/dg "${@:2}"
}
