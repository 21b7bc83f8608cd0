#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Real agents of Debian on a mount, each with what contrib/agents has for it.  They take
# a while, and change rarely: only ./check --long has them.

load lib
load mounts
load agents

# --- Prometheus ------------------------------------------------------------------------

# With the shipped configuration, but that it looks each second.
start_prometheus() {
	local dir=$BATS_TEST_TMPDIR/prometheus log=$BATS_TEST_TMPDIR/prometheus.log

	mkdir "$dir"
	cp "$AGENTS/prometheus-alerts.yml" "$dir"
	sed "s|localhost:9100|$NODE|; s|/etc/prometheus/||; s|_interval: .*|_interval: 1s|" \
		"$AGENTS/prometheus.yml" >"$dir/prometheus.yml"
	in_background prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/data" \
		--web.listen-address=127.0.0.1:0 >"$log" 2>&1
	at_end end_process $!
	wait_until grep -q 'Listening on" address=127' "$log"
	PROMETHEUS=$(sed -n 's/.*Listening on" address=\(127[0-9.:]*\).*/\1/p;T;q' "$log")
}

# What it answers to a query: one value.
value_of() {
	curl -sSf --data-urlencode "query=$1" "http://$PROMETHEUS/api/v1/query" |
		jq -r '.data.result[0].value[1] // "none"'
}

has_value_of() {
	[[ $(value_of "$1") == "$2" ]]
}

# "NAME STATE" of each alert.
alerts() {
	curl -sSf "http://$PROMETHEUS/api/v1/alerts" |
		jq -r '.data.alerts[] | "\(.labels.alertname) \(.state)"' | sort -u
}

has_alerts() {
	[[ $(alerts) == "$1" ]]
}

@test "prometheus: scrapes node_exporter, and its rules alert" {
	given
	read_quick
	start_node_exporter
	start_prometheus
	wait_until has_value_of 'dgstatfs_objects{bucket="releases",mode="quick"}' 5
	assert_equal "$(value_of 'count(dgstatfs_build_info)')" 1
	assert_equal "$(value_of 'count(dgstatfs_up) without (mode)')" 1
	wait_until has_alerts 'DgstatfsDeltasWithoutReference firing'
	# every rule can be evaluated
	assert_equal "$(curl -sSf "http://$PROMETHEUS/api/v1/rules" |
		jq -r '.data.groups[].rules[] | select(.health != "ok")')" ''
	fault '{"class": "LIST", "status": 403, "code": "AccessDenied"}'
	refused 'Permission denied' read_quick
	wait_until has_alerts 'DgstatfsDeltasWithoutReference firing
DgstatfsFailing pending'
	stub_ctl DELETE faults
	stub_ctl PUT bucket/releases '[]'
	read_quick
	wait_until has_alerts ''
	assert_equal "$(value_of 'dgstatfs_objects{bucket="releases",mode="quick"}')" 0
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

	line=$(for_mount nagios.cfg | sed -n '/check_dg_age/{n;s/^ *command_line *//p}')
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

@test "negate: runs check_dgstat, and reads its state and its line" {
	local plugin=${DGSTATFS%dgstatfs}check_dgstat negate=/usr/lib/nagios/plugins/negate

	given
	run -2 "$negate" -s -o CRITICAL "$plugin" -H "$ENDPOINT" -B releases
	[[ $output == 'DGSTAT CRITICAL - releases: ratio '*' | ratio='* ]]
	run -0 "$negate" -u OK "$plugin" -H "$ENDPOINT" -B gamma
	[[ $output == 'DGSTAT UNKNOWN - gamma: '* ]]
}
