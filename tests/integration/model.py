#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What stats files must say of a bucket, worked out the plain way.

usage: model.py BUCKET FILE...

FILE ends in stats_MODE.json.  Each is read, once, and compared byte for byte
with the document that follows from what boto3 sees in the bucket; differences
are printed and are a failure.  Only `computed_at` is taken from FILE.

Or it is a status.json, of which `integrity` is compared; whether it knows of
originals is taken from FILE, too.

It shares no code and no method with the program: all objects in memory, one
dictionary of deltaspaces, integers without an end, Python's own ratio.  Of the
environment S3_ENDPOINT, S3_KEY and S3_SECRET count, as in s3.py.
"""
import difflib
import hashlib
import json
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

MAX = 2**63 - 1
ALIASES = ["dg-file-size", "dg_file_size", "file_size", "file-size",
           "deltaglider-original-size"]
# Not what the program asks for: a key that XML can't carry must not end a page
# of both.
PAGE_SIZE = 700
LENGTH = 1024
# Of what is wrong with a bucket: deltaspaces told of, and how much of a key.
SPACES = 20
KEY_LENGTH = 400

TEXT = """\
{
  "version": "1.0",
  "mode": "%(mode)s",
  "computed_at": "%(computed_at)s",
  "validation": {
    "object_count": %(all_objects)d,
    "compressed_size": %(all_bytes)d,
    "fingerprint": "%(fingerprint)032x"
  },
  "stats": {
    "bucket": "%(bucket)s",
    "object_count": %(object_count)d,
    "total_size": %(total_size)d,
    "compressed_size": %(compressed_size)d,
    "space_saved": %(space_saved)d,
    "average_compression_ratio": %(ratio)s,
    "delta_objects": %(delta_objects)d,
    "direct_objects": %(direct_objects)d
  },
  "accuracy": { "exact_deltas": %(exact)d, "sampled_deltas": %(sampled)d, \
"estimated_deltas": %(estimated)d }
}
"""


def connect():
    return boto3.client(
        "s3",
        endpoint_url=os.environ["S3_ENDPOINT"],
        aws_access_key_id=os.environ.get("S3_KEY", "testkey"),
        aws_secret_access_key=os.environ.get("S3_SECRET", "testsecret"),
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, proxies={},
                      max_pool_connections=16),
    )


class Object:
    def __init__(self, listed):
        self.name = listed["Key"]
        self.key = listed["Key"].encode()
        self.size = listed["Size"]
        self.etag = listed.get("ETag", "").strip('"')
        moment = listed["LastModified"].isoformat(timespec="milliseconds")
        self.last_modified = moment.replace("+00:00", "Z")
        self.space = self.key[:self.key.rfind(b"/") + 1]
        self.is_delta = self.key.endswith(b".delta")
        self.is_reference = self.key == self.space + b"reference.bin"

    def digest(self):
        parts = [self.key, str(self.size).encode(), self.etag.encode(),
                 self.last_modified.encode()]
        return int.from_bytes(hashlib.sha256(b"\0".join(parts)).digest()[:16], "big")


def list_bucket(s3, bucket):
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": PAGE_SIZE})
    objects = [Object(one) for page in pages for one in page.get("Contents", [])]
    return [one for one in objects if not one.key.startswith(b".deltaglider/")]


def original_size(s3, bucket, delta):
    """What the metadata of a delta says, or None."""
    try:
        metadata = s3.head_object(Bucket=bucket, Key=delta.name)["Metadata"]
    except ClientError as e:
        if e.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return None
        raise
    for alias in ALIASES:
        if metadata.get(alias):
            is_number = re.fullmatch("[0-9]+", metadata[alias])
            return int(metadata[alias]) if is_number and int(metadata[alias]) <= MAX else None
    return None


def shortest(ratio):
    text = repr(ratio)
    return text[:-2] if text.endswith(".0") else text


def filled_up(text):
    """Blanks bring all lines but the last to one width, as far as they suffice."""
    *lines, last = text.splitlines()
    width, missing = 0, LENGTH - len(text)
    while missing:
        width += 1
        for i, line in enumerate(lines):
            if len(line) < width and missing:
                lines[i] += " "
                missing -= 1
    return "\n".join([*lines, last, ""])


def told_key(key):
    """As a member of JSON; a character is cut as a whole, with its escape."""
    try:
        pieces = [(c, len(json.dumps(c, ensure_ascii=False).encode()) - 2)
                  for c in key.decode()]
        # we write the long form of all control characters
        pieces = [(c, 6 if c < " " else n) for c, n in pieces]
        is_encoded = False
    except UnicodeDecodeError:
        pieces = [(text, len(text)) for text in (quote(bytes([b]), safe="/") for b in key)]
        is_encoded = True
    shown, left = "", KEY_LENGTH
    for text, length in pieces:
        left -= length
        if left < 0:
            break
        shown += text
    return {"key": shown, "is_url_encoded": is_encoded, "is_cut": left < 0}


def told_spaces(objects):
    """The first ones by prefix, each with its first key and how many it has."""
    spaces = {}
    for one in objects:
        spaces.setdefault(one.space, []).append(one.key)
    return [{"objects": len(spaces[space]), **told_key(min(spaces[space]))}
            for space in sorted(spaces)[:SPACES]]


class Model:
    def __init__(self, bucket):
        self.s3 = connect()
        self.bucket = bucket
        self.objects = list_bucket(self.s3, bucket)
        self.deltas = [one for one in self.objects if one.is_delta]
        self.references = {one.space: one.size for one in self.objects
                           if one.is_reference}
        self.directs = [one for one in self.objects
                        if not one.is_delta and not one.is_reference]
        self.first_of = {}
        for one in sorted(self.deltas, key=lambda one: one.key, reverse=True):
            self.first_of[one.space] = one
        self.heads = {}

    def head(self, deltas):
        missing = [one for one in deltas if one.key not in self.heads]
        with ThreadPoolExecutor(16) as pool:
            sizes = pool.map(lambda one: original_size(self.s3, self.bucket, one), missing)
            self.heads.update(zip((one.key for one in missing), sizes))

    def asked_for(self, mode, delta):
        """The delta whose metadata counts for this one."""
        return {"quick": None, "sampled": self.first_of[delta.space],
                "detailed": delta}[mode]

    def figures(self, mode):
        count = {"exact": 0, "sampled": 0, "estimated": 0}
        total = sum(one.size for one in self.directs)
        for delta in self.deltas:
            asked = self.asked_for(mode, delta)
            size = self.heads[asked.key] if asked else None
            if size is None:
                size = self.references.get(delta.space, delta.size)
                count["estimated"] += 1
            else:
                count["exact" if asked is delta else "sampled"] += 1
            total += size
        stored = sum(one.size for one in self.directs + self.deltas)
        if self.deltas:
            stored += sum(self.references.values())
        total, stored = min(total, MAX), min(stored, MAX)
        saved = max(0, total - stored)
        return {
            "object_count": len(self.deltas) + len(self.directs),
            "total_size": total, "compressed_size": stored, "space_saved": saved,
            "ratio": shortest(float(saved) / float(total)) if saved else "0",
            "delta_objects": len(self.deltas), "direct_objects": len(self.directs),
            **count,
        }

    def flaws(self, knows_originals):
        flaws = {
            "deltas_without_reference": [one for one in self.deltas
                                         if one.space not in self.references],
            "orphaned_references": [one for one in self.objects if one.is_reference
                                    and one.space not in self.first_of],
            "empty_deltas": [one for one in self.deltas if one.size == 0],
            "deltas_not_smaller": None,
        }
        if knows_originals:
            self.head(self.deltas)
            flaws["deltas_not_smaller"] = [
                one for one in self.deltas if self.heads[one.key] is not None
                and one.size >= self.heads[one.key]]
        return {
            name: {flaw: None if found is None else function(found)
                   for flaw, found in flaws.items()}
            for name, function in {
                "objects": len,
                "bytes": lambda found: min(sum(one.size for one in found), MAX),
                "deltaspaces": told_spaces,
            }.items()}

    def text(self, mode, computed_at):
        if mode != "quick":
            self.head({self.asked_for(mode, one) for one in self.deltas})
        return filled_up(TEXT % {
            "mode": mode, "computed_at": computed_at, "bucket": self.bucket,
            "all_objects": len(self.objects),
            "all_bytes": min(sum(one.size for one in self.objects), MAX),
            "fingerprint": sum(one.digest() for one in self.objects) % 2**128,
            **self.figures(mode),
        })


def differences(model, path):
    mode = re.search(r"stats_([a-z]+)\.json$", path).group(1)
    with open(path, "rb") as file:
        shown = file.read().decode()
    when = re.search(r'"computed_at": "(\d{4}(-\d\d){2}T\d\d(:\d\d){2}Z)"', shown)
    expected = model.text(mode, when.group(1) if when else "a date")
    return list(difflib.unified_diff(expected.splitlines(True), shown.splitlines(True),
                                     "expected", path))


def status_differences(model, path):
    with open(path, encoding="utf-8") as file:
        shown = json.load(file)["integrity"]
    del shown["listed_at"]
    knows_originals = shown["objects"]["deltas_not_smaller"] is not None
    texts = [json.dumps(one, indent=1, ensure_ascii=False).splitlines(True)
             for one in (model.flaws(knows_originals), shown)]
    return list(difflib.unified_diff(*texts, "expected", path))


def main():
    model = Model(sys.argv[1])
    found = [line for path in sys.argv[2:]
             for line in (status_differences if path.endswith("status.json")
                          else differences)(model, path)]
    sys.stdout.writelines(found)
    sys.exit(bool(found) or len(sys.argv) < 3)


main()
