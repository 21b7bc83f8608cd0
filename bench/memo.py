# SPDX-License-Identifier: MIT
"""Rows of the memo of original sizes: a bucket that changes, with memo=bucket and,
beside it, with memo=off."""
from dataclasses import replace

import judge
import table

MEMOS = ("bucket", "off")
OURS = {"bucket": table.OURS, "off": f"{table.OURS}, memo=off"}
FIRST = "first"


def is_wanted(setting, read, memo):
    """Without the memo each change costs all HEADs again, as the first sweep did."""
    return memo == "bucket" or setting.has_off or read.is_hit


class MemoRows:
    """Measures one setting; `bench` mounts, reads and keeps to the time."""

    def __init__(self, bench, target, setting):
        self.bench, self.target, self.setting = bench, target, setting
        self.samples = {}
        self.deltas = {}  # that the bucket had, by memo and case

    def _mount(self, memo):
        return self.bench.mount(self.target, self.setting, f"memo={memo}")

    def _repeat(self, memo, case, count, measure):
        """Whether all went well, and there is time left."""
        samples = self.samples.setdefault((memo, case), [])
        return self.bench.repeat(count, samples, measure)

    # --- the first sweep ------------------------------------------------------------

    def _first(self, memo):
        def measure(limit_s):
            self.target.forget()
            with self._mount(memo) as mount:
                return self.bench.read(mount, self.target, self.setting, "miss", limit_s)

        return self._repeat(memo, FIRST, 1, measure)

    def _firsts(self):
        """In turns, so that what else the machine does hits both; it ends with a memo."""
        return all(self._first(memo) for _ in range(self.setting.repetitions)
                   for memo in reversed(MEMOS))

    # --- reads ------------------------------------------------------------------------

    def _prepare(self, mount, memo, read, limit_s):
        """The bucket becomes what the read is of; `mount` may look at it.  Without the
        memo it does not matter what was before the last change."""
        for _ in range(read.before if memo == "bucket" else 0):
            self.target.change()
            mount.read(read.mode, limit_s)
        if read.is_hit:
            mount.read(read.mode, limit_s)
        self.target.store.settle()
        if read.loses_document:
            self.target.lose_document(read.mode)
        if read.is_together:
            self.target.add(read.changed)
        elif read.changed:
            self.target.change(read.changed)

    def _measure(self, mount, memo, read, limit_s):
        self.deltas[memo, read.case] = self.target.expected["deltas"]
        sample = self.bench.read(mount, self.target, replace(self.setting, mode=read.mode),
                                 "hit" if read.is_hit else "changed", limit_s)
        if read.is_together and not sample.wrong:
            self._restore(mount, memo, read, limit_s)
        return sample

    def _restore(self, mount, memo, read, limit_s):
        """All rows are of one bucket, of the same size: what was added goes, and whoever
        remembers sees that before anything is measured again."""
        self.target.remove()
        if memo == "bucket":
            mount.read(read.mode, limit_s)

    def _read_running(self, mount, memo, read):
        def measure(limit_s):
            self._prepare(mount, memo, read, limit_s)
            return self._measure(mount, memo, read, limit_s)

        return self._repeat(memo, read.case, self._count(memo, read), measure)

    def _read_fresh(self, memo, read):
        def measure(limit_s):
            with self._mount(memo) as mount:
                self._prepare(mount, memo, read, limit_s)
            with self._mount(memo) as mount:
                return self._measure(mount, memo, read, limit_s)

        return self._repeat(memo, read.case, self._count(memo, read), measure)

    def _count(self, memo, read):
        """What costs all HEADs, or is the end of a long row, is measured once."""
        is_long = read.before or (memo == "off" and not read.is_hit)
        return 1 if is_long else self.setting.repetitions

    def _reads(self, memo):
        wanted = [read for read in self.setting.reads
                  if is_wanted(self.setting, read, memo)]
        with self._mount(memo) as mount:
            mount.read(self.setting.mode, self.bench.budget.limit() or 1)
            if not all(self._read_running(mount, memo, read) for read in wanted
                       if not read.is_fresh):
                return
        all(self._read_fresh(memo, read) for read in wanted if read.is_fresh)

    # --- rows -------------------------------------------------------------------------

    def _row(self, memo, case, mode):
        row = table.make_row(replace(self.setting, mode=mode), case, OURS[memo],
                             self.samples.get((memo, case), []), None)
        if not row["runs"]:
            row["wrong"] = "not run: the one before failed, or the time is up"
        return row

    def _rows(self):
        for memo in MEMOS:
            yield self._row(memo, FIRST, self.setting.mode)
        for read in self.setting.reads:
            for memo in MEMOS:
                if is_wanted(self.setting, read, memo):
                    row = self._row(memo, read.case, read.mode)
                    deltas = self.deltas.get((memo, read.case))
                    row["wrong"] = row["wrong"] or judge.heads(read, memo, row, deltas)
                    yield row

    def measure(self):
        if self._firsts():
            for memo in MEMOS:
                self._reads(memo)
        rows = list(self._rows())
        compare(self.setting, rows)
        return rows


def compare(setting, rows):
    """What each took is so many times what a hit takes, and memo=off."""
    seconds = {(row["tool"], row["case"]): row["seconds"] for row in rows}
    off_first = seconds[OURS["off"], FIRST]
    hits = {read.is_fresh: seconds[table.OURS, read.case] for read in setting.reads
            if read.is_hit and read.mode == setting.mode}
    fresh = {read.case: read.is_fresh for read in setting.reads}
    for row in rows:
        if row["seconds"] is None:
            continue
        hit = hits[fresh.get(row["case"], True)]
        off = seconds.get((OURS["off"], row["case"]), off_first)
        row["hit_times"] = row["seconds"] / hit if hit else None
        row["off_times"] = row["seconds"] / off if off else None
        row["remark"] = remark(row)


def remark(row):
    parts = [f"{row[name]:.3g} x {what}"
             for name, what in (("hit_times", "a hit"), ("off_times", "memo=off"))
             if row[name]]
    if row["written"]:
        parts.append(f"{row['written'] / 1000:,.1f} kB written")
    return ", ".join(parts)
