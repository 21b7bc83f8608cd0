# SPDX-License-Identifier: MIT
"""What is measured on: the synthetic store, and programs run on the clock."""
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

KEYS = {"AWS_ACCESS_KEY_ID": "testkey", "AWS_SECRET_ACCESS_KEY": "testsecret",
        "AWS_DEFAULT_REGION": "us-east-1"}
DEBIAN_FIRST = "/usr/bin:/bin:/usr/sbin:/sbin"
RETRY_S = 0.02
QUIET = 5  # so often in a row nothing must be under way
CONNECTIONS = 256  # of the ceiling; dgstatfs has as many by default


def clean_environment(**more):
    """Nothing of the caller's, whose proxies, profiles and CAs are not measured."""
    return {"PATH": f"{DEBIAN_FIRST}:{os.environ['PATH']}", "LANG": "C.UTF-8", "HOME": tempfile.gettempdir(),
            "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true", "RCLONE_CONFIG": "/dev/null",
            **KEYS, **more}


def find_program(name):
    """Debian's one, even if another comes first in the caller's PATH."""
    return shutil.which(name, path=DEBIAN_FIRST) or shutil.which(name)


# --- the store --------------------------------------------------------------------


class Store:
    """The server of store.c, and what it says of itself."""

    def __init__(self, programs, port):
        self.store, self.drain = programs / "store", programs / "ceiling"
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen([self.store, "serve", str(port)])
        self.expected = {}
        self._wait()

    def _wait(self):
        while self.process.poll() is None:
            try:
                self.counters()
                return
            except urllib.error.URLError:
                time.sleep(RETRY_S)
        raise SystemExit(f"bench: the store does not start on port {self.port}")

    def stop(self):
        self.process.kill()
        self.process.wait()

    def _control(self, method, call):
        return self._open(urllib.request.Request(f"{self.endpoint}/_store/{call}",
                                                 method=method))

    @staticmethod
    def _open(request):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            return answer.read()

    def counters(self):
        return json.loads(self._control("GET", "counters"))

    def reset(self):
        self._control("POST", "reset")

    def settle(self):
        """What is written when the answer is there already is to be written."""
        n = 0
        while n < QUIET:
            time.sleep(RETRY_S)
            n = 0 if self.counters()["in_flight"] else n + 1

    def configure(self, latency_ms, rate):
        self._control("POST", f"config?latency_ms={latency_ms}&rate={rate}")

    def change(self, bucket, n=1):
        self._control("POST", f"change?n={n}&bucket={bucket}")

    def add(self, bucket, n):
        """A directory with so many deltas, which was never there."""
        self._control("POST", f"add?n={n}&bucket={bucket}")

    def remove(self, bucket):
        """The directory that was added."""
        self._control("POST", f"remove?bucket={bucket}")

    def forget(self, bucket):
        self._control("POST", f"forget?bucket={bucket}")

    def delete(self, bucket, key):
        request = urllib.request.Request(f"{self.endpoint}/{bucket}/{key}", method="DELETE")
        self._open(request)

    def expect(self, bucket):
        """The figures that statistics of this bucket must show, as its name says."""
        if bucket not in self.expected:
            output = subprocess.check_output([self.store, "expect", bucket])
            self.expected[bucket] = json.loads(output)
        return self.expected[bucket]

    def expect_now(self, bucket):
        """The same, with what was added."""
        return json.loads(self._control("GET", f"expect?bucket={bucket}"))

    def ceiling(self, bucket, what, connections, limit_s):
        """Seconds in which a client that only asks has all answers; None if that
        takes too long."""
        argv = [self.drain, str(self.port), bucket, str(connections), what]
        try:
            output = subprocess.check_output(argv, timeout=limit_s)
        except subprocess.TimeoutExpired:
            return None
        return json.loads(output)["seconds"]


