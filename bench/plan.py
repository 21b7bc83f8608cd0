# SPDX-License-Identifier: MIT
"""What is measured: a list of settings, each a bucket, a store and cases."""
from dataclasses import dataclass

SHAPES = ("dated", "hex", "flat", "skew", "unicode")
ALL_CASES = ("miss", "hit", "changed")
REPETITIONS_UP_TO = 100_000  # above it, once
SPACES = 100_000  # where memory is judged
MEMO_MIB = 16  # that the memo may add
ONE_PAGE = 997  # with the three documents of dgstatfs, 1,000


@dataclass(frozen=True)
class Read:
    """A row of a setting of the memo: what is done to the bucket before a read."""
    case: str
    changed: int = 0  # deltas
    is_together: bool = False  # they are new, in a directory that was not there
    is_fresh: bool = False  # the mount has never seen the bucket
    before: int = 0  # so often one object has changed, and was read
    mode: str = "detailed"
    loses_document: bool = False

    @property
    def is_hit(self):
        return not self.changed and not self.loses_document


@dataclass
class Setting:
    title: str
    formula: str
    objects: int
    latency_ms: int = 30
    rate: int = 0  # requests a second that the store allows; 0: all
    cases: tuple = ALL_CASES
    mode: str = "quick"
    readers: int = 1
    with_peers: bool = False
    on_gateway: bool = False
    is_told: bool = False  # the original sizes, by the listing itself
    rss_max_mib: int = 0  # more than that is wrong; 0: whatever it takes
    connections: int = 0  # that dgstatfs may have; 0: its default
    is_tls: bool = False
    memo: str = ""  # its mount option; "": the default
    reads: tuple = ()  # of a setting of the memo
    has_off: bool = True  # all of them are done with memo=off, too
    is_once: bool = False  # measured
    is_asked_for: bool = False  # it runs only if its title is

    @property
    def is_typical(self):
        """Rates of other settings may be held against it, and its own."""
        return not (self.on_gateway or self.rate or self.readers > 1
                    or self.rss_max_mib or self.connections or self.reads)

    @property
    def repetitions(self):
        return 3 if self.objects <= REPETITIONS_UP_TO and not self.is_once else 1


