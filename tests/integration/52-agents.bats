#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Prometheus on a mount, with what contrib/agents has for it; 53-more-agents.bats has others.

load lib
load mounts
load agents

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
	[[ $output == *'SUCCESS: 13 rules found'* ]] || fail "$output"
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
	given -o price_list=5
	read_quick
	cat "$MNT/.dgstatfs/metrics_all" >"$BATS_TEST_TMPDIR/metrics"
	local names file name
	for file in "$AGENTS"/{prometheus-alerts.yml,grafana-dashboard.json}; do
		names=$(grep -oE 'dgstatfs_[a-z_]+|flaw=\\?"[a-z_]+' "$file" | tr -d '\\' | sort -u)
		[[ -n $names ]]
		for name in $names; do
			grep -qF "$name" "$BATS_TEST_TMPDIR/metrics" || fail "${file##*/}: $name"
		done
	done
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
	# of the mount itself: the flag's pattern matches a name that begins with a dot
	grep -F 'dgstatfs_build_info{version="' <<<"$output"
	[[ $output == *"node_textfile_mtime_seconds{file=\"$MNT/.dgstatfs/metrics.prom\"}"* ]]
	[[ $output != *metrics_all* ]]
	stub_ctl PUT bucket/other '[]'
	cat "$MNT/other/stats_quick.json" >/dev/null
	scrape | grep -xF 'dgstatfs_objects{bucket="other",mode="quick"} 0'
}

@test "node_exporter: a symlink to metrics_all reads them, too" {
	given
	read_quick
	mkdir "$BATS_TEST_TMPDIR/textfiles"
	ln -s "$MNT/.dgstatfs/metrics_all" "$BATS_TEST_TMPDIR/textfiles/dgstatfs.prom"
	start_node_exporter "$BATS_TEST_TMPDIR/textfiles"
	run -0 scrape
	[[ $output == *$'\nnode_textfile_scrape_error 0\n'* ]] || fail "$output"
	grep -xF 'dgstatfs_objects{bucket="releases",mode="quick"} 5' <<<"$output"
	grep -F 'dgstatfs_build_info{version="' <<<"$output"
}
