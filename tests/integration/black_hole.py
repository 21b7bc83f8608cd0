#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A network that swallows everything, in three kinds.

usage: black_hole.py KIND    prints its endpoint once it is there, runs until killed

silent      takes connections and reads what comes, and never answers
full        a queue of connections that is full: no further one is ever made
dns         a name server that never answers; prints its address
"""
import random
import select
import socket
import sys
import time


def listen(backlog):
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(backlog)
    return server


def announce(server):
    print(f"http://127.0.0.1:{server.getsockname()[1]}", flush=True)


def silent():
    server = listen(512)
    announce(server)
    clients = []
    while True:
        for ready in select.select([server, *clients], [], [])[0]:
            if ready is server:
                clients.append(server.accept()[0])
            elif not ready.recv(1 << 16):
                clients.remove(ready)
                ready.close()


def full():
    server = listen(0)
    clients = []
    while True:
        client = socket.socket()
        client.settimeout(0.5)
        clients.append(client)
        try:
            client.connect(server.getsockname())
        except TimeoutError:
            break
    announce(server)
    time.sleep(1e6)


def dns():
    """On an address of its own: the port is always 53."""
    server = socket.socket(type=socket.SOCK_DGRAM)
    address = "127." + ".".join(str(random.randint(1, 254)) for _ in range(3))
    server.bind((address, 53))
    print(address, flush=True)
    while True:
        server.recv(1 << 16)


{"silent": silent, "full": full, "dns": dns}[sys.argv[1]]()
