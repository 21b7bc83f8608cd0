#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs Python scripts without waiting for Python and what they import each time.

usage: warm.py once SOCKET MODULE|SCRIPT...     loads them, then waits for scripts, and
                                                forks for each
       warm.py again SOCKET MODULE|SCRIPT...    one process runs many, one after the
                                                other: for those that leave nothing behind

To start Python takes longer than most of what a test asks of it, and the suite asks
thousands of times.  warm.c is the client: the script gets its standard descriptors,
directory, environment and arguments, and ends when the client does.
"""
import gc
import importlib
import os
import select
import signal
import socket
import sys
import threading

CODE = {}       # of scripts, by their paths


def code_of(path):
    if path not in CODE:
        with open(path, "rb") as file:
            CODE[path] = compile(file.read(), path, "exec")
    return CODE[path]


def receive(client):
    """(arguments, directory, environment), descriptors"""
    head, fds, _, _ = socket.recv_fds(client, 8, 3)
    with client.makefile("rb") as stream:
        text = stream.read(int.from_bytes(head, sys.byteorder))
    count, directory, *rest = text.split(b"\0")[:-1]
    arguments = [os.fsdecode(one) for one in rest[:int(count)]]
    return (arguments, directory, dict(one.split(b"=", 1) for one in rest[int(count):])), fds


def become(request, fds):
    """All that a process has from the one that starts it."""
    arguments, directory, environment = request
    for target, fd in enumerate(fds):
        os.dup2(fd, target)
        os.close(fd)
    os.chdir(directory)
    os.environb.clear()
    os.environb.update(environment)
    sys.argv = arguments
    sys.path[0] = os.path.dirname(arguments[0])
    sys.stdin, sys.stdout, sys.stderr = (
        open(fd, mode, encoding="utf-8", errors="surrogateescape", closefd=False)
        for fd, mode in enumerate("rww"))
    sys.stderr.reconfigure(line_buffering=True)


def run(path):
    """Its exit status."""
    status = 0
    try:
        exec(code_of(path), {"__name__": "__main__", "__file__": path})
    except SystemExit as e:
        if isinstance(e.code, str):
            print(e.code, file=sys.stderr)
        status = 1 if isinstance(e.code, str) else int(e.code or 0)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    try:
        sys.stdout.flush()
    except OSError:
        status = 1
    return status


def end_with(client, done):
    """The script must not outlive its caller."""
    if not client.recv(1) and not done.is_set():
        os._exit(1)


def serve_one(client):
    done = threading.Event()
    request, fds = receive(client)
    become(request, fds)
    threading.Thread(target=end_with, args=(client, done), daemon=True).start()
    status = run(request[0][0])
    done.set()
    for fd in range(3):
        os.dup2(NULL, fd)       # who reads what it wrote waits for the end of that
    os.chdir("/")               # where it was may be unmounted
    client.sendall(bytes([status]))
    client.close()


def serve_many(parent):
    """Clients as they come; a byte says that the next one may."""
    while True:
        _, fds, _, _ = socket.recv_fds(parent, 1, 1)
        serve_one(socket.socket(fileno=fds[0]))
        parent.send(b".")


def forked(function, close, argument):
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for one in close:
            one.close()
        function(argument)
        os._exit(0)
    argument.close()


def once(listener):
    while True:
        client, _ = listener.accept()
        forked(serve_one, [listener], client)


def again(listener):
    workers, idle = [], []
    while True:
        ready, _, _ = select.select([listener, *workers], [], [])
        for worker in ready:
            if worker is listener:
                continue
            if worker.recv(1):
                idle.append(worker)
            else:               # it has ended with its client
                workers.remove(worker)
                worker.close()
        if listener not in ready:
            continue
        client, _ = listener.accept()
        if not idle:
            worker, end = socket.socketpair()
            forked(serve_many, [listener, client, worker, *workers], end)
            workers.append(worker)
            idle.append(worker)
        socket.send_fds(idle.pop(), [b"."], [client.fileno()])
        client.close()


def main():
    _, how, path, *needed = sys.argv
    for one in needed:
        if "/" in one:
            code_of(one)
        else:
            importlib.import_module(one)
    if "boto3" in needed:
        # its models are read only once
        sys.modules["boto3"].client("s3", region_name="us-east-1")
    gc.freeze()                 # so that less of it is copied
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    {"once": once, "again": again}[how](listener)


NULL = os.open("/dev/null", os.O_RDWR)
main()
