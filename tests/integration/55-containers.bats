#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# contrib/Containerfile and contrib/kubernetes: that they say what the programs are.

load lib
load mounts

CONTRIB=$HERE/../../contrib

setup_file() {
	local file

	for file in "$BATS_TEST_DIRNAME"/../../contrib/kubernetes/*.yaml; do
		"$BATS_TEST_DIRNAME/kubernetes.py" "$file"
	done >"$BATS_FILE_TMPDIR/objects"
}

object() {
	jq -c "select(.kind == \"$1\")" "$BATS_FILE_TMPDIR/objects"
}

given_stub() {
	start_stub
	stub_bucket alpha
	export AWS_ENDPOINT_URL=$ENDPOINT
}

@test "kubernetes: what is not of its API is found" {
	local wrong

	for wrong in 's/readinessProbe/readynessProbe/' 's/replicas: 1/replicas: "1"/' \
		's/"9961"/9961/' 's/^  selector:/  selectors:/' 's/    spec:/    sepc:/' \
		's/- --interval=5m/- --interval: 5m/' 's/  args:/args:/'; do
		sed "$wrong" "$CONTRIB/kubernetes/scrape.yaml" >"$BATS_TEST_TMPDIR/wrong.yaml"
		! cmp -s "$CONTRIB/kubernetes/scrape.yaml" "$BATS_TEST_TMPDIR/wrong.yaml"
		run -1 "$HERE/kubernetes.py" "$BATS_TEST_TMPDIR/wrong.yaml"
	done
	run -0 yamllint -d '{extends: default, rules: {line-length: {max: 100}}}' \
		"$CONTRIB/kubernetes"
}

@test "kubernetes: the Deployment's probes are answered, at the port that it names" {
	local args pod port path

	given_stub
	pod=$(object Deployment | jq -c '.spec.template')
	assert_equal "$(object Deployment | jq .spec.replicas)" 1
	mapfile -t args < <(jq -r '.spec.containers[0].args[]' <<<"$pod")
	port=$(jq '.spec.containers[0].ports[0].containerPort' <<<"$pod")
	[[ ${args[0]} == "--listen=0.0.0.0:$port" ]]
	assert_equal "$(jq -r '.metadata.annotations["prometheus.io/port"]' <<<"$pod")" "$port"
	assert_equal "$(object Service | jq '.spec.ports[0].port')" "$port"
	in_background "${DGSTATFS%fs}" "${args[@]/:$port/:0}" >"$BATS_TEST_TMPDIR/url"
	at_end end_process $!
	wait_until test -s "$BATS_TEST_TMPDIR/url"
	for path in $(jq -r '(.spec.containers[0] | .livenessProbe, .readinessProbe |
		.httpGet.path), .metadata.annotations["prometheus.io/path"]' <<<"$pod"); do
		wait_until curl -sSfo /dev/null "$(<"$BATS_TEST_TMPDIR/url")$path"
	done
}

@test "kubernetes: labels agree, nobody is root, and the keys are a Secret's" {
	assert_equal "$(object Deployment | jq -c '[.spec.selector.matchLabels,
		.spec.template.metadata.labels] | unique | length')" 1
	assert_equal "$(object Service | jq -c .spec.selector)" \
		"$(object Deployment | jq -c .spec.template.metadata.labels)"
	run -0 jq -s 'map(.. | select(.containers?)) | length == 2 and all(
		.securityContext.runAsNonRoot and .automountServiceAccountToken == false and
		(.containers[0] | .securityContext.allowPrivilegeEscalation == false and
		.securityContext.readOnlyRootFilesystem and .envFrom[0].secretRef.name == "dgstat" and
		(.env | map(.name) | any(test("KEY|SECRET|TOKEN")) | not)))' \
		"$BATS_FILE_TMPDIR/objects"
	assert_equal "$output" true
	run -0 grep -r 'image:' "$CONTRIB/kubernetes"
	[[ $output == *"/dgstat:$("${DGSTATFS%fs}" -V | cut -d ' ' -f 2)"* ]]
}

@test "kubernetes: the CronJob's command does what it is for" {
	local args

	given_stub
	mapfile -t args < <(object CronJob |
		jq -r '.spec.jobTemplate.spec.template.spec.containers[0].args[]')
	run -0 "${DGSTATFS%fs}" "${args[@]}"
	assert_equal "$(jq -c '[.bucket, .object_count]' <<<"$output")" '["alpha",1]'
	assert_equal "$(requests PUT stats_detailed.json)" 1
}

# --- the image -------------------------------------------------------------------------

# The words of an instruction and the lines that go on with it.
instructions() {
	sed -e ':more' -e '/\\$/{N;s/\\\n *//;b more' -e '}' "$CONTRIB/Containerfile" | grep "^$1 "
}

# packages N: what the Nth RUN installs
packages() {
	instructions RUN | grep -o 'no-install-recommends .*' | sed -n "$1p" |
		sed 's/no-install-recommends//; s/ && .*//' | xargs -n 1
}

# Those of the libraries that are linked, but for what every Debian has.
library_packages() {
	local names

	mapfile -t names < <(objdump -p "$DGSTATFS" "${DGSTATFS%fs}" |
		awk '$1 == "NEEDED" { print "*/" $2 }' | sort -u)
	dpkg-query -S "${names[@]}" | cut -d : -f 1 | sort -u |
		grep -vE '^lib(c6|asan|tsan|ubsan|gcc)'
}

@test "image: its packages are Debian's, those to build and those to run" {
	[[ $(packages 1) && $(packages 2) ]]
	{ packages 1 && packages 2; } | xargs dpkg-query -s >/dev/null
	assert_equal "$(packages 1 | sort)" \
		"$(printf '%s\n' "${BUILD_PACKAGES[@]}" | grep -vx fuse3 | sort)"
	run -1 grep -vxF -f <(packages 2) <(library_packages)
}

@test "image: all sources are in it, and it runs dgstat as nobody" {
	local path

	while read -r path; do
		[[ -e $HERE/../../$path ]] || fail "$path"
	done < <(instructions COPY | grep -v -e --from | sed 's/^COPY //; s/ [^ ]*$//' | xargs -n 1)
	# what make and automake ask for
	for path in $(sed -n 's/^AC_CONFIG_FILES(\[\(.*\)\])/\1/p' "$HERE/../../configure.ac"); do
		instructions COPY | grep -qE "[ /]${path%%/*}(\.am)? " || fail "$path"
	done
	assert_equal "$(instructions USER)" 'USER 65534:65534'
	assert_equal "$(instructions ENTRYPOINT)" 'ENTRYPOINT ["/usr/bin/dgstat"]'
	assert_equal "$(instructions EXPOSE)" 'EXPOSE 9961'
}

# A user without a name, a home, or anything to write to.
@test "image: dgstat needs neither a name nor a home nor a place to write" {
	given_stub
	run -0 as_nobody env -u HOME AWS_ENDPOINT_URL="$ENDPOINT" "${DGSTATFS%fs}" --json-lines
	assert_equal "$(jq -r .bucket <<<"$output")" alpha
}
