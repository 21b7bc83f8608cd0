#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What tests do to buckets, with boto3: a client that shares no code with ours.

usage: s3.py COMMAND ARGUMENT...     one command
       s3.py < FILE                  one per line, quoted as in a shell: starting
                                     Python and boto3 costs more than a request

    mk BUCKET
    rb BUCKET                        with all that is in it
    mklocked BUCKET                  with Object Lock, and a retention by default
    rblocked BUCKET                  such a one, all versions too
    put BUCKET KEY SIZE [NAME=VALUE...]        SIZE bytes, with user metadata
    put BUCKET KEY @FILE [NAME=VALUE...]       the bytes of FILE
    putmd5 BUCKET KEY TEXT MD5       with this Content-MD5, right or wrong
    upload BUCKET KEY FILE           as put @FILE, by boto3's own upload_file
    fill BUCKET KEY COUNT SIZE [NAME=VALUE...] many; KEY holds a format like %04d
    get BUCKET KEY                   its bytes
    head BUCKET KEY                  content_type, etag, last_modified, meta, size: JSON
    ls BUCKET [PREFIX]               key, size, etag, last-modified, by tabs
    rm BUCKET KEY...
    touch BUCKET KEY [NAME=VALUE...] copy it onto itself with this metadata
    policy BUCKET JSON               set the bucket policy
    lifecycle BUCKET FILE            set its lifecycle; prints what it is then
    grant USER NAME JSON             give the user of the gateway an IAM policy
    revoke USER NAME                 take it away

Keys are written percent-encoded, here and in what is printed; fill alone takes
its key as it is.  Of the environment S3_ENDPOINT counts, and S3_KEY and
S3_SECRET (testkey, testsecret).
"""
import json
import os
import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, unquote

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError


def connect(service="s3"):
    return boto3.client(
        service,
        endpoint_url=os.environ["S3_ENDPOINT"],
        aws_access_key_id=os.environ.get("S3_KEY", "testkey"),
        aws_secret_access_key=os.environ.get("S3_SECRET", "testsecret"),
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, proxies={},
                      max_pool_connections=16, retries={"max_attempts": 0}),
    )


def metadata(pairs):
    return dict(pair.split("=", 1) for pair in pairs)


def body(size):
    if size.startswith("@"):
        with open(size[1:], "rb") as file:
            return file.read()
    return b"x" * int(size)


def every_object(s3, bucket, prefix=""):
    pages = s3.get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Contents", [])


def do_mk(s3, bucket):
    s3.create_bucket(Bucket=bucket)


def delete(s3, bucket, keys):
    """A thousand keys at most, in one request where XML can hold them."""
    plain = [{"Key": key} for key in keys if key.isprintable()]
    if plain:
        s3.delete_objects(Bucket=bucket, Delete={"Objects": plain, "Quiet": True})
    for key in keys:
        if not key.isprintable():
            s3.delete_object(Bucket=bucket, Key=key)


def do_rb(s3, bucket):
    """The gateway writes a token with a control byte as it is, which no XML parser
    takes: a bucket with such a page stays until the gateway goes."""
    try:
        while objects := s3.list_objects_v2(Bucket=bucket).get("Contents"):
            delete(s3, bucket, [one["Key"] for one in objects])
    except ResponseParserError:
        return
    s3.delete_bucket(Bucket=bucket)


def do_mklocked(s3, bucket):
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration={
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}})


def do_rblocked(s3, bucket):
    listed = s3.list_object_versions(Bucket=bucket)
    for one in listed.get("Versions", []) + listed.get("DeleteMarkers", []):
        s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"],
                         BypassGovernanceRetention=True)
    s3.delete_bucket(Bucket=bucket)


def do_put(s3, bucket, key, size, *pairs):
    s3.put_object(Bucket=bucket, Key=unquote(key), Body=body(size),
                  Metadata=metadata(pairs))


def do_fill(s3, bucket, pattern, count, size, *pairs):
    def put(i):
        s3.put_object(Bucket=bucket, Key=pattern % i, Body=body(size),
                      Metadata=metadata(pairs))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(put, range(int(count))))


def do_putmd5(s3, bucket, key, text, md5):
    s3.put_object(Bucket=bucket, Key=unquote(key), Body=text.encode(), ContentMD5=md5)


def do_upload(s3, bucket, key, path):
    s3.upload_file(path, bucket, unquote(key))


def do_get(s3, bucket, key):
    answer = s3.get_object(Bucket=bucket, Key=unquote(key))
    sys.stdout.buffer.write(answer["Body"].read())


def do_head(s3, bucket, key):
    answer = s3.head_object(Bucket=bucket, Key=unquote(key))
    print(json.dumps({
        "content_type": answer["ContentType"],
        "etag": answer["ETag"].strip('"'),
        "last_modified": answer["LastModified"].isoformat(),
        "meta": answer["Metadata"],
        "size": answer["ContentLength"],
    }))


def do_ls(s3, bucket, prefix=""):
    for one in every_object(s3, bucket, unquote(prefix)):
        print(quote(one["Key"]), one["Size"], one["ETag"].strip('"'),
              one["LastModified"].isoformat(), sep="\t")


def do_rm(s3, bucket, *keys):
    for key in keys:
        s3.delete_object(Bucket=bucket, Key=unquote(key))


def do_touch(s3, bucket, key, *pairs):
    s3.copy_object(Bucket=bucket, Key=unquote(key), MetadataDirective="REPLACE",
                   CopySource={"Bucket": bucket, "Key": unquote(key)},
                   Metadata=metadata(pairs))


def do_policy(s3, bucket, policy):
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)


def do_lifecycle(s3, bucket, path):
    with open(path, encoding="utf-8") as file:
        s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration=json.load(file))
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    print(json.dumps(rules))


def do_grant(_, user, name, policy):
    connect("iam").put_user_policy(UserName=user, PolicyName=name,
                                   PolicyDocument=policy)


def do_revoke(_, user, name):
    connect("iam").delete_user_policy(UserName=user, PolicyName=name)


def main():
    commands = [sys.argv[1:]] if sys.argv[1:] else map(shlex.split, sys.stdin)
    s3 = connect()
    for name, *arguments in filter(None, commands):
        try:
            globals()[f"do_{name}"](s3, *arguments)
        except (BotoCoreError, ClientError, ResponseParserError) as e:
            sys.exit(f"s3.py: {name} {' '.join(arguments)}: {str(e)[:400]}")


main()
