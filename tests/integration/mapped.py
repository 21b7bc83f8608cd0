#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Many programs map a file that changes from open to open, each its own document.

usage: mapped.py FILE PROGRAMS SECONDS

The length of a mapping is what fstat(2) says, and that is kept for a node, not for
an open file.  Every fourth program only looks at the file.  Prints what came of it,
as JSON: {"looked": N, "whole": N, and whatever else there was}.
"""
import errno
import json
import mmap
import os
import sys
import time
from collections import Counter
from multiprocessing import Pool


def compare(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        os.sched_yield()
        with mmap.mmap(fd, 0, mmap.MAP_PRIVATE, mmap.PROT_READ) as mapped:
            mapped_bytes = mapped[:]
        read = os.read(fd, 1 << 20)
    finally:
        os.close(fd)
    return "whole" if mapped_bytes == read else f"{len(mapped_bytes)} of {len(read)}"


def look(path):
    os.stat(path)
    return "looked"


def program(task):
    path, number, until = task
    found = Counter()
    while time.monotonic() < until:
        try:
            found[(look if number % 4 == 0 else compare)(path)] += 1
        except OSError as e:
            found[errno.errorcode[e.errno]] += 1
    return found


def main():
    path, programs, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    until = time.monotonic() + seconds
    with Pool(programs) as pool:
        tasks = [(path, number, until) for number in range(programs)]
        print(json.dumps(sum(pool.map(program, tasks, 1), Counter())))


main()
