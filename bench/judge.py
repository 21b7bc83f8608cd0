# SPDX-License-Identifier: MIT
"""Whether an answer is right, and the case was what it is called."""
import json

MORE_HEADS = 1.01  # there may be one for a hundred


def figures(document, mode, expected):
    """What is wrong with a document, or nothing."""
    stats, validation = document["stats"], document["validation"]
    exact = {"quick": 0, "sampled": expected["spaces"], "detailed": expected["deltas"]}
    wanted = {"object_count": expected["objects"], "total_size": expected[mode],
              "compressed_size": expected["bytes"],
              "delta_objects": expected["deltas"]}
    pairs = [(name, stats[name], value) for name, value in wanted.items()]
    pairs += [("listed", validation["object_count"], expected["listed"]),
              ("exact_deltas", document["accuracy"]["exact_deltas"], exact[mode])]
    return next((f"{name} is {is_now}, not {wanted}"
                 for name, is_now, wanted in pairs if is_now != wanted), "")


def documents(texts, mode, expected):
    if len(set(texts)) > 2:
        return f"{len(set(texts))} different documents at once"
    wrongs = (figures(json.loads(text), mode, expected)
              for text in set(texts))
    return next(filter(None, wrongs), "")


def requests(setting, case, counters):
    """Whether the case was what it is called."""
    if not counters:
        return ""
    count = counters["requests"]
    if setting.is_told and count["HEAD"]:
        return f"{count['HEAD']} HEAD for what the listing told"
    if case == "hit" and (count["HEAD"] or count["PUT"]):
        return f"no hit: {count['HEAD']} HEAD, {count['PUT']} PUT"
    if case == "miss" and not count["PUT"]:
        return "no document was written"
    return ""


def heads(read, memo, row, deltas):
    """Of a bucket with a memo; the figures of the row stay."""
    if not row["requests"]:
        return ""
    wanted = read.changed if memo == "bucket" else deltas
    wanted = 0 if read.is_hit else wanted
    count = row["requests"]["HEAD"]
    if wanted <= count <= wanted * MORE_HEADS:
        return ""
    return f"{count:,} HEAD, not {wanted:,}"


def memory(row):
    """The figures of the row stay: the time was good."""
    if not row["rss_max_mib"] or (row["rss_mib"] or 0) <= row["rss_max_mib"]:
        return ""
    return f"{row['rss_mib']:.1f} MiB were resident, not {row['rss_max_mib']} at most"
