#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A store that fails at random while its buckets change: stub-s3 and a writer.

usage: store.py SEED

Prints its endpoint once it listens.  A line on standard input starts the writer,
the next one (or the end) stops it, and then the history is printed as one line of
JSON and the process ends:

    {"buckets": {NAME: {"first": [OBJECT...], "changes": [CHANGE...]}},
     "faults": {KIND: COUNT}, "requests": {CLASS: COUNT}}

OBJECT is [key, version], CHANGE is [before, after, key, version]: at some moment
between these two of time.monotonic() the object became what `version` says: null,
deleted, or {"size", "etag", "last_modified", "original"}; original is what its
metadata tells of the size, null where it has none.

Documents in the buckets are not part of it.  The writer's own changes never fail:
they are made in this process.
"""
import json
import random
import sys
import threading
import time
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

sys.dont_write_bytecode = True
STUB = Path(__file__).resolve().parents[1] / "stub"
sys.path.insert(0, str(STUB))
from s3faults import Fault, Faults
from s3store import Bucket, Object

N_BUCKETS = 20
PAGE_SIZE = 40
WRITES_PER_S = 30

# Per mille of the requests, and what happens to them.
FAULTS = [
    (25, "503", {"status": 503, "code": "SlowDown"}),
    (5, "500", {"status": 500, "code": "InternalError"}),
    (5, "disguised", {"status": 200, "code": "InternalError", "kind": "LIST"}),
    (8, "reset", {"drop": "before"}),
    (4, "reset in head", {"drop": "head"}),
    (8, "reset in body", {"drop": "body"}),
    (4, "cut", {"cut": 150}),
    (2, "stall", {"delay": 4}),
    (2, "stall in body", {"gate": "never", "gate_at": 200}),
    (40, "slow", {"delay": 0.2}),
]


class RandomFaults(Faults):
    """A share of all requests is hit."""

    def __init__(self, seed):
        super().__init__()
        self._random = random.Random(seed)
        self.counts = {name: 0 for _, name, _ in FAULTS}

    def take(self, kind, *request):
        draw = self._random.randrange(1000)
        for share, name, what in FAULTS:
            draw -= share
            if draw < 0:
                break
        if draw >= 0 or what.get("kind", kind) != kind:
            return super().take(kind, *request)
        self.counts[name] += 1
        return Fault(**what)


class RequestCounts:
    """Instead of a log, which would grow for ten minutes."""

    def __init__(self):
        self.counts = {}

    def begin(self, kind, *_):
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def end(self, *_):
        pass


class Writer:
    """Changes buckets and keeps the history."""

    def __init__(self, store, lock, seed):
        self.store, self.lock = store, lock
        self.random = random.Random(seed)
        self.serial = 0
        self.histories = {}
        for i in range(N_BUCKETS):
            self.add_bucket(f"bucket-{i:02d}", 4 << self.random.randrange(7))

    # --- objects --------------------------------------------------------------

    def new_key(self):
        space = f"{self.random.choice('abc')}/v{self.random.randrange(4)}/"
        name = self.random.choice(["{}.delta", "{}.delta", "{}.zip", "reference.bin"])
        return space + name.format(self.random.randrange(200))

    def new_version(self, key, size=None):
        self.serial += 1
        tells = key.endswith(".delta") and self.random.random() < 0.8
        return {
            "size": self.random.randrange(10**6) if size is None else size,
            "etag": f"{self.serial:032x}",
            "last_modified": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
            "original": self.random.randrange(10**9) if tells else None,
        }

    @staticmethod
    def to_object(key, version):
        original = version["original"]
        headers = {"Content-Length": str(version["size"])}    # the bodies are left out
        if original is not None:
            headers["x-amz-meta-dg-file-size"] = str(original)
        return Object(key=key.encode(), size=version["size"], etag=version["etag"],
                      last_modified=version["last_modified"], headers=headers, body=b"")

    def add_bucket(self, name, n_objects):
        keys = sorted({self.new_key() for _ in range(n_objects)})
        first = [[key, self.new_version(key)] for key in keys]
        self.store.buckets[name] = Bucket(self.to_object(*one) for one in first)
        self.histories[name] = {"first": first, "changes": []}

    # --- changes --------------------------------------------------------------

    def next_change(self, bucket):
        """The key and what becomes of it."""
        keys = [key.decode() for key in bucket.keys if not key.startswith(b".deltaglider/")]
        if not keys or self.random.random() < 0.4:
            key = self.new_key()
            return key, self.new_version(key)
        key = self.random.choice(keys)
        what = self.random.choice(["delete", "overwrite", "same size"])
        if what == "delete":
            return key, None
        size = bucket.objects[key.encode()].size if what == "same size" else None
        return key, self.new_version(key, size)

    def change(self):
        name = self.random.choice(list(self.histories))
        bucket = self.store.buckets[name]
        with self.lock:
            key, version = self.next_change(bucket)
        before = time.monotonic()
        with self.lock:
            if version is None:
                bucket.delete(key.encode())
            else:
                bucket.put(self.to_object(key, version))
        self.histories[name]["changes"].append([before, time.monotonic(), key, version])

    def run(self, is_stopped):
        """In bursts, so that there are also quiet times."""
        while not is_stopped.wait(self.random.expovariate(WRITES_PER_S / 8)):
            for _ in range(self.random.randrange(1, 16)):
                self.change()


def load_stub():
    spec = spec_from_loader("stub", SourceFileLoader("stub", str(STUB / "stub-s3")))
    stub = module_from_spec(spec)
    spec.loader.exec_module(stub)
    return stub


def main():
    seed = int(sys.argv[1])
    stub = load_stub()
    server = stub.Server(stub.arguments([]))
    server.faults, server.log = RandomFaults(seed), RequestCounts()
    server.store.settings["page_size"] = PAGE_SIZE
    writer = Writer(server.store, server.lock, seed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)

    sys.stdin.readline()
    is_stopped = threading.Event()
    thread = threading.Thread(target=writer.run, args=[is_stopped])
    thread.start()
    sys.stdin.readline()
    is_stopped.set()
    thread.join()
    json.dump({"buckets": writer.histories, "faults": server.faults.counts,
               "requests": server.log.counts}, sys.stdout)
    print(flush=True)


main()
