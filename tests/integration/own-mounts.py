#!/usr/bin/python3 -IS
# SPDX-License-Identifier: MIT
"""Runs a command where its mounts are seen by nobody else.

usage: own-mounts.py COMMAND...

It may mount what it likes, and what it has not undone at its end goes by itself.
It sees what is mounted now, but for what other tests have mounted: as long as somebody
holds a copy of such a mount, its program does not end with its unmount.  What the test
that is running has mounted itself, below BATS_TEST_TMPDIR, stays.

unshare(1) can't make mounts private in a plain chroot, whose / is no mount point.  So
this leaves the chroot, but for the time that it takes.  Who is not root becomes it, in
a user namespace.
"""
import ctypes
import os
import re
import sys

CLONE_NEWNS = 0x20000
CLONE_NEWUSER = 0x10000000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 2

LIBC = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    if getattr(LIBC, name)(*arguments) != 0:
        sys.exit(f"own-mounts.py: {name}: {os.strerror(ctypes.get_errno())}")


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def become_root():
    uid, gid = os.getuid(), os.getgid()
    call("unshare", CLONE_NEWUSER)
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"0 {uid} 1")
    write("/proc/self/gid_map", f"0 {gid} 1")


def unescaped(path):
    """No codec: another Python's library lies here, and codecs are loaded when used."""
    return re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), path)


def foreign_mounts(table, own):
    """Of other tests, the latest first."""
    for line in reversed(table.read().splitlines()):
        head, tail = line.split(b" - ")
        path = unescaped(head.split()[4])
        if tail.startswith(b"fuse.") and not (own and own in path):
            yield path


def main():
    own = os.environ.get("BATS_TEST_TMPDIR", "").encode()
    directory = os.getcwd()
    if os.getuid() != 0:
        become_root()
    call("unshare", CLONE_NEWNS)
    root = os.open("/", os.O_RDONLY)
    namespace = os.open("/proc/self/ns/mnt", os.O_RDONLY)
    call("setns", namespace, CLONE_NEWNS)  # whose / is the one of its first mount
    call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
    with open(os.open("proc/self/mountinfo", os.O_RDONLY, dir_fd=root), "rb") as table:
        for path in foreign_mounts(table, own):
            LIBC.umount2(path, MNT_DETACH)  # it may have gone by itself
    os.fchdir(root)
    os.chroot(".")
    os.chdir(directory)
    os.execvp(sys.argv[1], sys.argv[1:])


main()
