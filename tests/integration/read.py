#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Programs read files in many ways; these are the ones that no common tool shows.

usage: read.py HOW FILE      its content to standard output, by one of the functions
                             below; all that depend on a size ask fstat or lseek
"""
import mmap
import os
import shutil
import sys
import tempfile


def read_all(path):
    with open(path, "rb") as file:
        return file.read()


def copyfile(path):
    with tempfile.TemporaryDirectory() as dir:
        return read_all(shutil.copyfile(path, dir + "/copy"))


def private_mmap(path):
    with open(path, "rb") as file:
        return bytes(mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ))


def sendfile(path, chunk=100):
    with open(path, "rb") as file, tempfile.TemporaryFile() as out:
        while os.sendfile(out.fileno(), file.fileno(), None, chunk):
            pass
        out.seek(0)
        return out.read()


def sendfile_at_once(path):
    return sendfile(path, 1 << 20)


def readv(path):
    with open(path, "rb", buffering=0) as file:
        buffers = [bytearray(n) for n in (1, 10, 100, 1 << 16)]
        length = os.readv(file.fileno(), buffers)
        return b"".join(buffers)[:length]


def pread_backwards(path):
    """One byte at a time, from the end on, whose place lseek tells."""
    with open(path, "rb", buffering=0) as file:
        end = os.lseek(file.fileno(), 0, os.SEEK_END)
        backwards = [os.pread(file.fileno(), 1, i) for i in reversed(range(end))]
        return b"".join(reversed(backwards))


def fstat_and_read(path):
    """As who reads in one go, without asking for an end."""
    with open(path, "rb", buffering=0) as file:
        return os.read(file.fileno(), os.fstat(file.fileno()).st_size)


def nonblocking(path):
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with open(fd, "rb") as file:
        return file.read()


def past_the_end(path):
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        assert os.pread(file.fileno(), 10, size) == b""
        assert os.pread(file.fileno(), 10, 1 << 40) == b""
        return os.pread(file.fileno(), size + 1000, 0)


sys.stdout.buffer.write(globals()[sys.argv[1]](sys.argv[2]))
