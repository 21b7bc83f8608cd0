#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Clients of an HTTP server that no server would wish for.

usage: clients.py slow PORT N     N connections that hold on: they say nothing, or a
                                  byte of a request now and then, or of its head, or
                                  ask and do not read.  Prints "open" when all are, and
                                  "closed SECONDS" when the server has ended all: that
                                  is how old the oldest became.
       clients.py garbage PORT N  N times what is no request, always the same; and
                                  some that every server meets.  Prints how often it
                                  was answered with what: {"400": 3, "": 9}
"""
import json
import random
import select
import socket
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

PATIENCE_S = 240
PAUSE_S = 0.2
HEARING_S = 2


def connect(port):
    return socket.create_connection(("127.0.0.1", port), PATIENCE_S)


# --- slow ------------------------------------------------------------------------

REQUEST = b"GET /metrics HTTP/1.1\r\nHost: me\r\n"

# What is sent at once, and what byte by byte, for ever.
MANNERS = [
    (b"", b""),
    (b"", REQUEST + b"X: " + b"x" * 10000),
    (REQUEST, b"X-Y: z\r\n" * 1000),
    (b"POST /metrics HTTP/1.1\r\nHost: me\r\nContent-Length: 9999\r\n", b"A: b\r\n" * 1000),
]


class Slow:
    def __init__(self, port, at_once, dribble):
        self.socket = connect(port)
        self.since = time.monotonic()
        self.dribble = iter(dribble)
        self.socket.sendall(at_once)

    def send(self):
        byte = next(self.dribble, None)
        if byte is not None:
            self.socket.send(bytes([byte]))

    def is_closed(self):
        """Whatever was said before: whoever is still heard is a client."""
        try:
            return self.socket.recv(65536) == b""
        except OSError:
            return True


def slow(port, n):
    clients = [Slow(port, *MANNERS[i % len(MANNERS)]) for i in range(n)]
    print("open", flush=True)
    end, oldest = time.monotonic() + PATIENCE_S, 0
    while clients and time.monotonic() < end:
        for client in clients:
            try:
                client.send()
            except OSError:
                pass
        ready = select.select([c.socket for c in clients], [], [], PAUSE_S)[0]
        for client in [c for c in clients if c.socket in ready]:
            if client.is_closed():
                oldest = max(oldest, time.monotonic() - client.since)
                client.socket.close()
                clients.remove(client)
        time.sleep(PAUSE_S)
    print(f"closed {oldest:.1f}" if not clients else "open still", flush=True)


# --- garbage -----------------------------------------------------------------------

KNOWN = [
    b"\0" * 100,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)),  # TLS
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /metrics\r\n\r\n",
    b"GET /metrics HTTP/9.9\r\n\r\n",
    b"GET " + b"/" * 100000 + b" HTTP/1.1\r\nHost: me\r\n\r\n",
    REQUEST + b"X: " + b"x" * 1000000 + b"\r\n\r\n",
    REQUEST + b"X: y\r\n" * 100000 + b"\r\n",
    REQUEST + b"Content-Length: -1\r\n\r\n",
    REQUEST + b"Content-Length: 99999999999999999999\r\n\r\n",
    REQUEST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /metrics%00x HTTP/1.1\r\nHost: me\r\n\r\n",
    b"GET /%6detrics HTTP/1.1\r\nHost: me\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.1\r\nHost: me\r\n\r\n",
    b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: me\r\n\r\n",
    b"GET http://127.0.0.1:22/ HTTP/1.1\r\nHost: me\r\n\r\n",
    b"PUT /metrics HTTP/1.1\r\nHost: me\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
]


def mutated(rng):
    request = bytearray(REQUEST + b"Accept: */*\r\n\r\n")
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(request))
        request[at:at + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 4))
    return bytes(request)


def answer(port, request):
    """The status, "" if there was none, yet."""
    with connect(port) as client:
        client.settimeout(HEARING_S)
        said = b""
        try:
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            while chunk := client.recv(65536):
                said += chunk
        except OSError:
            pass  # it does not have to hear us out
    return said[9:12].decode() if said.startswith(b"HTTP/1.") else ""


def garbage(port, n):
    rng = random.Random(1)
    requests = KNOWN + [mutated(rng) for _ in range(n)]
    with ThreadPoolExecutor(50) as pool:
        print(json.dumps(Counter(pool.map(lambda request: answer(port, request), requests))))


{"slow": slow, "garbage": garbage}[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))
