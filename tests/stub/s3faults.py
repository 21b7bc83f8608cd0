# SPDX-License-Identifier: MIT
"""What goes wrong at stub-s3, and when.  Any thread.

A fault is a JSON object.  Which requests it hits; all of these must hold:

    "class":  "LIST"        as in s3log.py       "method": "GET"
    "path":   "^/b/a/"      a regular expression "query":  "list-type=2"
    "after":  3             not the first three of them
    "times":  1             no more than that many (default: no end)
    "rate":   100           only what is above so many a second (a tenth of that
                            at once)

What happens to them; the first fault in the list that hits is the only one:

    "delay": 0.5            seconds before the answer
    "gate":  "g"            wait until the gate g is opened (or the client goes)
    "gate_at": 100          ... there only after so many bytes of the body
    "status": 503, "code": "SlowDown"       an S3 error instead of the answer;
                                            200 and a code: an error in disguise
    "status": 301, "headers": {}, "body": ""    any other answer
    "set_headers": {"ETag": "\\"other\\"", "Last-Modified": null}
                            change the true answer's headers; null: leave out
    "sub": ["<regex>", "<replacement>"]     change the true answer's body
    "raw": "HTTP/1.1 200 OK\\r\\n..."       these bytes instead, then close
    "cut": 100              close after so many bytes of the body
    "drop": "before" | "head" | "body"      reset the connection there

The answer is made when the request comes; what waits or is delayed is the
sending.  A page of LIST that waits at a gate does not see a later PUT.
"""
import re
import threading
import time
from dataclasses import dataclass, field
from typing import Optional


@dataclass
class Fault:
    # which
    method: Optional[str] = None
    path: str = ""
    query: str = ""
    kind: Optional[str] = None
    after: int = 0
    times: Optional[int] = None
    rate: Optional[float] = None
    # what
    delay: float = 0
    gate: Optional[str] = None
    gate_at: Optional[int] = None
    status: Optional[int] = None
    code: Optional[str] = None
    headers: dict = field(default_factory=dict)
    body: str = ""
    set_headers: dict = field(default_factory=dict)
    sub: Optional[list] = None
    raw: Optional[str] = None
    cut: Optional[int] = None
    drop: Optional[str] = None
    # so far
    seen: int = 0
    tokens: float = 0
    filled: float = 0

    def matches(self, kind, method, path, query):
        return (self.kind in (None, kind) and self.method in (None, method)
                and re.search(self.path, path) is not None
                and re.search(self.query, query) is not None)

    def is_below_rate(self):
        now = time.monotonic()
        most = max(1, self.rate / 10)
        self.tokens = min(most, self.tokens + (now - self.filled) * self.rate)
        self.filled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def fires(self):
        """Count one more request that matches; is it one that is hit?"""
        if self.rate and self.is_below_rate():
            return False
        self.seen += 1
        hits = self.seen - self.after
        return hits > 0 and (self.times is None or hits <= self.times)


NO_FAULT = Fault()


def fault_from_json(spec):
    spec = dict(spec)
    if "class" in spec:
        spec["kind"] = spec.pop("class")
    return Fault(**spec)


class Gate:
    def __init__(self):
        self.is_open = threading.Event()
        self.waiting = 0


class Faults:
    def __init__(self):
        self._lock = threading.Lock()
        self._faults = []
        self._gates = {}

    def add(self, specs):
        faults = [fault_from_json(spec) for spec in specs]
        with self._lock:
            self._faults += faults

    def clear(self):
        """No faults any more, and whoever waits goes on."""
        with self._lock:
            self._faults = []
            gates, self._gates = self._gates, {}
        for gate in gates.values():
            gate.is_open.set()

    def take(self, kind, method, path, query):
        """The fault that hits this request, NO_FAULT if none does."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(kind, method, path, query) and fault.fires():
                    return fault
        return NO_FAULT

    def gate(self, name):
        with self._lock:
            return self._gates.setdefault(name, Gate())

    def wait_at(self, name, is_client_gone):
        """Until the gate is opened; ConnectionError if the client goes first."""
        gate = self.gate(name)
        with self._lock:
            gate.waiting += 1
        try:
            while not gate.is_open.wait(0.02):
                if is_client_gone():
                    raise ConnectionError("the client went away")
        finally:
            with self._lock:
                gate.waiting -= 1
