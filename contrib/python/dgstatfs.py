# SPDX-License-Identifier: MIT
"""The DeltaGlider statistics of a bucket, for Python: from a mount of dgstatfs, or from dgstat.

    from dgstatfs import create_client

    client = create_client()
    stats = client.get_bucket_stats("releases", mode="detailed")
    print(f"{stats.space_saved} bytes saved, {stats.average_compression_ratio:.1%}")

Names, types and fields are those of DeltaGlider's own client, so a script that only
asks for statistics changes the line of its import.  Where they come from:

- a mount, if create_client() is given one, or DGSTATFS_MOUNT names one;
- else the program dgstat, which is looked for in PATH.  It finds endpoint and keys
  as dgstatfs(1) tells; what create_client() is given comes first.

What can't be found out is an OSError with its errno, as open(2) of the mount gives it
(PermissionError, FileNotFoundError, TimeoutError, ...); what is no statistics at all,
a ValueError.  It never becomes zeros.

One file and the standard library: copy it to where you need it.  Python 3.9 or newer.
Any number of threads may use one client.
"""
from __future__ import annotations

import errno
import json
import os
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Mapping, Optional, Protocol, Sequence

__all__ = ["BucketStats", "Client", "StatsMode", "create_client", "get_bucket_stats"]

StatsMode = Literal["quick", "sampled", "detailed"]

MODES = ("quick", "sampled", "detailed")


@dataclass
class BucketStats:
    """The figures of a bucket; sizes are bytes."""

    bucket: str
    object_count: int  # references are not counted
    total_size: int  # what the objects would take without DeltaGlider
    compressed_size: int  # what they take, with their references
    space_saved: int
    average_compression_ratio: float  # saved, of the total: 0.9 is 90 %
    delta_objects: int
    direct_objects: int
    object_limit_reached: bool = False  # there is no limit here


FIELDS: Mapping[str, type] = {
    "bucket": str,
    "object_count": int,
    "total_size": int,
    "compressed_size": int,
    "space_saved": int,
    "average_compression_ratio": float,
    "delta_objects": int,
    "direct_objects": int,
}


def _member(stats: Mapping[str, Any], name: str) -> Any:
    value = stats.get(name)
    wanted = FIELDS[name]
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        raise ValueError(f"no statistics: {name} is {value!r}")
    return value


def _bucket_stats(bucket: str, stats: Any) -> BucketStats:
    if not isinstance(stats, dict):
        raise ValueError("no statistics: not an object")
    found = BucketStats(**{name: _member(stats, name) for name in FIELDS})
    if found.bucket != bucket:
        raise ValueError(f"no statistics of {bucket}, but of {found.bucket}")
    return found


class _Source(Protocol):
    def get(self, bucket: str, mode: str, use_cache: bool, refresh_cache: bool) -> Any:
        """The member "stats" of the document."""


# --- a mount ---------------------------------------------------------------------


class _Mount:
    def __init__(self, root: str) -> None:
        self._root = Path(root)
        # nocache is the bucket's: who switches it off again does so for all
        self._lock = threading.Lock()
        self._without_cache: dict[str, int] = {}

    def get(self, bucket: str, mode: str, use_cache: bool, refresh_cache: bool) -> Any:
        directory = self._root / bucket
        if not use_cache:
            return self._get_without_cache(directory, mode)
        if refresh_cache:
            self._write(directory / "refresh", mode)
        return self._read(directory, mode)

    def _get_without_cache(self, directory: Path, mode: str) -> Any:
        nocache = directory / "nocache"
        with self._lock:
            n = self._without_cache.get(directory.name, 0)
            is_on = n == 0 and nocache.read_text() == "1\n"
            if not is_on:
                self._write(nocache, "1")
                self._without_cache[directory.name] = n + 1
        try:
            return self._read(directory, mode)
        finally:
            if not is_on:
                with self._lock:
                    self._without_cache[directory.name] -= 1
                    if self._without_cache[directory.name] == 0:
                        self._write(nocache, "0")

    @staticmethod
    def _write(path: Path, text: str) -> None:
        """One write(2): it is a command."""
        fd = os.open(path, os.O_WRONLY)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)

    @staticmethod
    def _read(directory: Path, mode: str) -> Any:
        document = json.loads((directory / f"stats_{mode}.json").read_text("utf-8"))
        return document.get("stats") if isinstance(document, dict) else None


# --- dgstat ----------------------------------------------------------------------

# dgstat's messages end with the text of the errno, in English whatever the locale is.
_ERRNO_OF_TEXT = {os.strerror(code): code for code in errno.errorcode}
_USAGE = 2


