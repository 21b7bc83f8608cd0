# SPDX-License-Identifier: MIT
"""The buckets of stub-s3 and what S3 answers about them.  The caller locks.

Keys are bytes.  An object comes from JSON like this, all but the key optional:

    {"key": "a/1.zip.delta",            or "key_hex": "612f...", any bytes
     "size": 10,                        or "body": "text"
     "etag": "0123abcd",                null: none; default: the MD5 of the key
     "last_modified": "2025-10-14T10:30:00.000Z",
     "meta": {"dg_file_size": "900"},   x-amz-meta-..., sent exactly like this
     "told": false                      not by LIST, whatever the settings
     "count": 2500}                     that many objects; the key holds a %d
"""
import base64
import bisect
import calendar
import hashlib
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import quote, quote_plus, unquote_to_bytes
from xml.sax.saxutils import escape

XMLNS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
SOME_TIME = "2025-10-14T10:30:00.000Z"


@dataclass
class Answer:
    status: int
    headers: dict = field(default_factory=dict)
    body: bytes = b""


def xml(status, text):
    document = '<?xml version="1.0" encoding="UTF-8"?>\n' + text
    return Answer(status, {"Content-Type": "application/xml"},
                  document.encode("utf-8", "surrogateescape"))


def error(status, code, message="as the test wished"):
    return xml(status, f"<Error><Code>{code}</Code><Message>{message}</Message>"
                       "<RequestId>stub</RequestId></Error>")


def http_date(iso):
    seconds = time.strptime(iso[:19] + "Z", "%Y-%m-%dT%H:%M:%SZ")
    return formatdate(calendar.timegm(seconds), usegmt=True)


@dataclass
class Object:
    key: bytes
    size: int
    etag: str
    last_modified: str
    headers: dict
    body: bytes
    is_told: bool = True

    def content(self):
        return b"x" * self.size if self.body is None else self.body


def object_from_json(spec, key):
    body = spec["body"].encode() if "body" in spec else None
    return Object(
        key=key,
        size=spec.get("size", 0) if body is None else len(body),
        etag=spec.get("etag", hashlib.md5(key).hexdigest()),
        last_modified=spec.get("last_modified", SOME_TIME),
        headers={f"x-amz-meta-{name}": value
                 for name, value in spec.get("meta", {}).items()},
        body=body,
        is_told=spec.get("told", True),
    )


def objects_from_json(specs):
    for spec in specs:
        if "count" in spec:
            for i in range(spec["count"]):
                yield object_from_json(spec, (spec["key"] % i).encode())
        elif "key_hex" in spec:
            yield object_from_json(spec, bytes.fromhex(spec["key_hex"]))
        else:
            yield object_from_json(spec, spec["key"].encode())


def encode_token(key):
    return "t." + base64.urlsafe_b64encode(key).decode()


def decode_token(token):
    """A token that this stub has not made starts again from the beginning."""
    return base64.urlsafe_b64decode(token[2:]) if token.startswith("t.") else b""


def minio_metadata(headers):
    """As cmd/api-response.go: names as Go stores header fields, and more of them."""
    items = [("-".join(word.capitalize() for word in name.split("-")), value)
             for name, value in headers.items()]
    return [*items, ("content-type", "application/octet-stream")], True


def rustfs_metadata(headers):
    """As its MinIO extension: without the prefix, and nothing where there is none."""
    return sorted((name.lower().removeprefix("x-amz-meta-"), value)
                  for name, value in headers.items()), bool(headers)


METADATA_FORMS = {"minio": minio_metadata, "rustfs": rustfs_metadata}
REFUSALS = {"refused": (400, "InvalidArgument"), "unknown": (501, "NotImplemented")}

# Where a listing begins, of the keys behind it, that was asked to begin behind `key`.
STARTS = {
    None: lambda bucket, key: key,
    "ignored": lambda bucket, key: b"",
    "inclusive": lambda bucket, key: bucket.key_before(key),
    "late": lambda bucket, key: bucket.key_after(key),      # loses one
    "double-decoded": lambda bucket, key: unquote_to_bytes(key.replace(b"+", b" ")),
}


def next_token(query, after, keys):
    """Of a page without keys the same place, in other words."""
    if keys:
        return encode_token(keys[-1])
    return query.get("continuation-token", encode_token(after)) + "!"


