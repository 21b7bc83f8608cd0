# SPDX-License-Identifier: MIT
"""A bucket on a real server: the Ceph gateway of tests/server/rgw."""
import os
import subprocess
import tempfile
from pathlib import Path

from lab import clean_environment, find_program
from peers import rclone_environment

RGW = Path(__file__).resolve().parents[1] / "tests/server/rgw"
BUCKET = "bench"
ORIGINAL = 5000  # what the metadata of each delta says


def size_of(number):
    return 50 + number * 7919 % 150


class Gateway:
    """The keys are those of a formula, the objects are small and real."""

    rate = 0
    bucket = BUCKET
    environment = {}

    def __init__(self, store, formula):
        self._home = tempfile.TemporaryDirectory(prefix="bench-rgw-")
        self._server = Path(self._home.name, "server")
        self.endpoint = subprocess.check_output(
            [RGW, "start", self._server], text=True).strip()
        self._rounds = 0
        output = subprocess.check_output([store.store, "keys", formula], text=True)
        keys = [line.split("\t")[0] for line in output.splitlines()]
        self._any_key = keys[0]
        self.expected = {**store.expect(formula), **self._sums(keys)}
        try:
            self._fill(keys)
        except BaseException:
            self.stop()
            raise

    def stop(self):
        subprocess.run([RGW, "stop", self._server], check=True)
        self._home.cleanup()

    @staticmethod
    def _sums(keys):
        """Bytes and original sizes, by the rules of dgstatfs(5)."""
        sizes = {key: size_of(number) for number, key in enumerate(keys)}
        deltas = [key for key in keys if key.endswith(".delta")]
        direct = sum(size for key, size in sizes.items()
                     if not key.endswith((".delta", "/reference.bin")))
        quick = sum(sizes[f"{os.path.dirname(key)}/reference.bin"] for key in deltas)
        return {"bytes": sum(sizes.values()), "quick": direct + quick,
                "sampled": direct + ORIGINAL * len(deltas),
                "detailed": direct + ORIGINAL * len(deltas)}

    def _rclone(self, *arguments, data=None):
        subprocess.run([find_program("rclone"), *arguments], check=True, input=data,
                       env=clean_environment(**rclone_environment(self.endpoint)))

    def _fill(self, keys):
        with tempfile.TemporaryDirectory(prefix="bench-files-") as directory:
            for number, key in enumerate(keys):
                path = Path(directory, key)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"%0*d" % (size_of(number), number))
            self._rclone("mkdir", f"bench:{BUCKET}")
            self._rclone("copy", directory, f"bench:{BUCKET}", "--transfers", "32",
                         "--s3-no-head", "--no-check-dest", "--header-upload",
                         f"x-amz-meta-dg-file-size: {ORIGINAL}")

    def begin(self):
        pass

    def counters(self):
        """The gateway tells nothing."""
        return None

    def forget(self):
        self._rclone("delete", f"bench:{BUCKET}/.deltaglider")

    def change(self):
        """The first object is no delta: other bytes, as many of them."""
        self._rounds += 1
        data = b"%0*d" % (size_of(0), self._rounds)
        self._rclone("rcat", f"bench:{BUCKET}/{self._any_key}", data=data)

    def ceiling(self, *_):
        return None
