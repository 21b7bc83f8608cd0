# SPDX-License-Identifier: MIT
"""The figures to reach: for each, what it must be, what it was, whether it is met."""
import plan
from judge import MORE_HEADS
from memo import FIRST
from peers import PEERS
from table import OURS

MILLION = "1,000,000 objects, 30 ms"
TEN_MILLION = "10,000,000 objects, 30 ms"
NO_PEER = "no peer ran"
PLAIN = {peer.name for peer in PEERS if peer.is_plain}


class Results:
    """The rows of a run, found by the titles of their settings."""

    def __init__(self, rows):
        self.rows = rows

    def ours(self, setting, case):
        """None if that was not to be run."""
        found = (row for row in self.rows if row["tool"] == OURS
                 and (row["setting"], row["case"]) == (setting, case))
        return next(found, None)

    def best_peer(self, setting, column, plain_only=False):
        """The least that a peer has in that column; None if none ran."""
        found = [row[column] for row in self.rows if row["setting"] == setting
                 and row["tool"] != OURS and row[column] is not None
                 and (row["tool"] in PLAIN or not plain_only)]
        return min(found, default=None)

    def best_plain_s(self):
        return self.best_peer(MILLION, "seconds", plain_only=True)


def figure(target, bound, measured, is_met, unit=""):
    """A number for `measured`, or a text: why there is none."""
    return {"target": target, "bound": bound, "measured": measured, "unit": unit,
            "is_met": None if isinstance(measured, str) else is_met(measured)}


def at_least(target, bound, measured, unit=""):
    return figure(target, f">= {bound:g}", measured, lambda it: it >= bound, unit)


def at_most(target, bound, measured, unit=""):
    return figure(target, f"<= {bound:g}", measured, lambda it: it <= bound, unit)


def value(row, column):
    """Of a row that may be without figures, and then says why."""
    return row["wrong"] if row[column] is None else row[column]


def quotient(above, below, why_not):
    """Both may be the reason why there is no number; `why_not` is for None."""
    reasons = (it for it in (above, below) if isinstance(it, str))
    reason = next(reasons, None)
    if reason is None and None in (above, below):
        reason = why_not
    return reason or above / below


def times_faster(results, row):
    return quotient(results.best_plain_s(), value(row, "seconds"), NO_PEER)


def of_ceiling(row):
    share = quotient(row["ceiling_s"], value(row, "seconds"), "no ceiling")
    return share if isinstance(share, str) else 100 * share


def of_million(results):
    row = results.ours(MILLION, "hit")
    if not row:
        return
    cpu = value(row, "cpu_us_per_object")
    theirs = results.best_peer(MILLION, "cpu_us_per_object", plain_only=True)
    yield at_least(f"{MILLION}, hit", 80, times_faster(results, row), "x plain")
    yield at_least(f"{MILLION}, hit, of all peers", 15,
                   quotient(results.best_peer(MILLION, "seconds"),
                            value(row, "seconds"), NO_PEER), "x peer")
    yield at_most(f"{MILLION}, hit: CPU", 0.28, cpu, "us/object")
    yield at_least(f"{MILLION}, hit: CPU of the best such peer", 48,
                   quotient(theirs, cpu, NO_PEER), "x ours")


def of_long_keys(results):
    title = plan.long_keys(1_000_000, 30).title
    row = results.ours(title, "hit")
    if row:
        yield at_most(f"{title}, hit: CPU", 0.36, value(row, "cpu_us_per_object"),
                      "us/object")


def of_ten_million(results):
    row = results.ours(TEN_MILLION, "hit")
    if row:
        yield at_least(f"{TEN_MILLION}, hit", 70, of_ceiling(row),
                       "% of the ceiling")


def of_shapes(results):
    for setting in plan.shapes(1_000_000, 30, False):
        row = results.ours(setting.title, "miss")
        if row:
            yield at_least(f"{setting.title}, miss", 15, times_faster(results, row),
                           "x plain")


def of_detailed(results):
    title = plan.detailed(10_000).title
    row = results.ours(title, "miss")
    if row:
        yield at_most(f"{title}, miss", 2.5, value(row, "seconds"), "s")


