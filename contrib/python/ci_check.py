#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""usage: ci_check.py BUCKET [FLOOR]: after an upload, whether as much is saved as should be.

Ends with 1 and a warning if the ratio is below the floor of 0.90, with 2 if that can't
be known.
"""
import sys

from dgstatfs import create_client


def main() -> int:
    bucket = sys.argv[1]
    floor = float(sys.argv[2]) if len(sys.argv) > 2 else 0.90
    try:
        stats = create_client().get_bucket_stats(bucket, mode="sampled")
    except OSError as e:
        print(f"error: {e}", file=sys.stderr)
        return 2
    ratio = stats.average_compression_ratio
    print(f"{bucket}: {stats.delta_objects} deltas, {ratio:.1%} saved")
    if ratio < floor:
        print(f"warning: less than {floor:.1%}: are references too old?", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