class Bucket:
    """`keys` is what LIST shows: sorted, unless the test gave another order."""

    def __init__(self, objects=(), is_sorted=True):
        self.objects = {one.key: one for one in objects}
        self.keys = list(self.objects)
        self.is_sorted = is_sorted
        if is_sorted:
            self.keys.sort()

    def put(self, one):
        if one.key not in self.objects and self.is_sorted:
            bisect.insort(self.keys, one.key)
        elif one.key not in self.objects:
            self.keys.append(one.key)
        self.objects[one.key] = one

    def delete(self, key):
        if self.objects.pop(key, None) is not None:
            self.keys.remove(key)

    def position_after(self, key):
        """Where the first key behind `key` stands in `keys`."""
        if not key:
            return 0
        if self.is_sorted:
            return bisect.bisect_right(self.keys, key)
        return self.keys.index(key) + 1 if key in self.objects else 0

    def key_before(self, key):
        """What `key` itself comes behind, if it is there."""
        if key not in self.objects:
            return key
        position = self.keys.index(key)
        return self.keys[position - 1] if position else b""

    def key_after(self, key):
        return next(iter(self.keys[self.position_after(key):]), key)

    def page(self, after, prefix, limit):
        """Up to `limit` keys behind `after`, and whether more follow."""
        keys = []
        for i in range(self.position_after(after), len(self.keys)):
            if not self.keys[i].startswith(prefix):
                continue
            if len(keys) == limit:
                return keys, True
            keys.append(self.keys[i])
        return keys, False


