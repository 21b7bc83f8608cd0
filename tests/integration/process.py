#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What one process can learn of another.

usage: process.py count PID WORD...     how often each word is in its memory, as root;
                                        "hex:00ff" are the bytes themselves
       process.py derived SECRET DATE REGION    such words for what a signature is made
                                        with: each key of SigV4 from the one before it
       process.py attach PROGRAM...     start it as our child, wait until it has written
                                        a line, and try to trace it: prints what came of
                                        that and of reading its files in /proc
"""
import ctypes
import hmac
import os
import subprocess
import sys

PTRACE_SEIZE = 0x4206


def bytes_of(word):
    return bytes.fromhex(word[4:]) if word.startswith("hex:") else word.encode()


def count(pid, *words):
    """Files aside, in which no secret of a process is."""
    found = dict.fromkeys(map(bytes_of, words), 0)
    with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights, _, _, inode, *_ = line.split()
            start, end = (int(word, 16) for word in span.split("-"))
            # what is so large is the shadow that sanitizers keep
            if rights[:2] != "rw" or inode != "0" or end - start > 1 << 28:
                continue
            for at in range(start, end, 1 << 20):
                # some pages can't be read, those of ASan's gaps for example
                try:
                    data = os.pread(memory.fileno(),
                                    min(1 << 20, end - at) + 100, at)
                except OSError:
                    continue
                for word in found:
                    found[word] += data.count(word, 0, (1 << 20) + len(word) - 1)
    print(*found.values())


def derived(secret, date, region):
    """Their halves, as the rest may be overwritten; each as it is, as the state of a hash
    that has just given it, and as the next one is keyed with it."""
    key = b"AWS4" + secret.encode()
    for text in (date, region, "s3", "aws4_request"):
        key = hmac.digest(key, text.encode(), "sha256")
        forms = (key, b"".join(key[i:i + 4][::-1] for i in range(0, 32, 4)),
                 bytes(c ^ 0x36 for c in key), bytes(c ^ 0x5c for c in key))
        for form in forms:
            print(f"hex:{form[:16].hex()} hex:{form[16:].hex()}")


def attach(*command):
    with subprocess.Popen(command, stderr=subprocess.PIPE) as child:
        child.stderr.readline()
        libc = ctypes.CDLL(None, use_errno=True)
        failed = libc.ptrace(PTRACE_SEIZE, child.pid, 0, 0) != 0
        print("attach:", os.strerror(ctypes.get_errno()) if failed else "done")
        for name in ("environ", "mem", "maps", "fd/0"):
            try:
                os.close(os.open(f"/proc/{child.pid}/{name}", os.O_RDONLY))
                print(f"{name}: done")
            except OSError as e:
                print(f"{name}: {e.strerror}")
        print("owner:", os.stat(f"/proc/{child.pid}/environ").st_uid)
        child.kill()


globals()[sys.argv[1]](*sys.argv[2:])
