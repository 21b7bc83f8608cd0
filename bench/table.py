# SPDX-License-Identifier: MIT
"""Rows of results: medians, ratios, and how they are shown."""
import statistics

OURS = "dgstatfs"
SETTLING_S = 3  # a limit is being found out; what is refused then does not count
PYTHON_WORKERS = 10  # threads that deltaglider stats --detailed sends HEADs from
CLASSES = ("LIST", "HEAD", "GET", "PUT")
COLUMNS = (  # title, width, how a row shows it
    ("case", -22, lambda row: row["case"]),
    ("tool", -35, lambda row: row["tool"]),
    ("median s", 9, lambda row: number(row["seconds"], 4)),
    ("objects/s", 10, lambda row: number(row["objects_per_s"], 0)),
    ("x peer", 8, lambda row: ratio(row, "best")),
    ("x plain", 8, lambda row: ratio(row, "plain")),
    ("ceiling s", 9, lambda row: number(row["ceiling_s"], 4)),
    ("% of it", 7, lambda row: number(share(row), 0)),
    ("CPU s", 8, lambda row: number(row["cpu_s"], 3)),
    ("us/object", 9, lambda row: number(row["cpu_us_per_object"], 2)),
    ("RSS MiB", 7, lambda row: number(row["rss_mib"], 1)),
    ("LIST/HEAD/GET/PUT", 19, lambda row: requests(row)),
    ("at once", 7, lambda row: number(row["max_in_flight"], 0)),
    ("remark", -1, lambda row: row["wrong"] or row["remark"]),
)


def number(value, digits):
    return "-" if value is None else f"{value:,.{digits}f}"


def ratio(row, kind):
    found = row["ratios"].get(kind)
    if not found:
        return "-"
    return ("~" if found["is_scaled"] else "") + f"{found['times']:,.1f}"


def share(row):
    """Of what the ceiling does in the same time."""
    if None in (row["ceiling_s"], row["seconds"]):
        return None
    return 100 * row["ceiling_s"] / row["seconds"]


def requests(row):
    if row["requests"] is None:
        return "-"
    listed = row["requests"]["LIST"] + row["requests"]["LIST_V1"]
    return "/".join([str(listed), *(str(row["requests"][name])
                                    for name in CLASSES[1:])])


def cells(texts):
    parts = (f"{text:<{-width}}" if width < 0 else f"{text:>{width}}"
             for text, (_, width, _) in zip(texts, COLUMNS))
    return "  ".join(parts).rstrip()


def header():
    return cells([title for title, _, _ in COLUMNS])


def line(row):
    return cells([show(row) for _, _, show in COLUMNS])


def limit_shares(counters, rate):
    """How much of the limit was used, and how many requests were refused, in the
    whole seconds after the first few; None where the run was too short."""
    served = counters["served_in"][SETTLING_S:-1]
    refused = counters["refused_in"][SETTLING_S:-1]
    if not served:
        return None
    return {"used": sum(served) / (rate * len(served)),
            "refused": sum(refused) / max(1, sum(served) + sum(refused))}


def make_row(setting, case, tool, samples, ceiling_s):
    """The median run; the largest of what is held against a bound.  Ratios are
    filled in later."""
    good = [sample for sample in samples if not sample.wrong]
    wrong = next((sample.wrong for sample in samples if sample.wrong), "")
    row = {"setting": setting.title, "formula": setting.formula, "case": case,
           "tool": tool, "mode": setting.mode, "objects": setting.objects,
           "latency_ms": setting.latency_ms, "rate": setting.rate,
           "readers": setting.readers, "rss_max_mib": setting.rss_max_mib, "runs": len(samples), "wrong": wrong,
           "remark": "", "seconds": None, "all_seconds": None, "objects_per_s": None,
           "ratios": {}, "ceiling_s": ceiling_s, "cpu_s": None, "cpu_us_per_object": None,
           "rss_mib": None, "requests": None, "refused": None, "max_in_flight": None,
           "handshakes": None, "limit": None, "written": None, "hit_times": None, "off_times": None}
    if good and not wrong:
        fill_row(row, good)
    return row


def fill_row(row, samples):
    row["all_seconds"] = [round(sample.seconds, 6) for sample in samples]
    row["seconds"] = statistics.median(row["all_seconds"])
    row["objects_per_s"] = row["objects"] / row["seconds"]
    row["cpu_s"] = statistics.median(sample.cpu_s for sample in samples)
    row["cpu_us_per_object"] = row["cpu_s"] / row["objects"] * 1e6
    row["rss_mib"] = max(sample.rss_mib for sample in samples)
    middle = sorted(samples, key=lambda sample: sample.seconds)[len(samples) // 2]
    if middle.counters:
        row["requests"] = middle.counters["requests"]
        row["refused"] = middle.counters["refused"]
        row["max_in_flight"] = middle.counters["max_in_flight"]
        row["written"] = middle.counters["written"]
        row["handshakes"] = middle.counters.get("handshakes")
        if row["rate"]:
            row["limit"] = limit_shares(middle.counters, row["rate"])
    row["remark"] = remark(row)


def remark(row):
    if row["limit"]:
        return (f"{row['limit']['used']:.1%} of the limit used, "
                f"{row['limit']['refused']:.1%} refused")
    if row["handshakes"]:
        return "{all} handshakes, {resumed} resumed".format(**row["handshakes"])
    return f"{row['refused']} refused" if row["refused"] else ""


class Ratios:
    """How many times faster than others: than the best peer of the setting, and
    than the best of those that list page after page.

    Where none ran, quick is compared with the rate of the best one in the largest
    bucket that had peers, at the same latency; detailed with ten HEADs at a time,
    which is what the Python tool sends.
    """

    def __init__(self):
        self._largest = {}  # (kind, latency): (objects, objects/s, name)

    def _of_peers(self, setting, kind, rows):
        best = min(rows, key=lambda row: row["seconds"])
        found = setting.objects, best["objects_per_s"], best["tool"]
        known = self._largest.get((kind, setting.latency_ms), (0,))
        if setting.objects >= known[0] and setting.is_typical:
            self._largest[kind, setting.latency_ms] = found
        return found

    def _of_others(self, setting, kind, deltas):
        if not setting.is_typical:
            return None
        if setting.mode == "quick":
            return self._largest.get((kind, setting.latency_ms))
        floor = deltas * setting.latency_ms / 1000 / PYTHON_WORKERS
        if not floor:
            return None
        return setting.objects, setting.objects / floor, "floor of the Python tool"

    def add_to(self, setting, peer_rows, our_rows, deltas):
        """peer_rows: by kind of ratio, the rows it is the best of."""
        for kind, rows in peer_rows.items():
            good = [row for row in rows if row["seconds"]]
            found = (self._of_peers(setting, kind, good) if good
                     else self._of_others(setting, kind, deltas))
            for row in our_rows:
                if found and row["seconds"]:
                    row["ratios"][kind] = {
                        "times": row["objects_per_s"] / found[1], "peer": found[2],
                        "is_scaled": not good}
