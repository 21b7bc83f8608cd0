#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""usage: dashboard.py BUCKET [SECONDS]: its figures, every 60 seconds, for ever."""
import sys
import time

from dgstatfs import create_client


def main() -> None:
    bucket = sys.argv[1]
    pause_s = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    client = create_client()
    while True:
        try:
            stats = client.get_bucket_stats(bucket)
            line = f"{stats.object_count} objects, {stats.average_compression_ratio:.1%} saved"
        except OSError as e:  # a store that is away comes back
            line = str(e)
        print(f"{time.strftime('%H:%M:%S')} {bucket}: {line}", flush=True)
        time.sleep(pause_s)


main()
