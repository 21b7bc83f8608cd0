#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The rows of faults.table for which the answers are those of the real gateway, behind a
# proxy that makes the fault: is a store that misbehaves what the stub takes it for?  The
# program does the same as in 40-faults.bats, so sanitizers leave these out.

load lib
load documents
load faults

# --- from faults.table: tests/lint/faults --write -----------------------------------
@test "fault: answer never comes, on the gateway" { row; }
@test "fault: answer stops half-way, on the gateway" { row; }
@test "fault: a head that comes byte by byte, on the gateway" { row; }
@test "fault: a head that never ends, on the gateway" { row; }
@test "fault: no HEAD is answered, on the gateway" { row; }
@test "fault: two HEADs of forty are never answered, on the gateway" { row; }
@test "fault: every page slow, on the gateway" { row; }
@test "fault: reset before the answer, once, on the gateway" { row; }
@test "fault: reset in the head, once, on the gateway" { row; }
@test "fault: reset in the body, once, on the gateway" { row; }
@test "fault: reset of a HEAD, once, on the gateway" { row; }
@test "fault: reset before every answer, on the gateway" { row; }
@test "fault: reset in every head, on the gateway" { row; }
@test "fault: reset in every body, on the gateway" { row; }
@test "fault: Content-Length too large, once, on the gateway" { row; }
@test "fault: Content-Length too large, on the gateway" { row; }
@test "fault: Content-Length too small, on the gateway" { row; }
@test "fault: head of a HEAD cut, once, on the gateway" { row; }
@test "fault: head of a listing cut, once, on the gateway" { row; }
@test "fault: every HEAD cut in its head, on the gateway" { row; }
@test "fault: every listing cut in its head, on the gateway" { row; }
@test "fault: listing without a length cut in its body, once, on the gateway" { row; }
@test "fault: listing without a length cut in its body, on the gateway" { row; }
@test "fault: listing without a length, whole, on the gateway" { row; }
@test "fault: a folded field, on the gateway" { row; }
@test "fault: a field twice, the same, on the gateway" { row; }
@test "fault: a field twice, with two values, once, on the gateway" { row; }
@test "fault: a field twice, with two values, on the gateway" { row; }
@test "fault: two ETags, on the gateway" { row; }
@test "fault: a blank before the colon, once, on the gateway" { row; }
@test "fault: a blank before the colon, on the gateway" { row; }
@test "fault: a field without a name, on the gateway" { row; }
@test "fault: a line without a colon, on the gateway" { row; }
@test "fault: a status line among the fields, once, on the gateway" { row; }
@test "fault: a status line among the fields, on the gateway" { row; }
@test "fault: a control character, on the gateway" { row; }
@test "fault: status 503 for 1 %, on the gateway" { row; }
@test "fault: status 503 for 5 %, on the gateway" { row; }
@test "fault: status 503 for all, on the gateway" { row; }
@test "fault: status 200 with SlowDown, once, on the gateway" { row; }
@test "fault: status 200 with SlowDown, on the gateway" { row; }
@test "fault: status 200 with AccessDenied, on the gateway" { row; }
@test "fault: token expires in the middle of the HEADs, on the gateway" { row; }
@test "fault: refused in the middle of the HEADs, on the gateway" { row; }
@test "fault: object deleted before its HEAD, on the gateway" { row; }
@test "fault: bucket deleted in the middle of the HEADs, on the gateway" { row; }
@test "fault: object replaced before its HEAD, on the gateway" { row; }
@test "fault: a HEAD says 404 that is not so, once, on the gateway" { row; }
@test "fault: all HEADs say 404, on the gateway" { row; }
@test "fault: a HEAD answered with a bare 200, once, on the gateway" { row; }
@test "fault: HEADs answered with a bare 200, on the gateway" { row; }
@test "fault: HEADs answered with an empty page, on the gateway" { row; }
@test "fault: HEADs answered with a page of HTML, on the gateway" { row; }
@test "fault: a HEAD answered with another object's, once, on the gateway" { row; }
@test "fault: status 301 to another region, on the gateway" { row; }
@test "fault: status 301 to nowhere, on the gateway" { row; }
@test "fault: token missing, on the gateway" { row; }
@test "fault: common prefixes instead of keys, on the gateway" { row; }
@test "fault: common prefixes instead of keys, once, on the gateway" { row; }
@test "fault: a delimiter that nobody asked for, and that was not applied, on the gateway" { row; }
@test "fault: only a part of the bucket: a prefix, on the gateway" { row; }
@test "fault: a listing of another bucket, on the gateway" { row; }
@test "fault: a listing of another bucket, once, on the gateway" { row; }
@test "fault: a name with a path and a host around it, on the gateway" { row; }
@test "fault: the last page, and a token, on the gateway" { row; }
@test "fault: more keys than were counted, on the gateway" { row; }
@test "fault: fewer keys than were counted, on the gateway" { row; }
@test "fault: words and numbers with blanks around them, on the gateway" { row; }
@test "fault: a size that is negative, on the gateway" { row; }
@test "fault: a size of 2^63, on the gateway" { row; }
@test "fault: a key of 10 MB, on the gateway" { row; }
@test "fault: no XML, on the gateway" { row; }
@test "fault: an empty answer, on the gateway" { row; }
@test "fault: a page of HTML, on the gateway" { row; }
@test "fault: XML of something else, on the gateway" { row; }
@test "fault: XML that ends too early, on the gateway" { row; }
@test "fault: XML bomb of entities, on the gateway" { row; }
@test "fault: XML bomb of depth, on the gateway" { row; }
@test "fault: compressed, though nobody asked, on the gateway" { row; }
@test "fault: header fields of 1 MB, on the gateway" { row; }
@test "fault: a listing says NoSuchKey, on the gateway" { row; }
@test "fault: a listing is a 404 in HTML, on the gateway" { row; }
@test "fault: PUT reset, on the gateway" { row; }
# --- end of what is from faults.table ------------------------------------------------
