#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What prefixes.json must say of a bucket, worked out the plain way.

usage: prefixes.py random SEED             objects for the stub: keys of all kinds
       prefixes.py listed BUCKET           those of a bucket, as boto3 sees it
       prefixes.py check OBJECTS DEPTH NODES TREE QUICK NCDU

OBJECTS is a file of the first two.  The others are a prefixes.json made with these
settings, the stats_quick.json and the prefixes.ncdu.json beside it, or what ncdu
exported of that.  Differences are printed and are a failure.

It shares no code and no method with the program: a level of the tree is a dictionary of
all prefixes of that depth, filled anew.
"""
import json
import os
import random
import sys
from collections import defaultdict
from urllib.parse import quote

SOME_TIME = "2025-10-14T10:30:00.000Z"
PARTS = [b"a/", b"b/", b"/", b"a", b"-", b"0/", b"\xff/", "é/".encode(), b'"\\/', b"./",
         b"../", b"\x01/", b" /", b"%41+/", b"deep/deeper/deepest/"]
ENDS = [b"x.delta", b"y.delta", b"reference.bin", b"x", b"", b"nearly.reference.bin"]


def random_objects(seed):
    rng = random.Random(seed)
    keys = {b"".join(rng.choices(PARTS, k=rng.randrange(5))) + rng.choice(ENDS)
            for _ in range(rng.randrange(1500))}
    keys |= {b".deltaglider/x/y.delta", b"a/.deltaglider/y"}
    return [{"key_hex": key.hex(), "size": rng.choice([0, 1, rng.randrange(2**40)]),
             "last_modified": f"20{rng.randrange(10, 40)}-10-14T10:30:00.{seed % 1000:03}Z"}
            for key in sorted(keys - {b""})]


def listed(bucket):
    import boto3
    from botocore.config import Config

    s3 = boto3.client("s3", endpoint_url=os.environ["S3_ENDPOINT"],
                      aws_access_key_id="testkey", aws_secret_access_key="testsecret",
                      region_name="us-east-1",
                      config=Config(s3={"addressing_style": "path"}, proxies={}))
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for one in page.get("Contents", []):
            yield {"key": one["Key"], "size": one["Size"],
                   "last_modified": one["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ")}


class Object:
    def __init__(self, spec):
        self.key = (bytes.fromhex(spec["key_hex"]) if "key_hex" in spec
                    else spec["key"].encode())
        self.size = spec.get("size", 0)
        self.time = spec.get("last_modified", SOME_TIME)[:19] + "Z"
        self.space = self.key[:self.key.rfind(b"/") + 1]
        self.is_reference = self.key == self.space + b"reference.bin"
        self.is_delta = self.key.endswith(b".delta")

    def prefix(self, depth):
        """None: it lies less deep."""
        parts = self.key.split(b"/")
        return None if len(parts) <= depth else b"".join(p + b"/" for p in parts[:depth])


def read_objects(path):
    with open(path, encoding="utf-8") as file:
        objects = [Object(spec) for spec in json.load(file)]
    return [one for one in objects if not one.key.startswith(b".deltaglider/")]


class Bucket:
    def __init__(self, objects, depth, nodes):
        self.objects = objects
        self.has_deltas = any(one.is_delta for one in objects)
        self.references = {one.space: one.size for one in objects if one.is_reference}
        self.levels = [self.level(0)]
        self.n = 1
        while len(self.levels) <= depth:
            level = self.level(len(self.levels))
            if self.n + len(level) > nodes:
                break
            self.levels.append(level)
            self.n += len(level)

    def level(self, depth):
        found = defaultdict(list)
        for one in self.objects:
            if one.prefix(depth) is not None:
                found[one.prefix(depth)].append(one)
        return found if depth else {b"": self.objects}

    def original(self, one):
        return self.references.get(one.space, one.size) if one.is_delta else one.size

    def sums(self, objects):
        counted = [one for one in objects if not one.is_reference]
        stored = sum(one.size for one in objects
                     if not one.is_reference or self.has_deltas)
        original = sum(self.original(one) for one in counted)
        return {"objects": len(counted),
                "deltas": sum(one.is_delta for one in counted),
                "directs": sum(not one.is_delta for one in counted),
                "stored_bytes": stored, "original_bytes": original,
                "saved_bytes": max(0, original - stored),
                "newest": max((one.time for one in objects), default=None)}

    def children(self, prefix, depth):
        if depth + 1 >= len(self.levels):
            return []
        return sorted(one for one in self.levels[depth + 1] if one.startswith(prefix))

    def node(self, prefix=b"", depth=0):
        objects = self.levels[depth][prefix]
        node = {"prefix": None, "is_url_encoded": False, **self.sums(objects)}
        try:
            node["prefix"] = prefix.decode()
        except UnicodeDecodeError:
            node.update(prefix=quote(prefix, safe="/"), is_url_encoded=True)
        children = self.children(prefix, depth)
        if children:
            node["own"] = self.sums(self.own(prefix, depth))
            node["children"] = [self.node(child, depth + 1) for child in children]
        return node

    def own(self, prefix, depth):
        children = self.children(prefix, depth)
        return [one for one in self.levels[depth][prefix]
                if not children or one.prefix(depth + 1) is None]

    def ncdu(self, name, prefix=b"", depth=0):
        """Without times: ncdu exports none."""
        sums = self.sums(self.own(prefix, depth))
        n = sums["objects"]
        directory = [{"name": name}]
        if n or sums["stored_bytes"]:
            directory.append({"name": f"({n} object{'' if n == 1 else 's'})",
                              "asize": sums["original_bytes"],
                              "dsize": sums["stored_bytes"]})
        for child in self.children(prefix, depth):
            part = child[len(prefix):-1] or b"/"
            try:
                part = part.decode()
            except UnicodeDecodeError:
                part = quote(part, safe="/")
            directory.append(self.ncdu(part, child, depth + 1))
        return directory


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def without_times(node):
    """And as ncdu writes it, which leaves sizes of 0 out."""
    if isinstance(node, dict):
        return {name: value for name, value in node.items() if name != "mtime" and value}
    return [without_times(one) for one in node]


def differences(bucket, depth, nodes, tree, quick, ncdu):
    yield "depth", tree["prefix_depth"], depth
    yield "nodes", tree["prefix_nodes"], nodes
    yield "depth shown", tree["depth_shown"], len(bucket.levels) - 1
    yield "number of nodes", tree["nodes"], bucket.n
    yield "tree", tree["tree"], bucket.node()
    yield "validation", tree["validation"], quick["validation"]
    yield "bucket", tree["bucket"], quick["stats"]["bucket"]
    root, stats = tree["tree"], quick["stats"]
    for name, other in [("objects", "object_count"), ("deltas", "delta_objects"),
                        ("directs", "direct_objects"), ("stored_bytes", "compressed_size"),
                        ("original_bytes", "total_size"), ("saved_bytes", "space_saved")]:
        yield name, root[name], stats[other]
    yield "ncdu", without_times(ncdu[3]), without_times(bucket.ncdu(tree["bucket"]))


def check(objects, depth, nodes, *files):
    bucket = Bucket(read_objects(objects), int(depth), int(nodes))
    wrong = [(what, got, expected) for what, got, expected
             in differences(bucket, int(depth), int(nodes), *map(read, files))
             if got != expected]
    for what, got, expected in wrong:
        print(f"{what}: got {json.dumps(got)}\nexpected {json.dumps(expected)}")
    return 1 if wrong else 0


def main():
    command, *arguments = sys.argv[1:]
    if command == "check":
        sys.exit(check(*arguments))
    found = {"random": lambda: random_objects(int(arguments[0])),
             "listed": lambda: list(listed(*arguments))}[command]()
    json.dump(found, sys.stdout)


main()
