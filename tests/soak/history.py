# SPDX-License-Identifier: MIT
"""Whether a document can be true, by the history that store.py has kept.

A read lasts from t0 to t1.  A change that ended before t0 was there all the time,
one that began after t1 was not; each of the others may have come before or after
the moment at which the file system saw that object.  So an object that was not
changed meanwhile has one version, any other has a choice.

Which choice was listed is told by the fingerprint, a sum: all choices are tried, by
meeting in the middle.  One must give it, and count, bytes and the rest must follow
from that one.  HEADs come later: of a delta's versions from the listed one on, any
may have been asked for the original size.

Nothing here is shared with the program: rules and figures are worked out anew.
"""
import hashlib
import json
from bisect import bisect_right

MODULUS = 2**128
# More combinations than that are not looked at: the square of it can be.
HALF_MAX = 1 << 16


def digest(key, version):
    if version is None:
        return 0
    text = f"{key}\0{version['size']}\0{version['etag']}\0{version['last_modified']}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")


def space_of(key):
    return key[:key.rfind("/") + 1]


def is_reference(key):
    return key == space_of(key) + "reference.bin"


def sums(options):
    """{sum of one digest of each: the choice} of a list of (key, versions)."""
    found = {0: ()}
    for key, versions in options:
        found = {(total + digest(key, version)) % MODULUS: (*chosen, i)
                 for total, chosen in found.items()
                 for i, version in enumerate(versions)}
    return found


def halves(options):
    """Two lists with about the same number of combinations."""
    left, right, n_left, n_right = [], [], 1, 1
    for one in sorted(options, key=lambda one: -len(one[1])):
        if n_left <= n_right:
            left.append(one)
            n_left *= len(one[1])
        else:
            right.append(one)
            n_right *= len(one[1])
    return left, right, max(n_left, n_right)


class History:
    """One bucket; documents must be asked about in the order of their t0."""

    def __init__(self, record):
        self.objects = {key: version for key, version in record["first"]}
        self.changes = record["changes"]
        self.befores = [change[0] for change in self.changes]
        self.n_applied = 0
        self.total = sum(digest(*one) for one in self.objects.items()) % MODULUS

    def apply(self, t0):
        """All changes that were over at t0."""
        while self.n_applied < len(self.changes):
            _, after, key, version = self.changes[self.n_applied]
            if after > t0:
                return
            self.total += digest(key, version) - digest(key, self.objects.get(key))
            self.objects[key] = version
            self.n_applied += 1

    def options(self, t1):
        """{key: its versions in their order} of what changed until t1."""
        options = {}
        for i in range(self.n_applied, bisect_right(self.befores, t1)):
            _, _, key, version = self.changes[i]
            options.setdefault(key, [self.objects.get(key)]).append(version)
        return options

    def listed(self, options, fingerprint):
        """{key: index of its version}: the listing with that fingerprint, or None;
        the string "?" if there are too many combinations to say."""
        fixed = self.total - sum(digest(key, versions[0])
                                 for key, versions in options.items())
        left, right, most = halves(list(options.items()))
        if most > HALF_MAX:
            return "?"
        sums_left, sums_right = sums(left), sums(right)
        for total, chosen in sums_right.items():
            other = sums_left.get((fingerprint - fixed - total) % MODULUS)
            if other is not None:
                return dict(zip([key for key, _ in left + right], other + chosen))
        return None


class Listing:
    """The objects that a document was made of, and what follows from them."""

    def __init__(self, objects, options, choice):
        self.objects = {key: version for key, version in objects.items()
                        if version is not None and key not in options}
        self.headed = {}    # versions that a HEAD may have met
        for key, index in choice.items():
            self.headed[key] = options[key][index:]
            if options[key][index] is not None:
                self.objects[key] = options[key][index]
        self.deltas = sorted(key for key in self.objects if key.endswith(".delta"))
        self.references = {space_of(key): version["size"]
                           for key, version in self.objects.items()
                           if is_reference(key)}

    def size(self, keys):
        return sum(self.objects[key]["size"] for key in keys)

    def directs(self):
        return [key for key in self.objects
                if not key.endswith(".delta") and not is_reference(key)]

    def figures(self):
        """All but what HEADs tell."""
        stored = self.size(self.deltas) + self.size(self.directs())
        if self.deltas:
            stored += sum(self.references.values())
        return {
            "all_objects": len(self.objects), "all_bytes": self.size(self.objects),
            "object_count": len(self.objects) - len(self.references),
            "compressed_size": stored, "delta_objects": len(self.deltas),
            "direct_objects": len(self.directs()),
        }

    # --- original sizes -------------------------------------------------------

    def estimate(self, delta):
        return self.references.get(space_of(delta), self.objects[delta]["size"])

    def answers(self, delta):
        """What a HEAD may have said: numbers, and None for no metadata."""
        versions = self.headed.get(delta, [self.objects[delta]])
        return {version and version["original"] for version in versions}

    def add_group(self, sofar, deltas, is_sampled):
        """`deltas` share the answer to the HEAD of the first of them."""
        found = set()
        for answer in self.answers(deltas[0]):
            if answer is None:
                step = (sum(map(self.estimate, deltas)), 0, 0, len(deltas))
            else:
                step = (answer * len(deltas), 1, len(deltas) - 1, 0)
            found |= {tuple(map(sum, zip(one, step))) for one in sofar}
        return found

    def totals(self, mode):
        """All that may be: {(total_size, exact, sampled, estimated)}."""
        sofar = {(self.size(self.directs()), 0, 0, 0)}
        if mode == "quick":
            return {(one[0] + sum(map(self.estimate, self.deltas)), 0, 0,
                     len(self.deltas)) for one in sofar}
        groups = {}
        for delta in self.deltas:
            groups.setdefault(space_of(delta) if mode == "sampled" else delta,
                              []).append(delta)
        for deltas in groups.values():
            sofar = self.add_group(sofar, deltas, mode == "sampled")
        return sofar


def complaint(history, read):
    """What is wrong with a read, None if nothing is, "?" if it can't be said."""
    history.apply(read["t0"])
    options = history.options(read["t1"])
    try:
        document = json.loads(read["text"])
    except ValueError as e:
        return f"no document: {e}"
    validation, stats = document["validation"], document["stats"]
    if (document["mode"], stats["bucket"]) != (read["mode"], read["bucket"]):
        return "a document of something else"
    choice = history.listed(options, int(validation["fingerprint"], 16))
    if choice == "?":
        return "?"
    if choice is None:
        return f"no such listing between open and return; {len(options)} keys changed"
    listing = Listing(history.objects, options, choice)
    expected = listing.figures()
    found = {"all_objects": validation["object_count"],
             "all_bytes": validation["compressed_size"],
             **{name: stats[name] for name in expected if name in stats}}
    if found != expected:
        return f"{found} instead of {expected}"
    accuracy = document["accuracy"]
    total = (stats["total_size"], accuracy["exact_deltas"],
             accuracy["sampled_deltas"], accuracy["estimated_deltas"])
    totals = listing.totals(read["mode"])
    if total not in totals:
        return f"{total}, and only {sorted(totals)[:5]} can be"
    saved = max(0, total[0] - stats["compressed_size"])
    if stats["space_saved"] != saved or stats["average_compression_ratio"] != (
            saved / total[0] if saved else 0):
        return f"of {total[0]} saved: {stats}"
    return None
