# SPDX-License-Identifier: MIT
"""A log of S3 requests and the control calls that read it, for stub-s3 and
count-proxy.  Any thread.

    GET    /_stub/log                  all requests, as JSON
    GET    /_stub/count?class=C&path=R how many so far: a bare number; C is one of
                                       LIST HEAD GET PUT DELETE BUCKETS BUCKET OTHER,
                                       R a regular expression; without them, all; with
                                       open=1 those that have not ended yet; with
                                       status=412 those that were answered so
    GET    /_stub/max_in_flight        most requests that were open at once
    DELETE /_stub/log                  forget all of it

A request is in the log from the moment its head was read; `status` is null
until it was answered, and stays so where it never was.
"""
import json
import re
import threading
import time
from urllib.parse import parse_qs, unquote_to_bytes

CONTROL = "/_stub/"


def split_bucket(path):
    """'/bucket/some%20key' -> ('bucket', b'some key'), still without a query."""
    bucket, _, key = path.lstrip("/").partition("/")
    return bucket, unquote_to_bytes(key)


def classify(method, bucket, key, query):
    """The kind of request that tests count; `query` as parsed by parse_qs."""
    if not bucket:
        return "BUCKETS" if method == "GET" else "OTHER"
    if not key:
        return "LIST" if method == "GET" and "list-type" in query else "BUCKET"
    return method if method in ("HEAD", "GET", "PUT", "DELETE") else "OTHER"


class RequestLog:
    def __init__(self):
        self._lock = threading.Lock()
        self._start = time.monotonic()
        self._in_flight = 0
        self._clear()

    def _clear(self):
        self._entries = []
        self._max_in_flight = self._in_flight

    def begin(self, kind, method, path, query, headers):
        """A request was read.  Pass what comes back to end()."""
        entry = {
            "class": kind, "method": method, "path": path, "query": query,
            "headers": headers, "status": None, "is_open": True,
        }
        with self._lock:
            self._in_flight += 1
            self._max_in_flight = max(self._max_in_flight, self._in_flight)
            entry["in_flight"] = self._in_flight
            entry["time"] = round(time.monotonic() - self._start, 6)
            self._entries.append(entry)
        return entry

    def end(self, entry, status):
        """It was answered with `status`; None: the connection ended instead."""
        with self._lock:
            entry["status"] = status
            entry["is_open"] = False
            self._in_flight -= 1

    def count(self, kind=None, path=None, is_open=False, status=None):
        with self._lock:
            entries = list(self._entries)
        return sum(
            (kind is None or entry["class"] == kind)
            and (not is_open or entry["is_open"])
            and (status is None or str(entry["status"]) == status)
            and (path is None or re.search(path, entry["path"]) is not None)
            for entry in entries
        )

    def control(self, method, path, query):
        """Answer a control call: (status, body), or None if it is not for us."""
        if path == CONTROL + "log" and method == "DELETE":
            with self._lock:
                self._clear()
            return 200, ""
        if path == CONTROL + "log" and method == "GET":
            with self._lock:
                return 200, json.dumps(self._entries, indent=1) + "\n"
        if path == CONTROL + "count" and method == "GET":
            wanted = parse_qs(query)
            number = self.count(wanted.get("class", [None])[0],
                                wanted.get("path", [None])[0],
                                "open" in wanted, wanted.get("status", [None])[0])
            return 200, f"{number}\n"
        if path == CONTROL + "max_in_flight" and method == "GET":
            return 200, f"{self._max_in_flight}\n"
        return None
