#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The memo of original sizes in a bucket, as dgstatfs(5) tells it: shares no code.

usage: memo.py check BUCKET BASE [RECENT]   all is well with these files; prints how
                                            many records each has
       memo.py make BUCKET [NAME=VALUE...] < LIST > FILE
                          a base of what is listed, as `s3.py ls` prints it, in which
                          all have the same original size
           size=N         that one (1)
           at=N           written then (0)
           version=N      of that version of the format
           base=HEX       that belongs to this base
           order=reversed
"""
import hashlib
import struct
import sys
from urllib.parse import unquote_to_bytes

NONE = (1 << 40) - 1


def identity(line):
    key, size, etag, modified = line.rstrip("\n").split("\t")
    text = b"\0".join([unquote_to_bytes(key), size.encode(), etag.strip('"').encode(),
                       modified.encode()])
    return hashlib.sha256(text).digest()[16:27]


def checksum(bucket, data):
    return hashlib.sha256(bucket.encode() + b"\0" + data).digest()


def check(bucket, base_path, *recent_path):
    base = b"\0" * 32
    for path in (base_path, *recent_path):
        data = open(path, "rb").read()
        magic, version, count, _, zero, of = struct.unpack(">8sIIqq32s", data[:64])
        assert (magic, version, zero, of) == (b"DGMEMO\r\n", 1, 0, base), path
        assert len(data) == 96 + 16 * count, path
        assert data[-32:] == checksum(bucket, data[:-32]), path
        ids = [data[i:i + 11] for i in range(64, len(data) - 32, 16)]
        assert ids == sorted(set(ids)), path
        base = data[-32:]
        print(count)


def make(bucket, size="1", at="0", version="1", base="00" * 32, order=""):
    records = sorted(identity(line) + int(size).to_bytes(5, "big")
                     for line in sys.stdin if not line.startswith(".deltaglider/"))
    if order == "reversed":
        records.reverse()
    data = struct.pack(">8sIIqq", b"DGMEMO\r\n", int(version), len(records), int(at), 0)
    data += bytes.fromhex(base) + b"".join(records)
    sys.stdout.buffer.write(data + checksum(bucket, data))


if sys.argv[1] == "check":
    check(*sys.argv[2:])
else:
    make(sys.argv[2], **dict(pair.split("=", 1) for pair in sys.argv[3:]))
