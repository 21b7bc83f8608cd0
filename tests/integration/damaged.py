#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A random bucket with whatever can be wrong with deltas, as objects for the stub.

usage: damaged.py SEED

Deltaspaces lie in one another, and references before, among and behind their deltas;
there are more than are told of, and keys that are long or need care in JSON.
"""
import json
import random
import sys

NAMES = ["a", "b", "z", "r", "s", "", "é", "\"", "\\", "日本", "x" * 90, "\t"]
ENDS = ["1.delta", "2.delta", "q.delta", "~.delta", "s.delta", ".delta", "reference.bin",
        "reference.bin.delta", "xreference.bin", "plain"]


def random_object(rng):
    depth = min(rng.randrange(5), rng.randrange(5))
    path = "".join(rng.choice(NAMES) + "/" for _ in range(depth))
    one = {"key": path + rng.choice(ENDS), "size": rng.choice([0, 1, 7, 50, 10**6])}
    told = rng.choice([None, "0", "7", "50", "900", "12x", ""])
    if told is not None:
        one["meta"] = {rng.choice(["dg-file-size", "file_size"]): told}
    return one


def main():
    rng = random.Random(int(sys.argv[1]))
    objects = {one["key"]: one
               for one in (random_object(rng) for _ in range(rng.choice([40, 150, 400])))}
    json.dump(list(objects.values()), sys.stdout)


main()
