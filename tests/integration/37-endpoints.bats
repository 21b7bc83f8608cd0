#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Where requests are sent, for which region, and who says so.

load lib

PEM=$BATS_TEST_TMPDIR/pem

# A certificate of its own for 127.0.0.1.
new_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$PEM.key" -out "$PEM.crt" 2>/dev/null
	cat "$PEM.key" "$PEM.crt" >"$PEM"
}

@test "endpoint, region and style are those that botocore picks" {
	local step=1

	new_certificate
	[[ $SANITIZER == none ]] || step=9
	"$HERE/botocore-endpoints.py" "$DGSTATFS" "$BATS_TEST_TMPDIR" "$PEM.crt" "$step"
}
