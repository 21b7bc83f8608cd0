# SPDX-License-Identifier: MIT
"""The synthetic store over TLS: haproxy before it, with a certificate like any other."""
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from lab import RETRY_S, find_program

# The certificate and its key stand in one file; what is logged of a connection is
# whether its session was resumed.
CONFIG = """\
defaults
    mode tcp
    option logasap
    timeout connect 10s
    timeout client 10m
    timeout server 10m
listen store
    log stdout format raw local0
    log-format %[ssl_fc_is_resumed]
    bind 127.0.0.1:{port} ssl crt {home}/server.pem alpn http/1.1
    server store 127.0.0.1:{behind}
"""


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def make_certificates(home):
    """An authority, and a server that has a certificate of it."""
    key = ("-newkey", "rsa:2048", "-noenc", "-days", "2")
    openssl("req", "-x509", *key, "-subj", "/CN=bench", "-keyout", f"{home}/ca.key",
            "-out", f"{home}/ca.pem")
    openssl("req", *key, "-x509", "-CA", f"{home}/ca.pem", "-CAkey", f"{home}/ca.key",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-addext", "basicConstraints=critical,CA:FALSE",
            "-keyout", f"{home}/server.key", "-out", f"{home}/server.crt")
    Path(home, "server.pem").write_bytes(Path(home, "server.crt").read_bytes()
                                         + Path(home, "server.key").read_bytes())


class TlsFront:
    """On the port behind that of the store."""

    def __init__(self, port):
        self._home = tempfile.TemporaryDirectory(prefix="bench-tls-")
        home = Path(self._home.name)
        make_certificates(home)
        config = home / "haproxy.cfg"
        config.write_text(CONFIG.format(home=home, port=port + 1, behind=port),
                          encoding="ascii")
        self.endpoint = f"https://127.0.0.1:{port + 1}"
        self.environment = {"AWS_CA_BUNDLE": f"{home}/ca.pem"}
        self._log = home / "log"
        self._seen = 0
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([find_program("haproxy"), "-db", "-f",
                                              config], stdout=log, stderr=log)
        self._wait(port + 1)

    def _wait(self, port):
        while self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except ConnectionRefusedError:
                time.sleep(RETRY_S)
        raise SystemExit(f"bench: haproxy: {self._log.read_text('utf-8')}")

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._home.cleanup()

    def _connections(self):
        return self._log.read_text("ascii").split()

    def begin(self):
        """Count handshakes from here."""
        self._seen = len(self._connections())

    def handshakes(self):
        """(all, resumed) since begin()."""
        since = self._connections()[self._seen:]
        return {"all": len(since), "resumed": since.count("1")}
