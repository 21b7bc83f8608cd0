#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Handles of one file that is another document for each open.

usage: handles.py crowd FILE THREADS ROUNDS    that many threads, each opens it so often
       handles.py two FILE                     an older handle beside a newer one
       handles.py by_path FILE                 O_PATH, then opened again and again

The bucket holds one object, "a", which is one byte longer in each listing.  So a
document says which listing it is of, and whether it is whole.

crowd: every fourth thread only looks at the file.  Prints what came of it, as JSON:
{"looked": N, "right": N, and whatever else there was}.
The others fail unless each handle sees what open.c promises.
"""
import errno
import hashlib
import json
import mmap
import os
import resource
import sys
import threading
from collections import Counter
from multiprocessing import Pool

LENGTH = 1024
PROCESSES = 8
ETAG, TIME = hashlib.md5(b"a").hexdigest(), "2025-10-14T10:30:00.000Z"


def fingerprint(size):
    return hashlib.sha256(f"a\0{size}\0{ETAG}\0{TIME}".encode()).hexdigest()[:32]


def listing(data):
    """Which listing it is of; 0: it is no document, or parts of two."""
    try:
        document = json.loads(data)
        sizes = {document["stats"]["total_size"], document["stats"]["compressed_size"],
                 document["validation"]["compressed_size"]}
        size = sizes.pop()
        is_whole = (len(data) == LENGTH and not sizes
                    and document["validation"]["fingerprint"] == fingerprint(size))
        return size if is_whole else 0
    except (ValueError, KeyError):
        return 0


def read(fd):
    return b"".join(os.pread(fd, 300, i) for i in range(0, LENGTH + 300, 300))


def sendfile(fd):
    out = os.memfd_create("out")
    try:
        os.sendfile(out, fd, 0, 4096)
        return os.pread(out, 4096, 0)
    finally:
        os.close(out)


def copy_mapping(fd):
    """A copy that is made while the mapping moves on may be of two: again, then."""
    with mmap.mmap(fd, 0, mmap.MAP_PRIVATE, mmap.PROT_READ) as mapped:
        for _ in range(3):
            data = mapped[:]
            if listing(data):
                break
        return data


def judge(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(fd).st_size
        mapped, sent = listing(copy_mapping(fd)), listing(sendfile(fd))
        own, again = listing(read(fd)), listing(read(fd))
    finally:
        os.close(fd)
    if size != LENGTH:
        return f"size {size}"
    broken = [how for how, one in (("mmap", mapped), ("sendfile", sent), ("read", own))
              if not one]
    if broken:
        return f"not whole: {broken}"
    if own != again:
        return "read something else"
    return "right" if mapped >= own and sent >= own else "older than the open"


def look(path):
    size = os.stat(path).st_size
    return "looked" if size == LENGTH else f"looks like {size}"


def thread(path, number, rounds, found):
    for _ in range(rounds):
        try:
            outcome = (look if number % 4 == 0 else judge)(path)
        except OSError as e:
            outcome = errno.errorcode[e.errno]
        found.append(outcome)


def process(task):
    path, threads, rounds = task
    found = []
    all_threads = [threading.Thread(target=thread, args=(path, number, rounds, found))
                   for number in range(threads)]
    for one in all_threads:
        one.start()
    for one in all_threads:
        one.join()
    return Counter(found)


def crowd(path, threads, rounds):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    task = path, int(threads) // PROCESSES, int(rounds)
    with Pool(PROCESSES) as pool:
        print(json.dumps(sum(pool.map(process, [task] * PROCESSES, 1), Counter())))


def two(path):
    older = os.open(path, os.O_RDONLY)
    assert listing(sendfile(older)) == listing(read(older)) == 1
    with mmap.mmap(older, 0, mmap.MAP_PRIVATE, mmap.PROT_READ) as mapped:
        assert listing(mapped[:]) == 1
        newer = os.open(path, os.O_RDONLY)
        assert listing(mapped[:]) == 2
    for _ in range(2):
        for fd, own in (older, 1), (newer, 2):
            assert listing(read(fd)) == own, f"read(2) of {own}"
            assert listing(sendfile(fd)) == 2, f"sendfile(2) of {own}"
            assert listing(copy_mapping(fd)) == 2, f"mmap(2) of {own}"


def by_path(path):
    fd = os.open(path, os.O_PATH)
    last = 0
    for _ in range(3):
        again = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY)
        own = listing(read(again))
        assert own > last and listing(sendfile(again)) == own
        os.close(again)
        last = own


{"crowd": crowd, "two": two, "by_path": by_path}[sys.argv[1]](*sys.argv[2:])