def _errno_of(message: str) -> int:
    for text, code in _ERRNO_OF_TEXT.items():
        if message.endswith((f"({text})", f": {text}")):
            return code
    return errno.EIO


class _Command:
    def __init__(self, argv: Sequence[str], env: Mapping[str, str], timeout: Optional[float]) -> None:
        self._argv = list(argv)
        self._env = dict(env)
        self._timeout = timeout

    def get(self, bucket: str, mode: str, use_cache: bool, refresh_cache: bool) -> Any:
        argv = [*self._argv, "--json", f"--{mode}"]
        if not use_cache:
            argv.append("--no-cache")
        elif refresh_cache:
            argv.append("--refresh")
        return json.loads(self._run([*argv, "--", bucket], bucket))

    def _run(self, argv: Sequence[str], bucket: str) -> str:
        try:
            done = subprocess.run(
                argv,
                env={**os.environ, **self._env},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="backslashreplace",
                timeout=self._timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TimeoutError(errno.ETIMEDOUT, f"no answer in {self._timeout} s", bucket) from None
        if done.returncode == 0:
            return done.stdout
        message = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        code = errno.EINVAL if done.returncode == _USAGE else _errno_of(message)
        raise OSError(code, message, bucket)


# --- the client --------------------------------------------------------------------


class Client:
    """Made by create_client()."""

    def __init__(self, source: _Source) -> None:
        self._source = source

    def get_bucket_stats(
        self,
        bucket: str,
        mode: StatsMode = "quick",
        use_cache: bool = True,
        refresh_cache: bool = False,
    ) -> BucketStats:
        """The figures as they are now: the bucket is listed each time.

        mode: "quick" estimates original sizes from the listing, "sampled" asks for one
            delta of each directory, "detailed" for each.
        use_cache: False computes them, and neither reads nor writes what is cached in the
            bucket.  On a mount, the bucket goes without for all its readers meanwhile.
        refresh_cache: True computes them, whatever is cached, and caches that.
        """
        if mode not in MODES:
            raise ValueError(f"mode {mode!r} is none of {', '.join(MODES)}")
        if not bucket or "/" in bucket or "\0" in bucket or bucket.startswith("."):
            raise OSError(errno.EINVAL, "not the name of a bucket", bucket)
        return _bucket_stats(bucket, self._source.get(bucket, mode, use_cache, refresh_cache))


def create_client(
    endpoint_url: Optional[str] = None,
    log_level: str = "INFO",
    aws_access_key_id: Optional[str] = None,
    aws_secret_access_key: Optional[str] = None,
    aws_session_token: Optional[str] = None,
    region_name: Optional[str] = None,
    *,
    mount: Optional[str] = None,
    dgstat: str = "dgstat",
    options: Sequence[str] = (),
    timeout: Optional[float] = None,
) -> Client:
    """A client of a mount, or of dgstat.

    mount: the mount point; by default DGSTATFS_MOUNT, unless a store is named here.
    dgstat: the program; options: more of its own, as "--profile=mon"; timeout: seconds
        that it may take.
    The others are those of DeltaGlider's create_client().  Keys reach dgstat by its
    environment; log_level has no effect: what goes wrong is in the exception.
    """
    del log_level
    names_store = endpoint_url or region_name or aws_access_key_id or options
    if mount is None and not names_store:
        mount = os.environ.get("DGSTATFS_MOUNT")
    if mount:
        if names_store:
            raise ValueError("a mount has its store already")
        return Client(_Mount(mount))
    argv = [dgstat, *options, "--log-level=error"]
    if endpoint_url:
        argv.append(f"--endpoint-url={endpoint_url}")
    if region_name:
        argv.append(f"--region={region_name}")
    keys = {
        "AWS_ACCESS_KEY_ID": aws_access_key_id,
        "AWS_SECRET_ACCESS_KEY": aws_secret_access_key,
        "AWS_SESSION_TOKEN": aws_session_token if aws_session_token or not aws_access_key_id else "",
    }
    if aws_access_key_id:  # these would be of the keys that the environment has
        keys |= {"AWS_SECURITY_TOKEN": "", "AWS_CREDENTIAL_EXPIRATION": ""}
    env = {name: value for name, value in keys.items() if value is not None}
    return Client(_Command(argv, env, timeout))


def get_bucket_stats(
    bucket: str,
    mode: StatsMode = "quick",
    use_cache: bool = True,
    refresh_cache: bool = False,
) -> BucketStats:
    """The same of create_client(), for who needs but one answer."""
    return create_client().get_bucket_stats(bucket, mode, use_cache, refresh_cache)