class Synthetic:
    """A bucket of the store, to be measured on; `front`: over TLS."""

    def __init__(self, store, bucket, latency_ms, rate, front=None):
        self.store, self.bucket, self.rate, self.front = store, bucket, rate, front
        self.endpoint = front.endpoint if front else store.endpoint
        self.environment = front.environment if front else {}
        self.expected = store.expect(bucket)
        self._latency_ms = latency_ms
        self._ceilings = {}
        store.forget(bucket)
        store.configure(latency_ms, rate)

    def begin(self):
        """Count from here, with a full allowance of requests."""
        self.store.settle()
        self.store.configure(self._latency_ms, self.rate)
        self.store.reset()
        if self.front:
            self.front.begin()

    def counters(self):
        self.store.settle()
        counters = self.store.counters()
        if self.front:
            counters["handshakes"] = self.front.handshakes()
        return counters

    def forget(self):
        self.store.forget(self.bucket)

    def lose_document(self, mode):
        self.store.delete(self.bucket, f".deltaglider/stats_{mode}.json")

    def change(self, n=1):
        self.store.change(self.bucket, n)

    def add(self, n):
        self.store.add(self.bucket, n)
        self.expected = self.store.expect_now(self.bucket)

    def remove(self):
        self.store.remove(self.bucket)
        self.expected = self.store.expect_now(self.bucket)

    def ceiling(self, what, limit_s):
        """Where the rate is limited, that is the ceiling; else ask the store."""
        pages = -(-self.expected["listed"] // 1000)
        requests = pages + (self.expected["deltas"] if what == "all" else 0)
        if self.rate:
            return requests / self.rate
        if what not in self._ceilings:
            connections = min(CONNECTIONS, requests)
            self._ceilings[what] = self.store.ceiling(self.bucket, what, connections,
                                                      limit_s)
        return self._ceilings[what]


# --- one measurement ----------------------------------------------------------------


@dataclass
class Sample:
    """One run.  `wrong` says why its time means nothing; else it is empty."""
    seconds: float = 0
    cpu_s: float = 0
    rss_mib: float = 0
    counters: dict = None
    wrong: str = ""


class Deadline:
    """Calls `end` after so many seconds, unless left before."""

    def __init__(self, seconds, end):
        self.has_passed = False
        self._end = end
        self._timer = threading.Timer(seconds, self._fire)

    def _fire(self):
        self.has_passed = True
        self._end()

    def __enter__(self):
        self._timer.start()
        return self

    def __exit__(self, *_):
        self._timer.cancel()


def tail(path, size=4096):
    with open(path, "rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - size))
        return file.read().decode("utf-8", "replace")


def last_message(path):
    lines = tail(path).strip().splitlines() or [""]
    return lines[-1].rpartition("error: ")[2][:160]


def run_timed(argv, environment, limit_s):
    """(Sample, the end of its output) of a program; output goes to a file."""
    sample = Sample()
    with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
        start = time.monotonic()
        process = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=err)
        with Deadline(limit_s, process.kill) as deadline:
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        sample.seconds = time.monotonic() - start
        sample.cpu_s = usage.ru_utime + usage.ru_stime
        sample.rss_mib = usage.ru_maxrss / 1024
        if deadline.has_passed:
            sample.wrong = f"stopped after {limit_s:.0f} s"
        elif process.returncode:
            sample.wrong = last_message(err.name) or "failed"
        return sample, tail(out.name)


# --- dgstatfs -----------------------------------------------------------------------


def is_mounted(directory):
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    return any(line.split()[4] == str(directory) for line in lines)


class Mount:
    """A dgstatfs of our own; the first look at the bucket is over."""

    def __init__(self, program, endpoint, bucket, options, environment=None):
        self.directory = Path(tempfile.mkdtemp(prefix="bench-"))
        self.bucket = bucket
        self.log = tempfile.NamedTemporaryFile(prefix="bench-log-")
        argv = [program, "-f", *(f"-o{option}" for option in options), endpoint,
                self.directory]
        self.process = subprocess.Popen(argv, stderr=self.log,
                                        env=clean_environment(**(environment or {})))
        while not is_mounted(self.directory):
            if self.process.poll() is not None:
                raise SystemExit(f"bench: {program}: {tail(self.log.name)}")
            time.sleep(RETRY_S)
        os.stat(self.directory / bucket)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if is_mounted(self.directory):
            subprocess.run(["fusermount3", "-uz", self.directory], check=False)
        self.directory.rmdir()
        self.log.close()

    def path(self, mode):
        return self.directory / self.bucket / f"stats_{mode}.json"

    def cpu_s(self):
        """Of its threads, to the nanosecond; /proc/PID/stat has hundredths."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text("ascii").split()[0]) for task in tasks) / 1e9

    def forget_peak(self):
        """For root only; else the peak is the one since it was mounted."""
        try:
            Path(f"/proc/{self.process.pid}/clear_refs").write_text("5", "ascii")
        except PermissionError:
            pass

    def peak_mib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024

    def read(self, mode, limit_s, readers=1):
        """(Sample, documents) of that many opens at once, all of them counted."""
        documents, failures = [], []

        def read_one():
            try:
                documents.append(self.path(mode).read_bytes())
            except OSError as error:
                failures.append(error.strerror)

        self.forget_peak()
        cpu, start = self.cpu_s(), time.monotonic()
        with Deadline(limit_s, self.process.kill) as deadline:
            if readers == 1:
                read_one()
            else:
                threads = [threading.Thread(target=read_one) for _ in range(readers)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
        sample = Sample(seconds=time.monotonic() - start)
        if deadline.has_passed:
            sample.wrong = f"stopped after {limit_s:.0f} s"
            return sample, []
        sample.cpu_s, sample.rss_mib = self.cpu_s() - cpu, self.peak_mib()
        if failures:
            sample.wrong = f"{failures[0]}: {last_message(self.log.name)}"
        return sample, documents
