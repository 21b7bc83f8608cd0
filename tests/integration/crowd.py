#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Hundreds of readers, each a process of its own, at the price of one interpreter.

usage: crowd.py FILE...      takes commands, each a line of standard input, and
                             answers each with a line of standard output

start N     N readers of these files, in turn; answers `blocked N` when N of them
            wait in open(2), and all that they ask has reached the file system
kill N      SIGKILL to N of those who are left, spread over all, one after the other
            has gone: `gone N MS`, the longest that one took
kill all    to all of them at once: `gone N MS`, until none was left
finish      when all have ended: `ended MS {"OUTCOME": COUNT}`; MS since this was
            asked for.  An outcome is the object_count that was read, or the name of
            an errno; of those killed there is none.
"""
import ctypes
import errno
import json
import os
import select
import signal
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
PATIENCE_S = 240


def open_once(path):
    """open(2) as it is: Python's own tries again after EINTR."""
    fd = LIBC.open(path.encode(), os.O_RDONLY)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "open")
    return fd


def outcome(path):
    try:
        with open(open_once(path), "rb") as file:
            return str(json.load(file)["stats"]["object_count"])
    except OSError as e:
        return errno.errorcode[e.errno]
    except ValueError as e:
        return f"not a document: {e}"


def state(pid):
    """Where a process waits, and how often it has gone to sleep."""
    try:
        with open(f"/proc/{pid}/wchan", encoding="ascii") as wchan, \
                open(f"/proc/{pid}/status", encoding="ascii") as status:
            sleeps = [line for line in status if line.startswith("vol")]
            return wchan.read(), sleeps
    except OSError:
        return None


class Crowd:
    def __init__(self, paths):
        self.paths = paths
        self.pids = []
        self.outcomes, self.report = os.pipe()

    def start(self, count):
        for i in range(int(count)):
            pid = os.fork()
            if pid == 0:
                os.write(self.report, outcome(self.paths[i % len(self.paths)]).encode() + b"\n")
                os._exit(0)
            self.pids.append(pid)
        deadline = time.monotonic() + PATIENCE_S
        while not self.are_blocked():
            if time.monotonic() > deadline:
                return f"not blocked: {[state(pid) for pid in self.pids]}"
            time.sleep(0.02)
        return f"blocked {len(self.pids)}"

    # The file system answers in the order of the questions: who is still where he
    # was before another question was answered waits for more than an answer.
    def are_blocked(self):
        before = [state(pid) for pid in self.pids]
        if any(one is None or one[0] != "request_wait_answer" for one in before):
            return False
        os.statvfs(os.path.dirname(self.paths[0]))
        return before == [state(pid) for pid in self.pids]

    def kill(self, count):
        if count == "all":
            start = time.monotonic()
            for pid in self.pids:
                os.kill(pid, signal.SIGKILL)
            return self.wait_for(len(self.pids), start)
        longest = 0
        step = len(self.pids) // int(count)
        for i in range(int(count)):
            pid = self.pids.pop(i * (step - 1))
            start = time.monotonic()
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            longest = max(longest, time.monotonic() - start)
        return f"gone {count} {longest * 1000:.0f}"

    def wait_for(self, count, start):
        for pid in self.pids:
            os.waitpid(pid, 0)
        self.pids = []
        return f"gone {count} {(time.monotonic() - start) * 1000:.0f}"

    def finish(self):
        start = time.monotonic()
        words = self.wait_for(len(self.pids), start).split()
        os.close(self.report)
        with open(self.outcomes, encoding="utf-8") as file:
            lines = file.read().split("\n")[:-1]
        counts = {line: lines.count(line) for line in sorted(set(lines))}
        return f"ended {words[2]} {json.dumps(counts)}"

    def end(self):
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)


def main():
    crowd = Crowd(sys.argv[1:])
    verbs = {"start": crowd.start, "kill": crowd.kill, "finish": crowd.finish}
    try:
        for line in sys.stdin:
            verb, *arguments = line.split()
            print(verbs[verb](*arguments), flush=True)
    finally:
        crowd.end()


main()
