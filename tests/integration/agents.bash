# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A mount with the bucket that the examples of contrib/agents read, and these files.

AGENTS=$HERE/../../contrib/agents

# The bucket of the examples: five objects, 157 bytes with the reference.  The delta of
# b/ has none.
given() {
	start_stub
	stub_ctl PUT bucket/releases '[{"key": "a/reference.bin", "size": 100},
		{"key": "a/%d.delta", "count": 4, "size": 10, "meta": {"dg-file-size": "90"}},
		{"key": "b/1.delta", "size": 17, "meta": {"dg-file-size": "90"}}]'
	mount_fs "$@"
}

# A file of contrib/agents, for this mount.
for_mount() {
	sed "s|/mnt/dg|$MNT|g" "$AGENTS/$1"
}

read_quick() {
	cat "$MNT/releases/stats_quick.json" >/dev/null
}

# start_node_exporter [DIR]: with its flag of contrib/agents, or of that directory
start_node_exporter() {
	local ARGS log=$BATS_TEST_TMPDIR/node_exporter.log

	# shellcheck source=/dev/null
	. <(for_mount node_exporter)
	[[ -z ${1:-} ]] || ARGS=--collector.textfile.directory=$1
	in_background prometheus-node-exporter --web.listen-address=127.0.0.1:0 \
		--collector.disable-defaults --collector.textfile "$ARGS" >"$log" 2>&1
	at_end end_process $!
	wait_until grep -q 'address=127' "$log"
	# shellcheck disable=SC2034 # for whoever scrapes it
	NODE=$(sed -n 's/.* address=\(127[0-9.:]*\).*/\1/p;T;q' "$log")
}