def formula(shape, objects, deltas=None):
    """Directories as large as one would find them for such keys."""
    per_directory = {"dated": 1000, "hex": 10, "skew": 100, "unicode": 1000,
                     "long": 1000}
    dirs = 1 if shape == "flat" else max(4, objects // per_directory[shape])
    deltas = objects // 2 if deltas is None else deltas
    return f"{shape}-n{objects}-d{deltas}-s{dirs}"


def size_and_latency(sizes, latencies, peers_at):
    """peers_at: of objects and latency, whether peers run too."""
    return [Setting(f"{objects:,} objects, {latency} ms", formula("dated", objects),
                    objects, latency, with_peers=peers_at(objects, latency))
            for latency in latencies for objects in sizes]


def shapes(objects, latency_ms, with_peers):
    return [Setting(f"keys {shape}, {objects:,} objects", formula(shape, objects),
                    objects, latency_ms, cases=("miss",), with_peers=with_peers)
            for shape in SHAPES]


def long_keys(objects, latency_ms):
    return Setting(f"keys of 120 bytes, {objects:,} objects", formula("long", objects),
                   objects, latency_ms)


def detailed(deltas, **more):
    """Nine of ten objects are deltas."""
    objects = deltas * 10 // 9
    return Setting(f"detailed, {deltas:,} deltas", formula("dated", objects, deltas),
                   objects, mode="detailed", with_peers=True, **more)


def told(deltas):
    """The same on a store that needs no HEAD for it."""
    setting = detailed(deltas, is_told=True)
    setting.title += ", listing tells metadata"
    setting.formula += "-xmeta"
    setting.with_peers = False
    return setting


def reads_of(where, counts, in_a_row):
    """Where: by a running mount, or by a fresh one."""
    same = {"is_fresh": where == "fresh"}
    yield Read(f"hit, {where}", **same)
    yield Read(f"quick hit, {where}", mode="quick", **same)
    yield Read(f"0 changed, {where}", loses_document=True, **same)
    for count in counts:
        yield Read(f"{count:,} changed, {where}", count, **same)
        if count > 1:
            yield Read(f"{count:,} together, {where}", count, is_together=True, **same)
    if where == "running":
        yield Read(f"change {in_a_row}, running", 1, before=in_a_row - 1)


def remembered(deltas, counts=(1, 10, 1000), in_a_row=100, **more):
    """A mount that runs first, then fresh ones, which go on with what it has left."""
    setting = detailed(deltas, **more)
    setting.title = f"memo, {deltas:,} deltas"
    setting.with_peers = False
    running = tuple(reads_of("running", counts, in_a_row))
    after = Read(f"change {in_a_row + 1}, fresh", 1, is_fresh=True)
    setting.reads = (*running, after, *reads_of("fresh", counts, in_a_row))
    setting.cases = ("first", *(read.case for read in setting.reads))
    return setting


def limited(deltas, rate):
    setting = detailed(deltas, rate=rate, cases=("miss",))
    setting.title = f"limit of {rate:,} requests/s, {deltas:,} deltas"
    return setting


def crowd(objects, readers):
    return Setting(f"{readers} readers at once, {objects:,} objects",
                   formula("dated", objects), objects, readers=readers)


def memory(mode, objects, deltas, rss_max_mib, **more):
    """100,000 deltaspaces, and with 30 ms as many connections as there may be.  What the
    memo takes beside it is judged by itself."""
    return Setting(f"memory, {mode}, {objects:,} objects",
                   f"dated-n{objects}-d{deltas}-s{SPACES}", objects, mode=mode,
                   rss_max_mib=rss_max_mib, **{"memo": "off", **more})


def memory_of_memo(objects, deltas, rss_max_mib, **more):
    setting = memory("detailed", objects, deltas, rss_max_mib + MEMO_MIB, memo="bucket", **more)
    setting.title += ", memo"
    return setting


def memories():
    """Each HEAD takes time; the more objects, the fewer of them."""
    few = ("miss", "hit")
    return [memory("quick", 1_000_000, 500_000, 32),
            memory("sampled", 1_000_000, 500_000, 32),
            memory("detailed", 1_000_000, 500_000, 32, cases=few),
            memory_of_memo(1_000_000, 500_000, 32, cases=("miss", "hit", "changed")),
            memory("quick", 10_000_000, 5_000_000, 40, cases=few),
            memory("sampled", 10_000_000, 5_000_000, 40, cases=few),
            memory("detailed", 10_000_000, 100_000, 40, cases=few)]


def connected(objects, counts, latency_ms):
    """The same over TLS and without."""
    return [Setting(f"{'TLS' if is_tls else 'plain'}, {count} connections, {objects:,} objects",
                    formula("dated", objects), objects, latency_ms, connections=count,
                    is_tls=is_tls)
            for count in counts for is_tls in (False, True)]


def gateway(objects):
    """What is on the gateway has the latency that it has."""
    same = {"formula": formula("dated", objects), "objects": objects,
            "latency_ms": 0, "on_gateway": True, "with_peers": True}
    return [Setting(f"Ceph gateway, {objects:,} objects", **same),
            Setting(f"Ceph gateway, detailed, {objects // 2:,} deltas",
                    mode="detailed", **same)]


def full():
    sizes = (ONE_PAGE, 10_000, 100_000, 1_000_000, 10_000_000)

    def peers_at(objects, latency):
        return objects <= REPETITIONS_UP_TO or (objects, latency) == (1_000_000, 30)

    return [*size_and_latency(sizes, (30, 0, 10, 100), peers_at),
            *size_and_latency(sizes[-2:], (1,), lambda *_: False),
            *shapes(100_000, 30, True), *shapes(1_000_000, 30, False),
            long_keys(1_000_000, 30),
            detailed(10_000), detailed(100_000), told(10_000), told(100_000),
            limited(20_000, 1000),
            crowd(100_000, 100), *connected(1_000_000, (64, 256), 30),
            remembered(10_000), *gateway(10_000), *memories(),
            remembered(1_000_000, has_off=False, is_asked_for=True)]


def short():
    """Each kind of row once, in seconds."""
    return [*size_and_latency((ONE_PAGE, 3_000), (0, 5), lambda _, ms: ms == 5),
            *shapes(3_000, 0, False), long_keys(3_000, 0), detailed(900), told(900), limited(1_000, 1_000),
            remembered(900, (10,), in_a_row=2, is_once=True, latency_ms=5),
            crowd(3_000, 10), *connected(3_000, (2,), 5), *gateway(300),
            memory("detailed", 200_000, 100_000, 28, latency_ms=5,
                   cases=("miss", "hit"))]
