#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""usage: report.py BUCKET...: exact figures, computed anew and cached for others."""
import sys

from dgstatfs import create_client

GB = 1e9


def main() -> None:
    client = create_client()
    for bucket in sys.argv[1:]:
        stats = client.get_bucket_stats(bucket, mode="detailed", refresh_cache=True)
        print(bucket)
        print(f"  original: {stats.total_size / GB:.2f} GB")
        print(f"  stored:   {stats.compressed_size / GB:.2f} GB")
        print(f"  saved:    {stats.space_saved / GB:.2f} GB")
        print(f"  ratio:    {stats.average_compression_ratio:.1%}")


main()