def of_small(results):
    title = f"{plan.ONE_PAGE} objects, 30 ms"
    row = results.ours(title, "hit")
    if row:
        yield at_most(f"{title}, hit", 1.1,
                      quotient(value(row, "seconds"), row["ceiling_s"], "no ceiling"),
                      "x one LIST page")


def of_limit(results):
    title = plan.limited(20_000, 1000).title
    row = results.ours(title, "miss")
    if row:
        limit = row["limit"] or row["wrong"] or "too short"
        used, refused = ((limit, limit) if isinstance(limit, str)
                         else (100 * limit["used"], 100 * limit["refused"]))
        yield at_least(f"{title}: used", 90, used, "%")
        yield at_most(f"{title}: refused", 5, refused, "%")


def in_all(row, name):
    """A count of the store's; or why there is none."""
    return row["requests"][name] if row["requests"] else row["wrong"]


def of_change(results, title, change, bound_x, most_bytes=None):
    """One after which a fresh mount must not take more than so many times a hit."""
    row = results.ours(title, change.case)
    if not row:
        return
    what = f"{title}, {change.case}"
    heads = change.changed if change.changed < 100 else change.changed * MORE_HEADS
    yield at_most(f"{what}: HEADs", heads, in_all(row, "HEAD"))
    yield at_most(what, bound_x, value(row, "hit_times"), "x a hit")
    if most_bytes:
        yield at_most(f"{what}: written", most_bytes, value(row, "written"), "bytes")


def a_quarter_of_first(results, title):
    row = results.ours(title, FIRST)
    return row["written"] // 4 if row and row["written"] else None


def of_first(results, title):
    row = results.ours(title, FIRST)
    if row:
        yield at_most(f"{title}, {FIRST}", 1.03, value(row, "off_times"), "x memo=off")


def of_quick(results, title):
    """A fresh mount finds the cuts of the bucket in its index."""
    fresh, known = (results.ours(title, f"quick hit, {where}")
                    for where in ("fresh", "running"))
    if fresh:
        yield at_most(f"{title}, quick hit, fresh", 1.2,
                      quotient(value(fresh, "seconds"), value(known, "seconds"), ""),
                      "x one that knows it")


def of_memo(results):
    small, large = plan.remembered(10_000), plan.remembered(1_000_000)
    for setting in (small, large):
        yield from of_first(results, setting.title)
    yield from of_quick(results, large.title)
    quarter = a_quarter_of_first(results, large.title)
    fresh = {read.case: read for read in large.reads if read.is_fresh}
    yield from of_change(results, small.title, fresh["10 changed, fresh"], 3)
    for case in ("1 changed, fresh", "change 101, fresh"):
        yield from of_change(results, large.title, fresh[case], 1.5, 160_000)
    for case in ("1,000 changed, fresh", "1,000 together, fresh"):
        yield from of_change(results, large.title, fresh[case], 4, quarter)


def of_memory(results):
    """The largest of the cases, if all of them ran."""
    bounds = {row["setting"]: row["rss_max_mib"] for row in results.rows
              if row["rss_max_mib"]}
    for title, bound in bounds.items():
        peaks = [value(row, "rss_mib") for row in results.rows
                 if row["setting"] == title and row["tool"] == OURS]
        why_not = next((peak for peak in peaks if isinstance(peak, str)), None)
        yield at_most(title, bound, why_not or max(peaks), "MiB")


def judge(rows):
    """Those whose settings were among the ones to run."""
    results = Results(rows)
    kinds = (of_million, of_long_keys, of_ten_million, of_shapes, of_detailed, of_small, of_limit, of_memo, of_memory)
    return [found for kind in kinds for found in kind(results)]


def line(found):
    state = {True: "met", False: "MISSED", None: "not measured"}[found["is_met"]]
    measured = found["measured"]
    if not isinstance(measured, str):
        measured = f"{measured:.4g}"
    bound = f"{found['bound']} {found['unit']}".strip()
    return f"{found['target']:<55}  {bound:<22}  {state:<12}  {measured}"


def block(figures):
    return "\n".join(["\nfigures to reach", *map(line, figures)])
