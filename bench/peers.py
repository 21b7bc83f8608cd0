# SPDX-License-Identifier: MIT
"""The programs that dgstatfs is compared with, each with its fastest flags.

All they are asked for is what dgstatfs calls `validation`: how many objects, how
many bytes.  Their answer is compared with the formula of the bucket.
"""
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Callable

from lab import KEYS, clean_environment, find_program, run_timed

# rclone's directories at a time.  With 256, and 1,000 objects in each, it takes
# twice as long and a gigabyte.
CHECKERS = 64


def rclone_environment(endpoint):
    settings = {"TYPE": "s3", "PROVIDER": "Other", "ENDPOINT": endpoint,
                "ACCESS_KEY_ID": KEYS["AWS_ACCESS_KEY_ID"],
                "SECRET_ACCESS_KEY": KEYS["AWS_SECRET_ACCESS_KEY"],
                "FORCE_PATH_STYLE": "true", "LIST_VERSION": "2",
                "LIST_URL_ENCODE": "true"}
    return {f"RCLONE_CONFIG_BENCH_{name}": value for name, value in settings.items()}


def s3cmd_config(endpoint):
    host = endpoint.partition("://")[2]
    return (f"[default]\naccess_key={KEYS['AWS_ACCESS_KEY_ID']}\n"
            f"secret_key={KEYS['AWS_SECRET_ACCESS_KEY']}\nhost_base={host}\n"
            f"host_bucket={host}\nuse_https=False\nbucket_location=us-east-1\n")


def of_rclone(output):
    answer = json.loads(output)
    return answer["count"], answer["bytes"]


def of_s3cmd(output):
    size, count = re.match(r"\s*(\d+)\s+(\d+) objects", output).groups()
    return int(count), int(size)


def of_aws(output):
    count = re.search(r"Total Objects: (\d+)", output)[1]
    return int(count), int(re.search(r"Total Size: (\d+)", output)[1])


def of_deltaglider(output):
    """It leaves out references, so its bytes can't be compared."""
    answer = json.loads(output)
    return answer["object_count"], None


@dataclass
class Peer:
    name: str  # with its flags, as it is shown
    program: str
    arguments: Callable  # of the bucket, the endpoint and s3cmd's configuration
    parse: Callable  # of its output: (objects, bytes)
    counts: str = "listed"  # what of the store's expectation its count must be
    mode: str = "quick"  # what it is compared with
    is_plain: bool = True  # lists the bucket page after page


# Without any flag, `rclone size` does what it does with --fast-list.
PEERS = [
    Peer(f"rclone size --disable ListR -c {CHECKERS}", "rclone",
         lambda bucket, *_: ["size", "--json", f"bench:{bucket}", "--disable", "ListR",
                             "--checkers", str(CHECKERS)], of_rclone,
         is_plain=False),
    Peer("rclone size --fast-list", "rclone",
         lambda bucket, *_: ["size", "--json", f"bench:{bucket}", "--fast-list"],
         of_rclone),
    Peer("s3cmd du", "s3cmd",
         lambda bucket, _, config: ["-c", config, "du", f"s3://{bucket}"], of_s3cmd),
    Peer("aws s3 ls --recursive --summarize", "aws",
         lambda bucket, endpoint, _: ["--endpoint-url", endpoint, "s3", "ls",
                                      f"s3://{bucket}", "--recursive", "--summarize"],
         of_aws),
    Peer("deltaglider stats", "deltaglider",
         lambda bucket, endpoint, _: ["stats", bucket, "--json", "--endpoint-url",
                                      endpoint], of_deltaglider, "objects"),
    Peer("deltaglider stats --detailed", "deltaglider",
         lambda bucket, endpoint, _: ["stats", bucket, "--json", "--detailed",
                                      "--endpoint-url", endpoint],
         of_deltaglider, "objects", "detailed"),
]
OPTIONAL = {"deltaglider"}  # no package of Debian


def available(mode):
    return [peer for peer in PEERS if peer.mode == mode
            and (peer.program not in OPTIONAL or find_program(peer.program))]


def versions():
    """The first line that each says of its version."""
    found = {}
    for program in sorted({peer.program for peer in available("quick")}):
        result = subprocess.run([find_program(program), "--version"], text=True,
                                env=clean_environment(), capture_output=True,
                                check=False)
        found[program] = (result.stdout + result.stderr).strip().splitlines()[0]
    return found


def judge(peer, output, expected):
    """What is wrong with its answer, or nothing."""
    try:
        count, size = peer.parse(output)
    except (ValueError, TypeError, KeyError):
        return f"says {output.strip()[:60]!r}"
    if count != expected[peer.counts]:
        return f"counts {count:,}, not {expected[peer.counts]:,}"
    if size not in (None, expected["bytes"]):
        return f"sums {size:,} bytes, not {expected['bytes']:,}"
    return ""


def measure(peer, endpoint, bucket, expected, limit_s):
    """One Sample, without the counters of the store."""
    with tempfile.NamedTemporaryFile("w", suffix=".s3cfg") as config:
        config.write(s3cmd_config(endpoint))
        config.flush()
        argv = [find_program(peer.program),
                *peer.arguments(bucket, endpoint, config.name)]
        environment = clean_environment(**rclone_environment(endpoint))
        sample, output = run_timed(argv, environment, limit_s)
    sample.wrong = sample.wrong or judge(peer, output, expected)
    return sample
