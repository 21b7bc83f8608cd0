#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Keys of short lives, from each source, while many read: no read may fail.

usage: rotation.py DGSTATFS DIR LIFE|revoked SECONDS READERS [SOURCE...]

For each source one mount, all at the same time, with so many READERS each: keys live
LIFE seconds, for so many SECONDS; or the first ones are taken back, long before their
time, in the middle of a listing.  The store knows from ../stub/stub-keys when keys end,
and refuses them from then on, as Amazon does (400, ExpiredToken).

Prints a line for each source: reads, fetches, refusals.  Ends with 1 if a read has failed,
keys were not renewed, or were fetched again sooner than they had to be: a fetch must not
be one for each of the readers.
"""
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

DGSTATFS, DIR = sys.argv[1], Path(sys.argv[2])
IS_REVOKED = sys.argv[3] == "revoked"
LIFE = 3600 if IS_REVOKED else float(sys.argv[3])
SECONDS, READERS = float(sys.argv[4]), int(sys.argv[5])
STUB = Path(__file__).resolve().parent.parent / "stub" / "stub-keys"
PAUSE = max(0.2, READERS / 50)  # of a reader between two reads
REVOKED_AFTER = 2.5  # seconds: keys are fetched again no more often than once in one
PAGE = """<ListBucketResult><Name>bkt</Name><Prefix></Prefix><KeyCount>1</KeyCount>
<MaxKeys>1</MaxKeys>{more}<EncodingType>url</EncodingType>
<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>
<ETag>"d41d8cd98f00b204e9800998ecf8427e"</ETag><Size>1</Size></Contents></ListBucketResult>"""
FIRST = PAGE.format(key="a", more="<IsTruncated>true</IsTruncated>"
                    "<NextContinuationToken>t</NextContinuationToken>").encode()
SECOND = PAGE.format(key="b", more="<IsTruncated>false</IsTruncated>").encode()
ARN = "arn:aws:iam::123456789012:role/r"


# --- the store -----------------------------------------------------------------------

class Store(BaseHTTPRequestHandler):
    """One bucket, of two pages, for keys that are still good."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        key = self.headers.get("Authorization", "").partition("Credential=")[2].split("/")[0]
        page = SECOND if "continuation-token" in self.path else FIRST
        if self.server.sources[key.rpartition("-")[0]].is_good(key, page is SECOND):
            return self.answer(200, page)
        return self.answer(400, b"<Error><Code>ExpiredToken</Code></Error>")

    def log_message(self, *args):
        pass


# --- sources -------------------------------------------------------------------------

class Source:
    """A service of its own that gives keys, and a mount that uses them."""

    def __init__(self, name):
        self.name, self.dir = name, DIR / name
        self.dir.mkdir()
        self.n_reads, self.n_refused, self.failures = 0, 0, []
        self.lock, self.ends, self.has_revoked = threading.Lock(), {}, False
        self.write("name", name)
        self.write("life", str(LIFE))
        self.write("token", "token-of-container")
        # pylint: disable=consider-using-with
        self.stub = subprocess.Popen([str(STUB), str(self.dir)], stdout=subprocess.PIPE)
        self.url = self.stub.stdout.readline().decode().strip()
        self.write("config", f"[default]\n{self.profile()}\n")
        self.fs = None

    def write(self, name, text):
        (self.dir / "new").write_text(text, encoding="utf-8")
        (self.dir / "new").rename(self.dir / name)

    def profile(self):
        return ""

    def environment(self):
        return {}

    def tend(self):
        """What somebody else does meanwhile, now and then."""

    def given(self):
        lines = (self.dir / "given").read_text(encoding="utf-8").splitlines()
        return [(key, int(end), float(at)) for key, end, at in map(str.split, lines)]

    def is_good(self, key, is_in_the_middle):
        with self.lock:
            if key not in self.ends:
                self.ends = {key: (end, at) for key, end, at in self.given()}
            end, at = self.ends[key]
            is_good = time.time() < end
            if IS_REVOKED and key.endswith("-1"):
                self.has_revoked |= is_in_the_middle and time.time() > at + REVOKED_AFTER
                is_good = not self.has_revoked
            self.n_refused += not is_good
        return is_good

    def mount(self, store):
        (self.dir / "mnt").mkdir()
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.dir),
                       "AWS_CONFIG_FILE": str(self.dir / "config"),
                       "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
                       "AWS_EC2_METADATA_DISABLED": "true", **self.environment()}
        # pylint: disable=consider-using-with
        with (self.dir / "fs.log").open("w", encoding="utf-8") as log:
            self.fs = subprocess.Popen(
                [DGSTATFS, "-f", "-o", "cache=off,bucket=bkt,connect_timeout=1m",
                 f"http://127.0.0.1:{store.server_port}", str(self.dir / "mnt")],
                env=environment, stdout=log, stderr=log)
        while not os.path.ismount(self.dir / "mnt"):
            time.sleep(0.02)

    def end(self):
        subprocess.run(["fusermount3", "-uz", str(self.dir / "mnt")], check=False)
        if self.fs:
            self.fs.wait()
        self.stub.kill()

    def read(self, is_over):
        while not is_over.is_set():
            try:
                text = (self.dir / "mnt/bkt/stats_quick.json").read_bytes()
                if json.loads(text)["stats"]["object_count"] != 2:
                    raise ValueError("other figures")
            except (OSError, ValueError) as error:
                self.failures.append(f"{time.time():.3f} {error}")
            with self.lock:
                self.n_reads += 1
            time.sleep(PAUSE)

    def is_renewed(self):
        return len(self.given()) > 1

    def complaint(self):
        fetched = [at for _, _, at in self.given()]
        # three quarters of what is left, less jitter; what is left is in whole seconds
        least = min(b - a for a, b in zip(fetched, fetched[1:])) if len(fetched) > 1 else 0
        soonest = 0.68 * (LIFE - 2)
        print(f"{self.name}: {self.n_reads} reads, {len(self.failures)} failed, "
              f"{len(fetched)} fetches, {least:.1f} s apart at least, "
              f"{self.n_refused} requests refused", flush=True)
        if self.failures:
            return self.failures[0]
        if not self.is_renewed():
            return "keys were not renewed"
        if IS_REVOKED:
            return len(fetched) != 2 and "more than one fetch for one refusal"
        # after a refusal it may come at once
        return least < soonest and not self.n_refused and "fetched too often"


