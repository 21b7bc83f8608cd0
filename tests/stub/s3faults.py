# SPDX-License-Identifier: MIT
"""What goes wrong at stub-s3, and when.  Any thread.

A fault is a JSON object.  Which requests it hits; all of these must hold:

    "class":  "LIST"        as in s3log.py       "method": "GET"
    "path":   "^/b/a/"      a regular expression "query":  "list-type=2"
    "after":  3             not the first three of them
    "times":  1             no more than that many (default: no end)
    "rate":   100           only what is above so many a second (a tenth of that
                            at once)
    "every":  20            of these only the 1st, the 21st, the 41st...
    "percent": 5            of these only some, drawn by lot, always the same
    "auth":   "/eu-1/s3/"   a regular expression for the Authorization header
    "clock":  3600          as if it were so many seconds later here: those that
                            are signed for another time (15 minutes off)

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
    "ask": ["<regex>", "<replacement>"]     answer another query than was asked
    "unheard": ["if-none-match"]            fields of its head that the store ignores
    "put": [OBJECT...], "delete": [KEY...]  change the bucket before the answer
    "gzip": true            a body that nobody asked to be compressed
    "raw": "HTTP/1.1 200 OK\\r\\n..."       these bytes instead, then close
    "stray": "HTTP/1.1 ..." these bytes first, so that from here on each request on
                            this connection gets the answer to the one before
    "interim": "HTTP/1.1 100 Continue\\r\\n\\r\\n"     these bytes before the answer
    "framing": "chunked" | "close"          how the end of the body is told, instead
                            of Content-Length; "close": by that of the connection
    "end": 100              end the connection after so many bytes, from the first
                            one of the head (or of raw); with "close" at the end
    "by": "fin" | "rst" | "eof"             and how: with all due form, or by a
                            reset, or, with TLS, without its close_notify
    "slow": 0.05            seconds between two bytes of the head
    "cut": 100              close after so many bytes of the body
    "drop": "before" | "head" | "body"      reset the connection there

In `body`, `sub`, `raw`, `stray` and the headers, %{1000:ab} is a thousand times ab.

The answer is made when the request comes; what waits or is delayed is the
sending.  A page of LIST that waits at a gate does not see a later PUT.
"""
import calendar
import random
import re
import threading
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Optional

MAX_SKEW_S = 15 * 60
REPEAT = re.compile(r"%\{(\d+):([^}]*)\}")


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
    every: int = 1
    percent: Optional[float] = None
    auth: str = ""
    clock: Optional[int] = None
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
    ask: Optional[list] = None
    unheard: list = field(default_factory=list)
    put: list = field(default_factory=list)
    delete: list = field(default_factory=list)
    gzip: bool = False
    raw: Optional[str] = None
    stray: Optional[str] = None
    interim: str = ""
    framing: Optional[str] = None
    end: Optional[int] = None
    by: str = "fin"
    slow: float = 0
    cut: Optional[int] = None
    drop: Optional[str] = None
    # so far
    held_at: Optional["Gate"] = None
    seen: int = 0
    tokens: float = 0
    filled: float = 0
    lots: random.Random = field(default_factory=random.Random)

    def matches(self, kind, method, path, query, headers):
        return (self.kind in (None, kind) and self.method in (None, method)
                and re.search(self.path, path) is not None
                and re.search(self.query, query) is not None
                and re.search(self.auth, headers.get("authorization", ""))
                is not None
                and self.is_other_time(headers.get("x-amz-date", "")))

    def is_other_time(self, date):
        if self.clock is None:
            return True
        signed = calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))
        return abs(signed - time.time() - self.clock) > MAX_SKEW_S

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
        if hits <= 0 or (hits - 1) % self.every:
            return False
        if self.percent is not None and self.lots.random() * 100 >= self.percent:
            return False
        return self.times is None or hits <= self.times

    def fields(self):
        """Header fields of an answer that replaces the true one."""
        date = {} if self.clock is None else {
            "Date": formatdate(time.time() + self.clock, usegmt=True)}
        return {**date, **self.headers}


NO_FAULT = Fault()


def repeated(text):
    return REPEAT.sub(lambda match: match[2] * int(match[1]), text)


def fault_from_json(spec):
    lots = random.Random(repr(spec))
    spec = dict(spec)
    if "class" in spec:
        spec["kind"] = spec.pop("class")
    return Fault(**spec, lots=lots)


class Gate:
    def __init__(self):
        self.is_open = threading.Event()
        self.waiting = 0


class Faults:
    def __init__(self):
        self._lock = threading.Lock()
        self._faults = []
        self._gates = {}
        self.fired = 0              # requests that were hit, ever

    def add(self, specs):
        faults = [fault_from_json(spec) for spec in specs]
        with self._lock:
            # who is hit and comes there late finds it open, if all were opened meanwhile
            for fault in faults:
                if fault.gate is not None:
                    fault.held_at = self._gates.setdefault(fault.gate, Gate())
            self._faults += faults

    def clear(self):
        """No faults any more, and whoever waits goes on."""
        with self._lock:
            self._faults = []
            gates, self._gates = self._gates, {}
        for gate in gates.values():
            gate.is_open.set()

    def take(self, kind, method, path, query, headers):
        """The fault that hits this request, NO_FAULT if none does."""
        lower = {name.lower(): value for name, value in headers.items()}
        with self._lock:
            for fault in self._faults:
                if (fault.matches(kind, method, path, query, lower)
                        and fault.fires()):
                    self.fired += 1
                    return fault
        return NO_FAULT

    def gate(self, name):
        with self._lock:
            return self._gates.setdefault(name, Gate())

    def wait_at(self, gate, is_client_gone):
        """Until the gate is opened; ConnectionError if the client goes first."""
        with self._lock:
            gate.waiting += 1
        try:
            while not gate.is_open.wait(0.02):
                if is_client_gone():
                    raise ConnectionError("the client went away")
        finally:
            with self._lock:
                gate.waiting -= 1
