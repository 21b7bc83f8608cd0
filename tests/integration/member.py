#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What is at a path in each JSON text of a file, as `jq -r` would print it.

usage: member.py .NAME[.NAME...] [FILE]       (standard input)
       member.py figures [FILE]               those of assert_figures, of a document

jq itself takes longer to start than many a test takes.
"""
import json
import sys


def texts(data):
    decoder, at = json.JSONDecoder(), 0
    while data := data[at:].lstrip():
        text, at = decoder.raw_decode(data)
        yield text


def at_path(text, path):
    for name in path.split(".")[1:]:
        text = None if text is None else text.get(name)
    return text


def figures(text):
    stats = [text["stats"][name] for name in (
        "object_count", "total_size", "compressed_size", "space_saved", "delta_objects",
        "direct_objects")]
    accuracy = [text["accuracy"][name] for name in (
        "exact_deltas", "sampled_deltas", "estimated_deltas")]
    return " ".join(map(shown, stats)) + " " + "/".join(map(shown, accuracy))


def shown(value):
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, ensure_ascii=False, indent=2)


def main():
    _, path, *file = sys.argv
    with open(file[0] if file else 0, encoding="utf-8", closefd=bool(file)) as stream:
        data = stream.read()
    for text in texts(data):
        print(figures(text) if path == "figures" else shown(at_path(text, path)))


main()
