#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The module contrib/python/dgstatfs.py on the bucket "alpha" and others of a stub: unittest.

CLIENT is mount or dgstat, MNT, DGSTAT and ENDPOINT say where; the bucket denied fails with
403, and the store has no gamma.
"""
import errno
import os
import sys
import tempfile
import threading
import unittest
from dataclasses import asdict, fields
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "contrib/python"))
import dgstatfs  # pylint: disable=wrong-import-position

DETAILED = {
    "bucket": "alpha", "object_count": 11, "total_size": 12005, "compressed_size": 1105,
    "space_saved": 10900, "average_compression_ratio": 10900 / 12005, "delta_objects": 10,
    "direct_objects": 1, "object_limit_reached": False,
}
IS_MOUNT = os.environ["CLIENT"] == "mount"


def client(**options):
    if IS_MOUNT:
        return dgstatfs.create_client(mount=os.environ["MNT"])
    return dgstatfs.create_client(os.environ["ENDPOINT"], dgstat=os.environ["DGSTAT"], **options)


class Statistics(unittest.TestCase):
    def test_fields(self):
        stats = client().get_bucket_stats("alpha", mode="detailed")
        self.assertEqual(asdict(stats), DETAILED)
        for field in fields(stats):
            self.assertIs(type(getattr(stats, field.name)), type(DETAILED[field.name]))

    def test_each_way(self):
        for mode, total in ("quick", 10005), ("sampled", 12005), ("detailed", 12005):
            for use_cache in True, False:
                for refresh_cache in False, True:
                    stats = client().get_bucket_stats("alpha", mode, use_cache, refresh_cache)
                    self.assertEqual(stats.total_size, total)

    def test_whole_number(self):
        """A ratio that JSON has as 0 is a float all the same."""
        ratio = client().get_bucket_stats("beta").average_compression_ratio
        self.assertEqual((ratio, type(ratio)), (0.0, float))

    def test_threads(self):
        one, found = client(), []

        def ask(i):
            found.append(one.get_bucket_stats("alpha", "detailed", use_cache=bool(i % 2)))

        threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([asdict(stats) for stats in found], [DETAILED] * 8)
        if IS_MOUNT:
            self.assertEqual(Path(os.environ["MNT"], "alpha/nocache").read_text(), "0\n")


class Failures(unittest.TestCase):
    def fails(self, bucket, code, text="", one=None):
        with self.assertRaises(OSError) as caught:
            (one or client()).get_bucket_stats(bucket)
        self.assertEqual(caught.exception.errno, code, caught.exception)
        self.assertIn(text, str(caught.exception))

    def test_of_the_store(self):
        self.fails("gamma", errno.ENOENT)
        self.fails("denied", errno.EACCES, "" if IS_MOUNT else "AccessDenied")

    def test_names(self):
        for bucket in "", "a/b", "../alpha", ".", "..", "al\0pha":
            self.fails(bucket, errno.EINVAL)

    def test_mode(self):
        with self.assertRaises(ValueError):
            client().get_bucket_stats("alpha", mode="exact")


@unittest.skipIf(IS_MOUNT, "of dgstat alone")
class Command(unittest.TestCase):
    fails = Failures.fails

    def test_options(self):
        self.fails("alpha", errno.EINVAL, "nonsense", client(options=["--nonsense"]))
        self.fails("-h", errno.EINVAL)
        self.fails("alpha", errno.ECONNREFUSED, "", dgstatfs.create_client(
            "http://127.0.0.1:1", dgstat=os.environ["DGSTAT"], options=["--retries=0"]))
        with self.assertRaises(FileNotFoundError):
            dgstatfs.create_client(dgstat="/no/dgstat").get_bucket_stats("alpha")
        with self.assertRaises(ValueError):
            dgstatfs.create_client("http://a", mount="/mnt")

    def fake(self, script):
        """Something else under the name of dgstat."""
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, "fake")
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
            one = dgstatfs.create_client(dgstat=str(path), options=["-q"], timeout=0.5)
            return one.get_bucket_stats("alpha")

    def test_what_is_no_answer(self):
        good = '"object_count": 1, "total_size": 1, "compressed_size": 1, "space_saved": 0, ' \
               '"average_compression_ratio": 0, "delta_objects": 0, "direct_objects": 1'
        self.assertEqual(self.fake(f"echo '{{\"bucket\": \"alpha\", {good}}}'").object_count, 1)
        for text in ("", "{}", "[]", "null", "nonsense", f'{{"bucket": "beta", {good}}}',
                     f'{{"bucket": "alpha", {good}'.replace("1,", "true,", 1) + "}",
                     f'{{"bucket": "alpha", {good}'.replace("1,", "null,", 1) + "}"):
            with self.assertRaises(ValueError):
                self.fake(f"echo '{text}'")

    def test_ends(self):
        for script, code in (("exit 1", errno.EIO), ("kill -9 $$", errno.EIO),
                             ("exec sleep 100", errno.ETIMEDOUT),
                             ("echo 'dgstat: x (Permission denied)' >&2; exit 1", errno.EACCES)):
            with self.assertRaises(OSError) as caught:
                self.fake(script)
            self.assertEqual(caught.exception.errno, code)

    def test_keys(self):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, "fake")
            path.write_text('#!/bin/sh\necho "$AWS_ACCESS_KEY_ID/$AWS_SECRET_ACCESS_KEY/'
                            '${AWS_SESSION_TOKEN-none} $*" >&2\nexit 1\n')
            path.chmod(0o755)
            one = dgstatfs.create_client("http://e", aws_access_key_id="id", region_name="r",
                                         aws_secret_access_key="secret", dgstat=str(path))
            with self.assertRaises(OSError) as caught:
                one.get_bucket_stats("alpha", "sampled")
        self.assertEqual(caught.exception.strerror, "id/secret/ --log-level=error "
                         "--endpoint-url=http://e --region=r --json --sampled -- alpha")


unittest.main()
