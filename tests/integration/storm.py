#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Reads while one request in twenty goes wrong, in every way there is.

usage: storm.py MOUNTPOINT ENDPOINT READS

ENDPOINT is a stub-s3, without faults at the end.  Each thread has a bucket of its
own, so it knows what each read must give: the right figures, or an error.  Every
third read is told to compute anew, and every tenth finds a changed bucket.
Prints what came of it, as JSON: {"right": N, "EIO": N, ...}, or fails with the
first figures that are wrong.
"""
import errno
import json
import random
import sys
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

BUCKETS = 4
MODES = ["quick", "sampled", "detailed"]
PERCENT = 5
DELTA, REFERENCE, DIRECT = 10, 500, 7

EVERYWHERE = [
    {"status": 500, "code": "InternalError"},
    {"status": 503, "code": "SlowDown", "headers": {"Retry-After": "0"}},
    {"status": 429, "headers": {"Retry-After": "0"}},
    {"status": 403, "code": "AccessDenied"},
    {"status": 403, "code": "RequestTimeTooSkewed"},
    {"status": 400, "code": "ExpiredToken"},
    {"status": 301, "headers": {"Location": "http://127.0.0.1:1/"}},
    {"status": 301, "headers": {"x-amz-bucket-region": "eu-2"}},
    {"status": 302}, {"status": 418}, {"status": 204}, {"status": 206},
    {"raw": "220 ready\r\n"},
    {"drop": "before"}, {"drop": "head"}, {"drop": "body"},
    {"cut": 100}, {"delay": 0.05}, {"gate": "never"},
    {"set_headers": {"Content-Length": "100000"}, "cut": 100000},
    {"set_headers": {"X-Long": "%{100000:x}"}},
]
OF_LISTINGS = [
    {"status": 404, "code": "NoSuchBucket"},
    {"status": 200, "code": "SlowDown"}, {"status": 200, "code": "AccessDenied"},
    {"status": 200}, {"status": 200, "body": "hello"},
    {"status": 200, "body": "<!DOCTYPE html><html><p>Log in</html>"},
    {"set_headers": {"Content-Length": "500"}}, {"gzip": True},
    {"ask": ["continuation-token=[^&]*&?", ""]},
    {"ask": ["max-keys=1000", "max-keys=0"]},
    {"sub": ["(<NextContinuationToken>)[^<]*", "\\1same"]},
    {"sub": ["<NextContinuationToken>[^<]*</NextContinuationToken>", ""]},
    {"sub": ["<IsTruncated>[^<]*</IsTruncated>", ""]},
    {"sub": ["<Size>", "<Size>-"]},
    {"sub": ["<Size>[0-9]*", "<Size>9223372036854775808"]},
    {"sub": ["<Key>", "<Key>%{100000:k}"]},
    {"sub": ["</Contents>", ""]}, {"sub": ["</ListBucketResult>", ""]},
    {"sub": ["ListBucketResult", "Other"]},
    {"sub": ["<ListBucketResult", "<!DOCTYPE l [<!ENTITY x \"y\">]><ListBucketResult"]},
]
OF_HEADS = [{"set_headers": {"ETag": '"other"'}},
            {"set_headers": {"Last-Modified": None, "ETag": None}}]
OF_DOCUMENTS = [
    {"status": 200}, {"status": 200, "body": "{}"},
    {"status": 200, "body": "%{2000000: }"}, {"gzip": True},
    {"sub": ["object_count", "object_count_"]},
    {"sub": ['"bucket": "', '"bucket": "x']},
    {"sub": ['"version": "1.0"', '"version": "2.0"']},
]


def control(endpoint, method, call, value=None):
    data = None if value is None else json.dumps(value).encode()
    request = urllib.request.Request(f"{endpoint}/_stub/{call}", data, method=method)
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def all_faults():
    """As many of each class of requests as there are kinds of faults for it."""
    of = [("LIST", EVERYWHERE + OF_LISTINGS), ("HEAD", EVERYWHERE + OF_HEADS),
          ("GET", EVERYWHERE + OF_DOCUMENTS), ("PUT", EVERYWHERE)]
    for kind, faults in of:
        for fault in faults:
            yield {"class": kind, "percent": PERCENT / len(faults), **fault}


class Bucket:
    def __init__(self, endpoint, name):
        self.endpoint, self.name = endpoint, name
        self.random = random.Random(name)
        self.change()

    def change(self):
        self.deltas, self.directs = self.random.randint(3, 15), self.random.randint(0, 9)
        self.original = self.random.randint(501, 5000)
        control(self.endpoint, "PUT", f"bucket/{self.name}", [
            {"key": "a/%02d.delta", "count": self.deltas, "size": DELTA,
             "meta": {"dg-file-size": str(self.original)}},
            {"key": "a/reference.bin", "size": REFERENCE},
            {"key": "b/%02d", "count": self.directs, "size": DIRECT}])

    def figures(self, mode):
        direct = self.directs * DIRECT
        each = REFERENCE if mode == "quick" else self.original
        total = direct + self.deltas * each
        stored = direct + self.deltas * DELTA + REFERENCE
        saved = max(0, total - stored)
        return {"bucket": self.name, "object_count": self.deltas + self.directs,
                "total_size": total, "compressed_size": stored, "space_saved": saved,
                "average_compression_ratio": saved / total,
                "delta_objects": self.deltas, "direct_objects": self.directs}


def read(mountpoint, bucket, mode):
    """'right', or the name of an error."""
    try:
        with open(f"{mountpoint}/{bucket.name}/stats_{mode}.json", "rb") as file:
            stats = json.load(file)["stats"]
    except OSError as e:
        return errno.errorcode[e.errno]
    if stats != bucket.figures(mode):
        sys.exit(f"{mode} {stats}\nnot {bucket.figures(mode)}")
    return "right"


def refresh(mountpoint, bucket):
    try:
        with open(f"{mountpoint}/{bucket.name}/refresh", "w", encoding="ascii") as file:
            file.write("all\n")
    except FileNotFoundError:
        pass  # the store has just said that there is no such bucket


def reads(mountpoint, bucket, count):
    found = Counter()
    for i in range(count):
        if i % 3 == 0:
            refresh(mountpoint, bucket)
        if i % 10 == 9:
            bucket.change()
        found[read(mountpoint, bucket, bucket.random.choice(MODES))] += 1
    return found


def main():
    mountpoint, endpoint, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    buckets = [Bucket(endpoint, f"storm-{i}") for i in range(BUCKETS)]
    control(endpoint, "PATCH", "settings", {"page_size": 5})
    control(endpoint, "POST", "faults", list(all_faults()))
    found = Counter()
    with ThreadPoolExecutor(BUCKETS) as pool:
        for one in pool.map(lambda b: reads(mountpoint, b, count // BUCKETS), buckets):
            found += one
    control(endpoint, "DELETE", "faults")
    print(json.dumps(found))


main()
