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
           epoch=N        of this one (0)
           order=reversed
       memo.py check-index BUCKET INDEX [PACK...]
                          all is well with an index, and with the packs that it names;
                          prints how many blocks, deltas, records in it and in packs,
                          and deltas that are told one by one, if there are any
       memo.py epoch FILE the epoch of a base or of an index
       memo.py index BUCKET [size=N] [at=N] [version=N] [epoch=N] < LIST > FILE
                          likewise an index, which has the records, too
           every=N        in blocks of so many deltas, whatever they are
           each=N         that say so many of themselves, and have no records
           slots=N into=DIR   their records lie in so many packs, each in the next one
"""
import hashlib
import re
import struct
import sys
from urllib.parse import unquote_to_bytes

NONE = (1 << 40) - 1


def digest(line):
    key, size, etag, modified = line.rstrip("\n").split("\t")
    text = b"\0".join([unquote_to_bytes(key), size.encode(), etag.strip('"').encode(),
                       modified.encode()])
    return hashlib.sha256(text).digest()


def identity(line):
    return digest(line)[16:27]


def checksum(bucket, data):
    return hashlib.sha256(bucket.encode() + b"\0" + data).digest()


def check(bucket, base_path, *recent_path):
    base = b"\0" * 32
    for path in (base_path, *recent_path):
        data = open(path, "rb").read()
        magic, version, count, _, _, of = struct.unpack(">8sIIqQ32s", data[:64])
        assert (magic, version, of) == (b"DGMEMO\r\n", 1, base), path
        assert len(data) == 96 + 16 * count, path
        assert data[-32:] == checksum(bucket, data[:-32]), path
        ids = [data[i:i + 11] for i in range(64, len(data) - 32, 16)]
        assert ids == sorted(set(ids)), path
        base = data[-32:]
        print(count)


def make(bucket, size="1", at="0", version="1", base="00" * 32, order="", epoch="0"):
    records = sorted(identity(line) + int(size).to_bytes(5, "big")
                     for line in sys.stdin if not line.startswith(".deltaglider/"))
    if order == "reversed":
        records.reverse()
    data = struct.pack(">8sIIqQ", b"DGMEMO\r\n", int(version), len(records), int(at), int(epoch))
    data += bytes.fromhex(base) + b"".join(records)
    sys.stdout.buffer.write(data + checksum(bucket, data))


# --- by blocks -----------------------------------------------------------------------


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def bytes(self, n):
        self.at += n
        assert self.at <= len(self.data)
        return self.data[self.at - n:self.at]

    def varint(self):
        n = shift = 0
        while True:
            byte = self.bytes(1)[0]
            n |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return n


def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])


def check_odds(r):
    """How many there are."""
    key, n = b"", 0
    while r.at < len(r.data):
        key = key[:r.varint()] + r.bytes(r.varint())
        size, original = r.varint(), r.varint()
        assert key.endswith(b".delta") and original <= size + 1
        n += 1
    return n


def check_index(bucket, path, *pack_paths):
    packs = {int(re.search(r"(\d{3})(\.bin)?$", p)[1]): open(p, "rb").read()
             for p in pack_paths}
    data = open(path, "rb").read()
    magic, version, count, _, _, _, _ = struct.unpack(">8sIIqqIQ", data[:44])
    assert (magic, version) == (b"DGINDEX\n", 1)
    assert data[-32:] == checksum(bucket, data[:-32])
    r = Reader(data[44:-32])
    key, n_deltas, n_inside, n_packed, n_odds = b"", 0, 0, 0, 0
    for _ in range(count):
        before = key
        key = key[:r.varint()] + r.bytes(r.varint())
        assert key > before
        r.bytes(16)
        n_deltas += r.varint()
        flags = r.bytes(1)[0]
        assert flags < 8
        r.varint()
        n_odds += check_odds(Reader(r.bytes(r.varint()))) if flags & 2 else 0
        for _ in range(r.varint()):
            slot, first, n = r.varint(), r.varint(), r.varint()
            part = packs[slot][16 + 16 * first:][:16 * n]
            assert packs[slot][:16] == b"DGPACK\r\n\0\0\0\1\0\0\0\0"
            assert checksum(bucket, part)[:8] == r.bytes(8)
            n_packed += n
        n = r.varint()
        r.bytes(16 * n)
        n_inside += n
    assert r.at == len(r.data)
    print(count, n_deltas, n_inside, n_packed, *[n_odds] * (n_odds > 0))


def block(deltas, before, size, each):
    key = deltas[-1][0]
    common = 0
    while common < min(len(key), len(before)) and key[common] == before[common]:
        common += 1
    total = sum(int.from_bytes(d[:16], "big") for _, d in deltas) % (1 << 128)
    return (varint(common) + varint(len(key) - common) + key[common:]
            + total.to_bytes(16, "big") + varint(each or len(deltas)) + b"\0"
            + varint(size * len(deltas)) + varint(0) + varint(0 if each else len(deltas))
            + b"".join(d[16:27] + size.to_bytes(5, "big") for _, d in deltas if not each))


def epoch(path):
    data = open(path, "rb").read()
    print(int.from_bytes(data[24:32] if data[:6] == b"DGMEMO" else data[36:44], "big"))


class Packs:
    """One record after the other, each in the next pack."""

    def __init__(self, bucket, slots):
        self.bucket, self.turn = bucket, 0
        self.packs = [b"DGPACK\r\n\0\0\0\1\0\0\0\0"] * slots

    def add(self, record):
        self.turn = slot = (self.turn + 1) % len(self.packs)
        self.packs[slot] += record
        return (varint(slot) + varint(len(self.packs[slot]) // 16 - 2) + varint(1)
                + checksum(self.bucket, record)[:8])

    def move(self, one, n):
        """Those at the end of a block, in front of which stand two numbers."""
        extents = [self.add(one[i:i + 16]) for i in range(len(one) - 16 * n, len(one), 16)]
        return one[:-16 * n - 1 - len(varint(n))] + varint(n) + b"".join(extents) + varint(0)

    def write(self, directory):
        for slot, data in enumerate(self.packs):
            with open(f"{directory}/originals_{slot:03}.bin", "wb") as file:
                file.write(data)


def index(bucket, size="1", at="0", version="1", every="0", each="0", slots="0", into=None,
          epoch="0"):
    deltas = sorted((unquote_to_bytes(line.split("\t")[0]), digest(line))
                    for line in sys.stdin if line.split("\t")[0].endswith(".delta"))
    blocks = [[]]
    for one in deltas:
        blocks[-1].append(one)
        if (len(blocks[-1]) == int(every) if int(every)
                else int.from_bytes(one[1][-4:], "big") % 1024 == 0):
            blocks.append([])
    blocks = [b for b in blocks if b]
    data = struct.pack(">8sIIqqIQ", b"DGINDEX\n", int(version), len(blocks), int(at), int(at), 0,
                       int(epoch))
    before, packs = b"", Packs(bucket, int(slots))
    for b in blocks:
        one = block(b, before, int(size), int(each))
        data += packs.move(one, len(b)) if into else one
        before = b[-1][0]
    if into:
        packs.write(into)
    sys.stdout.buffer.write(data + checksum(bucket, data))


CALLS = {"make": make, "index": index}
if sys.argv[1] == "check":
    check(*sys.argv[2:])
elif sys.argv[1] == "check-index":
    check_index(*sys.argv[2:])
elif sys.argv[1] == "epoch":
    epoch(*sys.argv[2:])
else:
    CALLS[sys.argv[1]](sys.argv[2], **dict(pair.split("=", 1) for pair in sys.argv[3:]))
