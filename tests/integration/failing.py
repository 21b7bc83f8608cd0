#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Reads, while one call after the other fails in the program: see faultlib.c.

usage: failing.py PROGRAM FAULTLIB ENDPOINT DIRECTORY STEPS KIND...

For each kind of call it counts how many a start and a read take, and lets then the
n-th fail in a new start and in reads, once and from there on, for STEPS values of n
(0: for all).  Of each read, the figures are right or open(2) fails with an errno; the
next one, with nothing failing, is right.  The program goes on; or, where an allocation
of its own fails, ends with its one message, and the next start on the same mount point
serves.  The store is a stub whose bucket is `bkt`, with the figures of EXPECTED.
"""
import errno
import json
import mmap
import os
import re
import signal
import struct
import subprocess
import sys
import time

KINDS = ["none", "curl", "xml", "crypto", "cjson", "fuse", "libc", "own",
         "socket", "connect", "thread", "send", "wake", "write", "lookup"]
EXPECTED = {"object_count": 6, "total_size": 3003, "compressed_size": 63}
# what a reader is told
ERRORS = {errno.EIO, errno.ENOMEM, errno.EHOSTUNREACH, errno.ETIMEDOUT}
GONE = {errno.ENOTCONN, errno.ECONNABORTED}
LIMIT_S = 20  # for a read; a hang is longer
# What OpenSSL makes once in a process and had no memory for may stay broken to its end: the
# generator of random numbers, the decoders of keys (one allocation in a hundred of a start,
# of some 16,000).  What is right then is an error in its words, and the next start.
BROKEN_TLS = re.compile(r": (OpenSSL/.*|Insufficient randomness) \(Protocol error\)$", re.M)


class Failure(Exception):
    pass


class Control:
    """What the program has mapped: kind, countdown, is_lasting, hits."""

    def __init__(self, path):
        with open(path, "w+b") as file:
            file.truncate(mmap.PAGESIZE)
            self.memory = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    def set(self, kind, countdown=0, is_lasting=False):
        self.memory[:32] = struct.pack("4q", 0, countdown, is_lasting, 0)
        self.memory[:8] = struct.pack("q", KINDS.index(kind))

    def stop(self):
        """Nothing fails any more; how many calls there were, and how many failed."""
        self.memory[:8] = struct.pack("q", 0)
        return struct.unpack("4q", self.memory[:32])[1::2]


class Mount:
    def __init__(self, program, library, endpoint, directory):
        self.command = [program, "-f", "-o", "retries=2,timeout=10s,bucket=bkt,log_level=debug",
                        endpoint, directory + "/mnt"]
        self.directory = directory
        self.control = Control(directory + "/control")
        self.environ = dict(os.environ, LD_PRELOAD=library,
                            FAULT_CONTROL=directory + "/control")
        self.process = None
        os.makedirs(directory + "/mnt", exist_ok=True)

    def said(self):
        with open(self.directory + "/said", encoding="utf-8", errors="replace") as file:
            return file.read()

    def is_up(self):
        return os.path.ismount(self.directory + "/mnt")

    def start(self):
        """Whether it is mounted; else it has ended."""
        with open(self.directory + "/said", "wb") as said:
            self.process = subprocess.Popen(self.command, stdout=said, stderr=said,
                                            env=self.environ)
        deadline = time.monotonic() + LIMIT_S
        while self.process.poll() is None:
            try:
                if self.is_up():
                    return True
            except OSError:
                pass  # dead still
            if time.monotonic() > deadline:
                raise Failure("start hangs")
            time.sleep(0.005)
        return False

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failure("does not end") from None

    def check_end(self, kind, is_start):
        """It has ended by itself: did it say why, in a way that it may?"""
        status, said = self.process.wait(), self.said()
        if kind == "own" and status == -signal.SIGABRT:
            if said.count("dgstatfs: out of memory\n") != 1:
                raise Failure(f"ended without its message: {said}")
        elif not is_start or status != 1 or not said:
            raise Failure(f"ended with {status}: {said}")

    def command_file(self, name, text):
        try:
            with open(f"{self.directory}/mnt/bkt/{name}", "w", encoding="ascii") as file:
                file.write(text)
        except OSError:
            pass

    def read(self, mode):
        """None, or the errno; figures that are wrong are a Failure."""
        try:
            with open(f"{self.directory}/mnt/bkt/stats_{mode}.json", "rb") as file:
                stats = json.load(file)["stats"]
        except OSError as e:
            return e.errno
        got = {name: stats[name] for name in EXPECTED}
        if got != EXPECTED:
            raise Failure(f"wrong figures: {got}")
        return None

    def read_right(self):
        code = self.read("detailed")
        if code:
            raise Failure(f"nothing fails, and yet: {os.strerror(code)}: {self.said()}")


def read_all_ways(mount):
    """A computation with HEADs and a PUT, then a document that is valid."""
    mount.command_file("refresh", "detailed")
    return mount.read("detailed") or mount.read("detailed")


def try_read(mount, kind, n, is_lasting):
    mount.control.set(kind, n, is_lasting)
    code = read_all_ways(mount)
    mount.control.stop()
    # it may end a moment later, of something that went on
    if code in GONE or mount.read("detailed") in GONE:
        mount.check_end(kind, False)
        if not mount.start():
            raise Failure(f"does not start again: {mount.said()}")
    elif code and code not in ERRORS:
        raise Failure(f"errno {errno.errorcode[code]}: {mount.said()}")
    mount.read_right()


def try_start(mount, kind, n):
    mount.control.set(kind, n)
    is_up = mount.start()
    if is_up:
        code = read_all_ways(mount)
    mount.control.stop()
    if not is_up or code in GONE or mount.read("detailed") in GONE:
        mount.check_end(kind, not is_up)
        if not mount.start():
            raise Failure(f"does not start again: {mount.said()}")
    if (kind == "crypto" and mount.read("detailed") == errno.EPROTO
            and BROKEN_TLS.search(mount.said())):
        mount.stop()
        mount.start()
    mount.read_right()
    mount.stop()


def steps(total, wanted):
    step = max(1, total // wanted) if wanted else 1
    return range(1, total + 1, step)


def calls(mount, kind, function):
    """How many calls of the kind `function` takes."""
    mount.control.set(kind, 1 << 40)
    function()
    return (1 << 40) - mount.control.stop()[0]


def try_kind(mount, kind, wanted):
    def start_and_read():
        mount.start()
        mount.read_right()

    n_start = calls(mount, kind, start_and_read)
    n_read = calls(mount, kind, lambda: read_all_ways(mount))
    tried = 0
    # a mount can do without some wake-ups, but not without all
    for is_lasting in (False, True)[:1 if kind == "wake" else 2]:
        for n in steps(n_read, wanted // 2 if is_lasting else wanted):
            where = f"read, {'from ' if is_lasting else ''}call {n} of {n_read}"
            yield where, lambda: try_read(mount, kind, n, is_lasting)
            tried += 1
    mount.stop()
    for n in steps(n_start, wanted // 2):
        yield f"start, call {n} of {n_start}", lambda: try_start(mount, kind, n)
        tried += 1
    print(f"{kind}: {n_start} calls of a start, {n_read} of a read; {tried} tried")


def on_alarm(*_):
    raise Failure("hangs")


def main():
    program, library, endpoint, directory, wanted, *kinds = sys.argv[1:]
    mount = Mount(program, library, endpoint, directory)
    signal.signal(signal.SIGALRM, on_alarm)
    where = "start"
    for kind in kinds:
        try:
            for where, attempt in try_kind(mount, kind, int(wanted)):
                signal.alarm(LIMIT_S * 2)
                attempt()
                signal.alarm(0)
        except Failure as e:
            mount.process.kill()
            sys.exit(f"{kind}: {where}: {e}")


main()