class Process(Source):
    def profile(self):
        return f"credential_process = curl -sf {self.url}/process"


class Container(Source):
    def environment(self):
        return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": self.url + "/container",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "token-of-container"}


class Instance(Source):
    def environment(self):
        return {"AWS_EC2_METADATA_DISABLED": "false",
                "AWS_METADATA_SERVICE_TIMEOUT": "20",
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.url}


class Role(Source):
    def profile(self):
        return f"role_arn = {ARN}\nsource_profile = base\n[profile base]\n" \
            "aws_access_key_id = a\naws_secret_access_key = s"

    def environment(self):
        return {"AWS_ENDPOINT_URL_STS": self.url}


class WebIdentity(Source):
    def environment(self):
        self.write("web-token", "token-of-web")
        return {"AWS_ENDPOINT_URL_STS": self.url, "AWS_ROLE_ARN": ARN,
                "AWS_WEB_IDENTITY_TOKEN_FILE": str(self.dir / "web-token")}


class Sso(Source):
    def profile(self):
        return "sso_session = my\nsso_account_id = 1\nsso_role_name = my-role\n" \
            "[sso-session my]\nsso_start_url = u\nsso_region = eu-west-7"

    def environment(self):
        cache = self.dir / ".aws/sso/cache"
        cache.mkdir(parents=True)
        login = {"accessToken": "login-of-sso", "expiresAt": "2099-01-01T00:00:00Z"}
        (cache / (hashlib.sha1(b"my").hexdigest() + ".json")).write_text(json.dumps(login), "utf-8")
        return {"AWS_ENDPOINT_URL_SSO": self.url}


class File(Source):
    """Somebody writes new keys when half of the life of the old ones is over."""
    written = 0

    def tend(self):
        if time.time() < self.written + LIFE / 2:
            return
        self.written = time.time()
        found = json.loads(subprocess.run(["curl", "-sf", self.url + "/process"], check=True,
                                          capture_output=True).stdout)
        self.write("credentials", f"[default]\naws_access_key_id = {found['AccessKeyId']}\n"
                   f"aws_secret_access_key = {found['SecretAccessKey']}\n")

    def environment(self):
        self.tend()
        return {"AWS_SHARED_CREDENTIALS_FILE": str(self.dir / "credentials")}

    def complaint(self):
        least = super().complaint()
        return least if least != "fetched too often" else None


SOURCES = {"process": Process, "container": Container, "instance": Instance, "role": Role,
           "web": WebIdentity, "sso": Sso, "file": File}


def watch(sources):
    """For so long, and on a slow machine until there were other keys."""
    is_over, began = threading.Event(), time.monotonic()
    readers = [threading.Thread(target=source.read, args=(is_over,))
               for source in sources for _ in range(READERS)]
    for reader in readers:
        reader.start()
    while (passed := time.monotonic() - began) < 20 * SECONDS:
        if passed > SECONDS and all(source.is_renewed() for source in sources):
            break
        for source in sources:
            source.tend()
        time.sleep(0.1)
    is_over.set()
    for reader in readers:
        reader.join()


def main():
    threading.stack_size(256 * 1024)
    names = sys.argv[6:] or list(SOURCES)
    sources = [SOURCES[name](name) for name in names]
    store = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    store.sources = {source.name: source for source in sources}
    threading.Thread(target=store.serve_forever, daemon=True).start()
    try:
        for source in sources:
            source.mount(store)
        watch(sources)
        complaints = {source.name: source.complaint() for source in sources}
    finally:
        for source in sources:
            source.end()
    for name, complaint in complaints.items():
        if complaint:
            print(f"{name}: {complaint}\n" + (DIR / name / "fs.log").read_text("utf-8"))
    sys.exit(any(complaints.values()))


main()
