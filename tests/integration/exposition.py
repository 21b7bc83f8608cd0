#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Files in the text format of Prometheus, as one who reads them all together wants them.

usage: exposition.py FILE...    prints "SERIES VALUE" for each sample of all files, sorted;
                                fails, and says why, if anything is wrong with them
"""
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABELS = r'\{%s="(?:[^"\\\n]|\\[\\"n])*"(?:,%s="(?:[^"\\\n]|\\[\\"n])*")*\}' % (NAME, NAME)
SAMPLE = re.compile(r"(%s)(%s)? (-?[0-9.e+-]+|\+Inf)" % (NAME, LABELS))
ABOUT = re.compile(r"# (HELP|TYPE) (%s) (.+)" % NAME)


def family_of(name, types):
    """A histogram has samples of other names."""
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    return base if types.get(base) == "histogram" else name


def read(path, helps, series):
    text = open(path, encoding="utf-8").read()
    assert text.endswith("\n"), "no newline at the end"
    types, done, current = {}, set(), None
    for line in text[:-1].split("\n"):
        if about := ABOUT.fullmatch(line):
            kind, name, rest = about.groups()
            if kind == "HELP":
                assert name not in done, f"{name}: twice"
                assert helps.setdefault(name, rest) == rest, f"{name}: other words"
                done.add(name)
                current = name
            else:
                assert name == current, f"{name}: TYPE without its HELP"
                types[name] = rest
        elif not re.fullmatch("#( *)", line):
            sample = SAMPLE.fullmatch(line)
            assert sample, f"no sample: {line}"
            assert family_of(sample[1], types) == current in types, f"out of place: {line}"
            key = sample[1] + (sample[2] or "")
            assert key not in series, f"{key}: twice"
            series[key] = sample[3]


def main():
    helps, series = {}, {}
    for path in sys.argv[1:]:
        read(path, helps, series)
    for key in sorted(series):
        print(key, series[key])


main()
