#!/usr/bin/python3 -IS
# SPDX-License-Identifier: MIT
"""How slow the machine is, moment by moment: beside other work, all takes longer.

usage: meter.py FILE       until it is killed.  Four times a second a line: the time on
                           the clock, in microseconds, and how many times longer a bit
                           of work took than on a machine that does nothing else
"""
import math
import os
import sys
import time

INTERVAL_S = 0.25
WORK_S = 0.005


def burn(seconds):
    """Of the processor's time."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def work():
    """Here, and in a process that begins, ends and is waited for."""
    burn(WORK_S / 2)
    pid = os.fork()
    if pid == 0:
        burn(WORK_S / 2)
        os._exit(0)
    os.waitpid(pid, 0)


def main():
    with open(sys.argv[1], "w", buffering=1, encoding="ascii") as out:
        while True:
            due = time.monotonic() + INTERVAL_S
            time.sleep(INTERVAL_S)
            work()
            took = time.monotonic() - due  # a process that wakes up late is part of it
            print(time.time_ns() // 1000, math.ceil(took / WORK_S - 0.5), file=out)


main()