class Store:
    def __init__(self):
        self.buckets = {}
        self.settings = {
            "page_size": 1000,          # most keys on a page of LIST
            "bucket_page_size": 1000,   # most names on a page of ListBuckets
            "space_as_plus": True,      # as AWS encodes keys; false: %20, as Ceph
            # What LIST with metadata=true is: null, ignored; "minio" or "rustfs",
            # told in the form of this store; "refused", 400; "unknown", 501
            "metadata": None,
            # HeadBucket tells what is in the bucket, as Ceph does
            "usage": False,
            # What LIST does with start-after: null, as S3; or a value of STARTS
            "start_after": None,
            "ranges": True,             # false: a GET with Range gets all
        }

    def change(self, bucket, put, delete):
        if bucket in self.buckets:
            for one in objects_from_json(put):
                self.buckets[bucket].put(one)
            for key in delete:
                self.buckets[bucket].delete(key.encode())

    # --- LIST -----------------------------------------------------------------

    def _encode_key(self, key, is_url):
        if not is_url:
            return escape(key.decode("utf-8", "surrogateescape"))
        quoted = quote_plus if self.settings["space_as_plus"] else quote
        return quoted(key, safe="/")

    def _metadata(self, one, is_asked):
        form = METADATA_FORMS.get(self.settings["metadata"])
        if not (form and is_asked and one.is_told):
            return ""
        items, is_there = form({name: value for name, value in one.headers.items()
                                if name.lower().startswith("x-amz-meta-")})
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in items)
        return ((f"<UserMetadata>{inner}</UserMetadata>" if is_there else "")
                + "<Internal><K>1</K><M>0</M></Internal>")

    def _entry(self, one, is_url, is_asked):
        etag = f"<ETag>&quot;{one.etag}&quot;</ETag>" if one.etag is not None else ""
        return (f"<Contents><Key>{self._encode_key(one.key, is_url)}</Key>"
                f"<LastModified>{one.last_modified}</LastModified>{etag}"
                f"<Size>{one.size}</Size>"
                "<StorageClass>STANDARD</StorageClass>"
                f"{self._metadata(one, is_asked)}</Contents>")

    def list_objects(self, name, query):
        bucket = self.buckets[name]
        is_url = query.get("encoding-type") == "url"
        is_asked = query.get("metadata") == "true"
        if is_asked and self.settings["metadata"] in REFUSALS:
            return error(*REFUSALS[self.settings["metadata"]])
        prefix = query.get("prefix", "")
        limit = min(int(query.get("max-keys", 1000)), self.settings["page_size"])
        after = b""
        if "start-after" in query:
            after = STARTS[self.settings["start_after"]](
                bucket, query["start-after"].encode("utf-8", "surrogateescape"))
        if "continuation-token" in query:
            after = decode_token(query["continuation-token"])
        keys, is_truncated = bucket.page(
            after, prefix.encode("utf-8", "surrogateescape"), limit)
        token = (f"<NextContinuationToken>{next_token(query, after, keys)}"
                 "</NextContinuationToken>" if is_truncated else "")
        contents = "".join(self._entry(bucket.objects[key], is_url, is_asked)
                           for key in keys)
        return xml(200, f"<ListBucketResult {XMLNS}><Name>{name}</Name>"
                        f"<Prefix>{escape(prefix)}</Prefix>"
                        f"<KeyCount>{len(keys)}</KeyCount><MaxKeys>{limit}</MaxKeys>"
                        + ("<EncodingType>url</EncodingType>" if is_url else "")
                        + f"<IsTruncated>{str(is_truncated).lower()}</IsTruncated>"
                        f"{token}{contents}</ListBucketResult>")

    # --- buckets --------------------------------------------------------------

    def list_buckets(self, query):
        limit = min(int(query.get("max-buckets", 10000)),
                    self.settings["bucket_page_size"])
        after = decode_token(query.get("continuation-token", "")).decode()
        names = [name for name in sorted(self.buckets) if name > after]
        token = ("<ContinuationToken>"
                 f"{encode_token(names[limit - 1].encode())}</ContinuationToken>"
                 if len(names) > limit else "")
        buckets = "".join(f"<Bucket><Name>{escape(name)}</Name>"
                          f"<CreationDate>{SOME_TIME}</CreationDate></Bucket>"
                          for name in names[:limit])
        return xml(200, f"<ListAllMyBucketsResult {XMLNS}><Owner><ID>stub</ID>"
                        f"</Owner><Buckets>{buckets}</Buckets>{token}"
                        "</ListAllMyBucketsResult>")

    def usage(self, name):
        if not self.settings["usage"]:
            return Answer(200)
        objects = self.buckets[name].objects.values()
        return Answer(200, {"X-RGW-Object-Count": len(objects),
                            "X-RGW-Bytes-Used": sum(one.size for one in objects)})

    # --- objects --------------------------------------------------------------

    def part(self, headers, answer):
        """Of a GET with Range: bytes=FIRST-LAST."""
        wanted = {name.lower(): value for name, value in headers.items()}.get("range")
        if not wanted or not self.settings["ranges"] or answer.status != 200:
            return answer
        first, last = (int(n) for n in wanted.removeprefix("bytes=").split("-"))
        size = len(answer.body)
        if first >= size:
            return error(416, "InvalidRange")
        body = answer.body[first:last + 1]
        span = f"bytes {first}-{first + len(body) - 1}/{size}"
        return Answer(206, {**answer.headers, "Content-Range": span}, body)

    def get_object(self, bucket, key):
        one = self.buckets[bucket].objects.get(key)
        if one is None:
            return error(404, "NoSuchKey")
        headers = {"Content-Type": "application/octet-stream",
                   "Last-Modified": http_date(one.last_modified), **one.headers}
        if one.etag is not None:
            headers["ETag"] = f'"{one.etag}"'
        return Answer(200, headers, one.content())

    def condition_holds(self, one, headers):
        """If-Match and If-None-Match of a PUT, where `one` lies now."""
        etag = f'"{one.etag}"' if one else None
        wanted, unwanted = headers.get("if-match"), headers.get("if-none-match")
        return wanted in (None, etag) and (unwanted is None or one is None)

    def put_object(self, bucket, key, headers, body):
        if not self.condition_holds(self.buckets[bucket].objects.get(key), headers):
            return error(412, "PreconditionFailed")
        kept = {name: value for name, value in headers.items()
                if name.lower().startswith("x-amz-meta-")
                or name.lower() == "content-type"}
        etag = hashlib.md5(body).hexdigest()
        now = (headers.get("x-stub-last-modified")
               or time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()))
        self.buckets[bucket].put(Object(key, len(body), etag, now, kept, body))
        return Answer(200, {"ETag": f'"{etag}"'})

    def delete_object(self, bucket, key):
        self.buckets[bucket].delete(key)
        return Answer(204)

    # --- one request ----------------------------------------------------------

    def answer(self, method, bucket, key, query, headers, body):
        """`query` is a plain dict: of a name given twice, the last one counts."""
        if not bucket:
            return self.list_buckets(query)
        if bucket not in self.buckets:
            return error(404, "NoSuchBucket")
        if not key:
            is_list = method == "GET" and "list-type" in query
            return self.list_objects(bucket, query) if is_list else self.usage(bucket)
        if method == "HEAD":
            return self.get_object(bucket, key)
        if method == "GET":
            return self.part(headers, self.get_object(bucket, key))
        if method == "PUT":
            return self.put_object(bucket, key, headers, body)
        if method == "DELETE":
            return self.delete_object(bucket, key)
        return error(405, "MethodNotAllowed")
