#!/usr/bin/python3 -IS
# SPDX-License-Identifier: MIT
"""Runs Python scripts that need boto3 without waiting for it each time.

usage: warm.py serve SOCKET               loads boto3, then waits for scripts
       warm.py run SOCKET SCRIPT ARG...   runs SCRIPT there, as if it were here

To start Python with boto3 takes longer than all that a test asks of it, and the
suite asks a thousand times.  The server forks for each script; the child gets
the caller's standard descriptors, directory, environment and arguments, and its
exit status comes back.
"""
import json
import os
import signal
import socket
import sys


def call(path, script, arguments):
    server = socket.socket(socket.AF_UNIX)
    server.connect(path)
    request = json.dumps([os.path.abspath(script), arguments, os.getcwd(),
                          dict(os.environ)]).encode()
    socket.send_fds(server, [len(request).to_bytes(8, "big")], [0, 1, 2])
    server.sendall(request)
    status = server.recv(1)
    return status[0] if status else 1  # the child was killed


def receive(client):
    head, fds, _, _ = socket.recv_fds(client, 8, 3)
    with client.makefile("rb") as stream:
        request = stream.read(int.from_bytes(head, "big"))
    return json.loads(request), fds


def run_script(request, fds):
    """In the child: become the script; returns its exit status."""
    import runpy

    script, arguments, directory, environment = request
    for target, fd in enumerate(fds):
        os.dup2(fd, target)
        os.close(fd)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [script, *arguments]
    try:
        runpy.run_path(script, run_name="__main__")
        status = 0
    except SystemExit as e:
        if isinstance(e.code, str):
            print(e.code, file=sys.stderr)
        status = 1 if isinstance(e.code, str) else int(e.code or 0)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def serve(path):
    import boto3

    boto3.client("s3", region_name="us-east-1")  # its models are read only once
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    while True:
        client, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            status = run_script(*receive(client))
            client.send(bytes([status]))
            os._exit(0)
        client.close()


if sys.argv[1] == "serve":
    import site

    site.main()  # where Debian keeps boto3; -S, for a quick start, left it out
    serve(sys.argv[2])
else:
    sys.exit(call(sys.argv[2], sys.argv[3], sys.argv[4:]))
