#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Real agents of Debian on a mount, each with what contrib/agents has for it.

load lib
load mounts

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

# --- Prometheus ------------------------------------------------------------------------

@test "promtool: the alert rules are good, and do what they are for" {
	run -0 promtool check rules "$AGENTS/prometheus-alerts.yml"
	run -0 promtool test rules "$AGENTS/prometheus-alerts-test.yml"
}

@test "promtool: what the dashboard asks for can be asked" {
	jq '{groups: [{name: "dashboard", rules: [.panels | keys[] as $i |
		.[$i].targets[] | {record: "panel_\($i):\(.refId)", expr}]}]}' \
		"$AGENTS/grafana-dashboard.json" >"$BATS_TEST_TMPDIR/rules.json"
	run -0 promtool check rules "$BATS_TEST_TMPDIR/rules.json"
	[[ $output == *'SUCCESS: 10 rules found'* ]] || fail "$output"
}

@test "promtool: nothing is wrong with the metrics" {
	given -o retries=0
	fault '{"class": "PUT", "status": 500}' \
		'{"class": "HEAD", "path": "/3.delta", "status": 403, "code": "AccessDenied"}'
	read_quick
	run cat "$MNT/releases/stats_detailed.json"
	cat "$MNT/releases/stats_sampled.json" >/dev/null
	local file
	for file in "$MNT"/*/metrics.prom; do
		run -0 promtool check metrics <"$file"
		assert_equal "$output" ''
	done
}

# Else nothing would alert, or be shown, and nobody would know.
@test "alert rules, dashboard: a mount tells each metric that they name" {
	given
	read_quick
	cat "$MNT"/*/metrics.prom >"$BATS_TEST_TMPDIR/metrics"
	local names file name
	for file in "$AGENTS"/{prometheus-alerts.yml,grafana-dashboard.json}; do
		names=$(grep -oE 'dgstatfs_[a-z_]+|flaw=\\?"[a-z_]+' "$file" | tr -d '\\' | sort -u)
		[[ -n $names ]]
		for name in $names; do
			grep -qF "$name" "$BATS_TEST_TMPDIR/metrics" || fail "${file##*/}: $name"
		done
	done
}

start_node_exporter() {
	local ARGS log=$BATS_TEST_TMPDIR/node_exporter.log

	# shellcheck source=/dev/null
	. <(for_mount node_exporter)
	in_background prometheus-node-exporter --web.listen-address=127.0.0.1:0 \
		--collector.disable-defaults --collector.textfile "$ARGS" >"$log" 2>&1
	at_end end_process $!
	wait_until grep -q 'address=127' "$log"
	NODE=$(sed -n 's/.* address=\(127[0-9.:]*\).*/\1/p;T;q' "$log")
}

scrape() {
	curl -sSf "http://$NODE/metrics"
}

@test "node_exporter: one flag reads all metrics of the mount" {
	given
	stub_bucket other
	read_quick
	cat "$MNT/other/stats_quick.json" >/dev/null
	start_node_exporter
	run -0 scrape
	[[ $output == *$'\nnode_textfile_scrape_error 0\n'* ]] || fail "$output"
	grep -xF 'dgstatfs_objects{bucket="releases",mode="quick"} 5' <<<"$output"
	grep -xF 'dgstatfs_objects{bucket="other",mode="quick"} 1' <<<"$output"
	stub_ctl PUT bucket/other '[]'
	cat "$MNT/other/stats_quick.json" >/dev/null
	scrape | grep -xF 'dgstatfs_objects{bucket="other",mode="quick"} 0'
}

# --- others --------------------------------------------------------------------------------

zabbix() {
	for_mount zabbix.conf >"$BATS_TEST_TMPDIR/zabbix.conf"
	printf '%s\n' LogType=console Server=127.0.0.1 AllowRoot=1 >>"$BATS_TEST_TMPDIR/zabbix.conf"
	zabbix_agentd -c "$BATS_TEST_TMPDIR/zabbix.conf" -t "$1" |
		sed -n 's/^.*\[[ts]|\(.*\)\]$/\1/p; s/^.*\[t|//p' | head -n 1
}

@test "zabbix: buckets to discover, and the figures as an item" {
	given
	stub_bucket other
	assert_equal "$(zabbix "dgstatfs.buckets[$MNT]" |
		jq -c 'map(.["{#BUCKET}"]) | sort')" '["other","releases"]'
	run -0 zabbix_agentd -c "$BATS_TEST_TMPDIR/zabbix.conf" \
		-t "vfs.file.contents[$MNT/releases/stats_quick.json]"
	[[ $output == *'"object_count": 5'* ]] || fail "$output"
}

has_value() {
	awk -F, -v want="$2" 'END { exit $2 + 0 != want }' "$BATS_TEST_TMPDIR"/csv/*/"$1"-* 2>/dev/null
}

@test "collectd: curl_json reads the figures" {
	given
	{
		for_mount collectd.conf
		cat <<-END
			Interval 1
			Hostname here
			PIDFile "$BATS_TEST_TMPDIR/collectd.pid"
			LoadPlugin csv
			<Plugin csv>
			  DataDir "$BATS_TEST_TMPDIR/csv"
			</Plugin>
		END
	} >"$BATS_TEST_TMPDIR/collectd.conf"
	in_background collectd -f -C "$BATS_TEST_TMPDIR/collectd.conf" >"$BATS_TEST_TMPDIR/collectd.log" 2>&1
	at_end end_process $!
	wait_until has_value curl_json-releases/gauge-objects 5
	wait_until has_value curl_json-releases/bytes-stored 157
}

start_monit() {
	local conf=$BATS_TEST_TMPDIR/monit.conf

	{
		for_mount monit.conf
		printf 'set daemon 1\nset %s %s\n' log "$BATS_TEST_TMPDIR/monit.log" \
			pidfile "$BATS_TEST_TMPDIR/monit.pid" idfile "$BATS_TEST_TMPDIR/monit.id" \
			statefile "$BATS_TEST_TMPDIR/monit.state"
	} >"$conf"
	chmod 700 "$conf"
	in_background monit -I -c "$conf" >/dev/null 2>&1
	at_end end_process $!
}

says() {
	grep -q "$1" "$BATS_TEST_TMPDIR/monit.log"
}

@test "monit: tells when there are no figures, and when there are again" {
	given
	fault '{"class": "LIST", "status": 403, "code": "AccessDenied"}'
	start_monit
	wait_until says "'dg_releases' status failed"
	stub_ctl DELETE faults
	wait_until says "'dg_releases' status succeeded"
}

check_age() {
	local line

	line=$(for_mount nagios.cfg | sed -n 's/^ *command_line *//p')
	line=${line//'$USER1$'//usr/lib/nagios/plugins}
	bash -c "${line//'$ARG1$'/releases}"
}

@test "check_file_age: on a mount that nobody has read, and on one that somebody has" {
	given
	run -0 check_age
	[[ $output == 'FILE_AGE OK'* ]] || fail "$output"
	read_quick
	run -0 check_age
	unmount_fs
	run -2 check_age
}
