#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# dgstat --listen: the texts of a mount over HTTP, from memory, whoever asks and how.

load lib
load mounts
load alpha

# Serve what is at ENDPOINT: sets URL, PORT and PID.
listen() {
	local out=$BATS_TEST_TMPDIR/url

	: >"$out"
	in_background "${DGSTATFS%fs}" --endpoint-url="$ENDPOINT" --listen=127.0.0.1:0 \
		--request-timeout=1h --timeout=1h "$@" >"$out" 2>"$LOG"
	PID=$!
	at_end forget_service
	wait_until is_listening
	URL=$(<"$out")
	PORT=${URL##*:}
}

is_listening() {
	[[ -s $BATS_TEST_TMPDIR/url ]] || ! kill -0 "$PID" 2>/dev/null
}

forget_service() {
	end_process "$PID"
	assert_no_reports "$LOG"
}

get() {
	curl -sSf --max-time 100 "$URL$1"
}

# The status alone.
ask() {
	curl -sS -o /dev/null -w '%{http_code}' "$@"
}

is_ready() {
	[[ $(ask "$URL/-/ready") == 200 ]]
}

ends_with() {
	local status=0

	wait "$1" || status=$?
	[[ $status == "$2" ]] || fail "$status, not $2"
}

has_sample() {
	get /metrics | grep -qxF "$1"
}

@test "listen: metrics and status are the mount's, and promtool finds nothing wrong" {
	new_bucket
	s3 <<-END
		put $BUCKET v/reference.bin 500
		put $BUCKET v/1.delta 10 dg-file-size=600
		put $BUCKET file 5
	END
	listen --interval-modes=quick,detailed "$BUCKET"
	wait_until is_ready
	get /metrics >"$BATS_TEST_TMPDIR/served"
	run -0 promtool check metrics <"$BATS_TEST_TMPDIR/served"
	assert_equal "$output" ''
	mount_fs -o "bucket=$BUCKET"
	cat "$MNT/$BUCKET"/stats_{quick,detailed}.json >/dev/null
	assert_equal "$(grep -E '^dgstatfs_(objects|original_size_bytes|stored_size_bytes)' \
		"$BATS_TEST_TMPDIR/served")" \
		"$(grep -E '^dgstatfs_(objects|original_size_bytes|stored_size_bytes)' \
			"$MNT/.dgstatfs/metrics_all")"
	grep -xF "dgstatfs_objects{bucket=\"$BUCKET\",mode=\"detailed\"} 2" \
		"$BATS_TEST_TMPDIR/served"
	assert_equal "$(get /status | jq -c 'keys')" \
		"$(jq -c keys "$MNT/.dgstatfs/status.json")"
}

@test "listen: each path has its type, and there is nothing else" {
	local path

	given_stub
	listen
	for path in '/metrics:text/plain; version=0.0.4; charset=utf-8' \
		'/status:application/json' '/-/healthy:text/plain; charset=utf-8'; do
		run -0 curl -sSf -o /dev/null -w '%{http_code} %{content_type}' "$URL${path%%:*}"
		assert_equal "$output" "200 ${path#*:}"
		run -0 curl -sSfI "$URL${path%%:*}"
		[[ $output == *'Content-Type: '${path#*:}* && $output == *'Connection: close'* ]]
	done
	assert_equal "$(ask "$URL/metrics?a=b")" 200
	for path in / /metric /metrics/ /METRICS /-/ /-/reload /stats /alpha /%6detrics \
		'/metrics%00' /../metrics; do
		assert_equal "$path $(ask --path-as-is "$URL$path")" "$path 404"
	done
	for path in POST PUT DELETE OPTIONS PATCH TRACE NONSENSE; do
		run -0 curl -sS -X "$path" -D - "$URL/metrics" -d body
		[[ $output == 'HTTP/1.1 405'*'Allow: GET, HEAD'* ]] || fail "$path: $output"
	done
}

@test "listen: a scrape does not wait for the store, and is ready when that has told" {
	given_stub
	fault '{"class": "LIST", "path": "^/beta", "gate": "first"}'
	listen --interval=100ms
	wait_for_gate first
	wait_until has_sample 'dgstatfs_objects{bucket="alpha",mode="quick"} 11'
	run -22 get /-/ready
	assert_equal "$(curl -sS "$URL/-/ready")" 'not ready: 1 of 2 buckets were read'
	assert_equal "$(get /-/healthy)" 'dgstat is healthy'
	open_gate first
	wait_until is_ready
	wait_until has_sample 'dgstatfs_objects{bucket="beta",mode="quick"} 1'
	fault '{"gate": "all"}'
	wait_for_gate all
	sleep 1.1 # what is shared is older than that
	within 500 has_sample 'dgstatfs_objects{bucket="alpha",mode="quick"} 11'
	within 500 is_ready
	kill -TERM "$PID"
	within 1000 ends_with "$PID" 0
}

@test "listen: a bucket that fails is told of; where all fail nobody is ready" {
	given_stub
	fault '{"class": "LIST", "path": "^/beta", "status": 403, "code": "AccessDenied"}'
	listen --interval=1h --detailed
	wait_until is_ready
	run -0 get /metrics
	[[ $output == *'dgstatfs_original_size_bytes{bucket="alpha",mode="detailed"} 12005'* ]]
	assert_logged 1 'bucket=?.?beta.*403'
	# it never had a result, and an alert on it fires
	[[ $output == *'dgstatfs_up{bucket="beta",mode="detailed"} 0'* ]]
	[[ $output == *'dgstatfs_failures_total{bucket="beta",mode="detailed"} 1'* ]]
	[[ $output != *'size_bytes{bucket="beta"'* && $output != *'objects{bucket="beta"'* ]] ||
		fail "$output"
	kill -TERM "$PID"
	ends_with "$PID" 0
	fault '{"class": "LIST", "status": 403, "code": "AccessDenied"}' \
		'{"class": "LISTBUCKETS", "status": 403, "code": "AccessDenied"}'
	listen --interval=1h alpha
	wait_until is_not_ready_for 'not ready: 1 of 1 buckets were read, and no result'
	assert_equal "$(ask "$URL/metrics")" 200
	[[ $(get /metrics) == *'dgstatfs_up{bucket="alpha",mode="quick"} 0'* ]]
}

is_not_ready_for() {
	[[ $(curl -sS "$URL/-/ready") == "$1" ]]
}

@test "listen: a store without a bucket is ready, too" {
	start_stub
	listen
	wait_until is_ready
}

@test "listen: signals" {
	given_stub
	listen --log-level=info --interval=1h
	wait_until is_ready
	kill -HUP "$PID"
	assert_logged 1 'SIGHUP: the log is opened, keys and certificates are read again'
	kill -USR1 "$PID"
	assert_logged 1 'state: 2 buckets'
	assert_logged 1 'state: bucket=alpha mode=quick doing=idle'
	assert_equal "$(ask "$URL/metrics")" 200
	kill -TERM "$PID"
	within 1000 ends_with "$PID" 0
}

@test "listen: addresses, and what is wrong with them" {
	local address url

	given_stub
	for address in 127.0.0.1:0 :0 localhost:0 '[::1]:0' 0.0.0.0:0; do
		in_background "${DGSTATFS%fs}" --endpoint-url="$ENDPOINT" --listen="$address" \
			>"$BATS_TEST_TMPDIR/url" 2>"$LOG"
		PID=$!
		wait_until is_listening
		url=$(<"$BATS_TEST_TMPDIR/url")
		case $address in
		:0) [[ $url == http://127.0.0.1:* ]] ;;
		'[::1]:0') [[ $url == 'http://[::1]:'* ]] ;;
		0.0.0.0:0) [[ $url == http://0.0.0.0:* ]] ;;
		esac
		assert_equal "$(ask "$url/metrics")" 200
		kill "$PID"
		ends_with "$PID" 0
	done
	for address in 9961 localhost localhost: ::1:9961 '[::1]' '[]:1' 127.0.0.1:65536 :-1 \
		'a[b]:1' http://localhost:1 :x; do
		run -2 "${DGSTATFS%fs}" --listen="$address"
		assert_equal "$output" "dgstat: option listen: \"$address\" is not HOST:PORT, \
[IPV6]:PORT or :PORT"
	done
	run -2 "${DGSTATFS%fs}" --listen=
	run -1 "${DGSTATFS%fs}" --listen=no_such_host.invalid:1
	[[ $output == 'dgstat: listen: no_such_host.invalid: '* ]]
	run -1 "${DGSTATFS%fs}" --listen=192.0.2.1:0
	assert_equal "$output" \
		'dgstat: listen: 192.0.2.1 port 0: Cannot assign requested address'
	listen
	run -1 "${DGSTATFS%fs}" --listen=":$PORT"
	assert_equal "$output" "dgstat: listen: 127.0.0.1 port $PORT: Address already in use"
}

@test "listen: wrong usage is exit 2" {
	local option

	for option in --json --json-lines --document --bytes --integrity --sort=name --refresh --no-cache; do
		run -2 "${DGSTATFS%fs}" --listen=:0 "$option"
		[[ $output == *'--listen takes no option for what is printed'* ]]
	done
	for option in --interval=1m --interval-modes=quick; do
		run -2 "${DGSTATFS%fs}" "$option"
		[[ $output == *'are for --listen' ]]
	done
	run -2 "${DGSTATFS%fs}" --listen=:0 --interval=0
	run -2 "${DGSTATFS%fs}" --listen=:0 --detailed --interval-modes=quick
	run -1 bash -c '"$1" --listen=127.0.0.1:0 >/dev/full' _ "${DGSTATFS%fs}"
	assert_equal "$output" 'dgstat: standard output: No space left on device'
}

# --- clients -----------------------------------------------------------------------

start_slow() {
	in_background "$HERE/clients.py" slow "$PORT" "$1" >"$BATS_TEST_TMPDIR/slow"
	at_end end_process $!
	wait_until grep -qx open "$BATS_TEST_TMPDIR/slow"
}

@test "listen: clients who hold on keep nobody from an answer" {
	given_stub
	listen
	wait_until is_ready
	start_slow 200
	within 500 get /metrics >/dev/null
	kill $!
	# more than it takes: all have to go, the first ones soon
	start_slow 400
	within 3000 get /metrics >/dev/null
	[[ -z $LONG ]] || are_cut_off
}

# While there is room, after 10 s.
are_cut_off() {
	kill $!
	start_slow 8
	wait_until grep -q closed "$BATS_TEST_TMPDIR/slow"
	run -0 cat "$BATS_TEST_TMPDIR/slow"
	[[ ${lines[1]} =~ ^closed\ 1[0-4]\. ]] || fail "$output"
}

@test "listen: many clients at once" {
	given_stub
	listen
	wait_until is_ready
	curl -sS -Z --parallel-max 200 "$URL/metrics?[1-600]" -o /dev/null \
		-w '%{http_code}\n' 2>/dev/null | sort | uniq -c >"$BATS_TEST_TMPDIR/codes"
	assert_equal "$(xargs <"$BATS_TEST_TMPDIR/codes")" '600 200'
	# each text was made once a second
	start_clock
	for _ in {1..20}; do get /metrics; done | grep -c ^dgstatfs_objects
	assert_took 2000
}

@test "listen: what is no request does no harm" {
	given_stub
	listen
	wait_until is_ready
	run -0 "$HERE/clients.py" garbage "$PORT" 300
	jq -e '(keys - ["", "200", "400", "404", "405", "411", "413", "414", "431", "501", "505"]) == []
		and .["400"] > 20' <<<"$output" || fail "$output"
	assert_equal "$(ask "$URL/metrics")" 200
	kill "$PID"
	ends_with "$PID" 0
}

@test "listen: a real Prometheus scrapes it, while the store hangs, too" {
	given_stub
	listen --interval=1s
	wait_until is_ready
	start_prometheus
	wait_until is_stored 'dgstatfs_objects{bucket="alpha",mode="quick"}' 11
	fault '{"gate": "all"}'
	wait_for_gate all
	# that many more have succeeded
	wait_until is_stored "sum_over_time(up[5m]) > ${LONG:+10}5 + $(query 'sum_over_time(up[5m])')" \
		'[0-9]+'
}

start_prometheus() {
	local dir=$BATS_TEST_TMPDIR/prometheus

	mkdir "$dir"
	cat >"$dir/prometheus.yml" <<-END
		global: {scrape_interval: 200ms, scrape_timeout: 200ms}
		scrape_configs:
		- {job_name: dgstat, static_configs: [{targets: ["127.0.0.1:$PORT"]}]}
	END
	in_background prometheus --config.file="$dir/prometheus.yml" \
		--storage.tsdb.path="$dir/data" --web.listen-address=127.0.0.1:0 \
		>"$dir/log" 2>&1
	at_end end_process $!
	wait_until grep -q 'Listening on.*address=127' "$dir/log"
	PROMETHEUS=http://$(sed -n 's/.*Listening on.*address=\(127[0-9.:]*\).*/\1/p;T;q' "$dir/log")
	wait_until curl -sSfo /dev/null "$PROMETHEUS/-/ready"
}

query() {
	curl -sSfG "$PROMETHEUS/api/v1/query" --data-urlencode "query=$1" |
		jq -r '.data.result[].value[1]'
}

is_stored() {
	[[ $(query "$1") =~ ^$2$ ]]
}
