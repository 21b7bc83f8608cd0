#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Endpoint, region and style: the same settings for botocore and for --explain.

usage: botocore-endpoints.py PROGRAM DIRECTORY CERTIFICATE [STEP]

Each row of the matrix is an environment and a config file, and says which URL ListBuckets
and which one a LIST of its bucket are sent to, and which region they are signed for; or
that it is refused.  That is asked of the program, and of the botocore that is here, where
it is one that knows the settings of the row: those that it says otherwise than the row,
are as wrong as those of the program.  Nothing is sent: botocore is stopped before, and
the program has a proxy where nobody listens.  With a STEP, every so manieth row only, for
a program that is slow to start.
"""
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import botocore
import botocore.awsrequest
import botocore.exceptions
import botocore.loaders
import botocore.session

VERSION = tuple(int(n) for n in botocore.__version__.split(".")[:2])
KNOWS_ENDPOINT_URLS = (1, 31)  # of variables and profiles
KNOWS_ALL_PARTITIONS = (1, 40)
NEVER = (99, 0)  # a thing that other SDKs do

REFUSED = "refused"
EU = "eu-west-1"
AWS = "amazonaws.com"


class Row:
    def __init__(self, want, env=None, config="", bucket="bkt", since=(0, 0)):
        self.want = want  # (service, bucket's, region), or REFUSED
        self.env = env or {}
        self.config = config
        self.bucket = bucket
        self.since = since

    def __str__(self):
        return f"{self.env} {self.config!r} {self.bucket}"


def region(name):
    return {"AWS_DEFAULT_REGION": name}


def hosted(host, name, scheme="https"):
    """Virtual-host style."""
    return (f"{scheme}://{host}/", f"{scheme}://bkt.{host}/", name)


def path(url, name="us-east-1", bucket="bkt"):
    return (f"{url}/", f"{url}/{bucket}", name)


def profile(*lines, section="default"):
    return "\n".join([f"[{section}]", *lines, ""])


def rows_of_regions():
    """Region by region, with the two switches."""
    dual, fips = "AWS_USE_DUALSTACK_ENDPOINT", "AWS_USE_FIPS_ENDPOINT"
    domains = {
        EU: AWS,
        "us-west-2": AWS,
        "xx-new-1": AWS,  # one to come
        "us-gov-west-1": AWS,
        "cn-north-1": AWS + ".cn",
        "us-iso-east-1": "c2s.ic.gov",
        "us-isob-east-1": "sc2s.sgov.gov",
        "eu-isoe-west-1": "cloud.adc-e.uk",
        "us-isof-south-1": "csp.hci.ic.gov",
        "eusc-de-east-1": "amazonaws.eu",
    }
    for name, domain in domains.items():
        is_new = domain in ("cloud.adc-e.uk", "csp.hci.ic.gov", "amazonaws.eu")
        since = KNOWS_ALL_PARTITIONS if is_new else (0, 0)
        no_dual = name.startswith(("eu-isoe", "us-isof"))
        no_fips = name.startswith("cn-")
        for switches in [], [dual], [fips], [dual, fips]:
            env = {**region(name), **dict.fromkeys(switches, "true")}
            host = f"s3{'-fips' if fips in switches else ''}" \
                f"{'.dualstack' if dual in switches else ''}.{name}.{domain}"
            wrong = (dual in switches and no_dual) or (fips in switches and no_fips)
            yield Row(REFUSED if wrong else hosted(host, name), env, since=since)
    yield Row(hosted("s3-fips.us-west-1." + AWS, "us-west-1"), region("fips-us-west-1"))
    yield Row(hosted("s3-fips.us-gov-west-1." + AWS, "us-gov-west-1"),
              region("us-gov-west-1-fips"))


def rows_of_the_global_host():
    plain = hosted("s3." + AWS, "us-east-1")
    regional = hosted("s3.us-east-1." + AWS, "us-east-1")
    word = "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT"
    yield Row(plain)
    yield Row(plain, region("us-east-1"))
    yield Row(plain, region("aws-global"))
    yield Row(plain, {word: "regional"})
    yield Row(regional, {**region("us-east-1"), word: "regional"})
    yield Row(plain, {**region("aws-global"), word: "regional"})
    yield Row(REFUSED, {**region("us-east-1"), word: "REGIONAL"})
    yield Row(regional, region("us-east-1"),
              profile("s3 =", "  us_east_1_regional_endpoint = regional"))
    yield Row(regional, region("us-east-1"),
              profile("s3_us_east_1_regional_endpoint = regional"))
    yield Row(plain, {**region("us-east-1"), word: "legacy"},
              profile("s3 =", "  us_east_1_regional_endpoint = regional"))
    yield Row(hosted("s3.dualstack.us-east-1." + AWS, "us-east-1"),
              {"AWS_USE_DUALSTACK_ENDPOINT": "TRUE"})


def rows_of_switches():
    """Which one of several wins, and what is a yes."""
    plain = hosted(f"s3.{EU}.{AWS}", EU)
    dual = hosted(f"s3.dualstack.{EU}.{AWS}", EU)
    word = "AWS_USE_DUALSTACK_ENDPOINT"
    here = f"region = {EU}"
    yield Row(plain, {word: "1"}, profile(here))
    yield Row(plain, {word: "yes"}, profile(here, "use_dualstack_endpoint = true"))
    yield Row(plain, {word: "false"}, profile(here, "use_dualstack_endpoint = true"))
    yield Row(dual, {}, profile(here, "use_dualstack_endpoint = True"))
    yield Row(dual, {}, profile(here, "s3 =", "  use_dualstack_endpoint = true"))
    yield Row(dual, {word: "false"}, profile(here, "s3 =", "  use_dualstack_endpoint = true"))
    yield Row(dual, {word: "true"}, profile(here, "s3 =", "  use_dualstack_endpoint = false"))
    yield Row(dual, {}, profile(here, "use_dualstack_endpoint = true", "s3 =",
                                "  use_dualstack_endpoint = false"))
    yield Row(hosted(f"s3-fips.{EU}.{AWS}", EU), {},
              profile(here, "use_fips_endpoint = true"))
    yield Row(plain, {"AWS_USE_FIPS_ENDPOINT": "off"},
              profile(here, "use_fips_endpoint = true"))


def rows_of_names():
    """Where a region comes from."""
    two = profile(f"region = {EU}") + profile("region = eu-west-2", section="profile p")

    def of(name):
        return hosted(f"s3.{name}.{AWS}", name)

    yield Row(of(EU), {}, two)
    yield Row(of("eu-west-2"), {"AWS_PROFILE": "p"}, two)
    yield Row(of("eu-west-3"), {"AWS_PROFILE": "p", **region("eu-west-3")}, two)
    yield Row(of("eu-west-3"), {"AWS_REGION": "eu-west-3"}, two, since=NEVER)
    yield Row(of("eu-west-3"), {"AWS_REGION": "eu-west-3", **region(EU)}, since=NEVER)
    yield Row(of(EU), {"AWS_REGION": "", **region(EU)})
    yield Row(REFUSED, {"AWS_PROFILE": "none"}, two)
    yield Row(of("eu-west-2"), {"AWS_DEFAULT_PROFILE": "p", "AWS_PROFILE": "default"}, two)
    yield Row(of("eu-west-4"), {"AWS_PROFILE": "p"},
              two + "[profile p]\nREGION  =  eu-west-4 \n", since=NEVER)
    yield Row(REFUSED, region("eu_west"))
    yield Row(REFUSED, region(" " + EU))
    yield Row(hosted(f"s3.{EU}.{AWS}", EU), {}, f"[default]\nRegion={EU}  \n")


def rows_of_endpoints():
    s3, all_of_them = "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"
    ignore = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
    plain = hosted("s3." + AWS, "us-east-1")
    services = "[services x]\ns3 =\n  endpoint_url = https://c.example\n" \
        "sts =\n  endpoint_url = https://e.example\n"
    own = "endpoint_url = https://d.example"
    table = [
        (path("https://a.example"), {s3: "https://a.example", all_of_them: "https://b.example"}, ""),
        (path("https://b.example"), {s3: "", all_of_them: "https://b.example"}, ""),
        (path("https://b.example"), {all_of_them: "https://b.example"},
         profile("services = x", own) + services),
        (path("https://c.example"), {}, profile("services = x", own) + services),
        (path("https://d.example"), {}, profile(own)),
        (plain, {}, profile("s3 =", "  " + own)),  # not there
        (plain, {"AWS_PROFILE": "p"}, profile(own) + profile(section="profile p")),
        (plain, {ignore: "true", s3: "https://a.example", all_of_them: "https://b.example"},
         profile(own)),
        (path("https://d.example"), {ignore: "1"}, profile(own)),
        (path("https://d.example"), {ignore: "false"},
         profile("ignore_configured_endpoint_urls = true", own)),
        (plain, {all_of_them: "https://b.example"},
         profile("ignore_configured_endpoint_urls = TRUE")),
        (path("https://h.example", EU), {all_of_them: "https://h.example", **region(EU),
                                         "AWS_USE_DUALSTACK_ENDPOINT": "true",
                                         "AWS_USE_FIPS_ENDPOINT": "true"}, ""),
        (path("https://h.example"), {all_of_them: "https://h.example", **region("aws-global")},
         ""),
        (path(f"https://s3.{EU}.{AWS}"), {all_of_them: f"https://s3.{EU}.{AWS}"}, ""),
        (path("https://h.example/base"), {all_of_them: "https://h.example/base/"}, ""),
        (path("http://[::1]:9000"), {all_of_them: "http://[::1]:9000"}, ""),
        (REFUSED, {}, profile("services = none") + services),
        (path("https://a.example"), {s3: "https://a.example"}, profile("services = none")),
        (plain, {}, profile("services = x") + "[services x]\nsts =\n"
         "  endpoint_url = https://e.example\n"),
        (path("https://d.example"), {}, profile("services = x", own)
         + "[services x]\ns3 =\n  endpoint_url =\n"),
        (REFUSED, {all_of_them: "x.example"}, ""),
    ]
    for want, env, config in table:
        yield Row(want, env, config, since=KNOWS_ENDPOINT_URLS)


def rows_of_styles():
    url = "AWS_ENDPOINT_URL"
    virtual = profile("s3 =", "  addressing_style = virtual")
    yield Row(path("https://s3." + AWS), {}, profile("s3 =", "  addressing_style = path"))
    yield Row(hosted("s3." + AWS, "us-east-1"), {}, profile("s3 =", "  addressing_style = auto"))
    yield Row(hosted("s3." + AWS, "us-east-1"), {}, virtual)
    yield Row(hosted("s3." + AWS, "us-east-1"), {}, profile("addressing_style = path"))
    yield Row(hosted("s3." + AWS, "us-east-1"), {},
              profile("s3 =", "  payload_signing_enabled = true", "  use_arn_region = true"))
    yield Row(REFUSED, {}, profile("s3 =", "  addressing_style = PATH"))
    yield Row(path(f"https://s3.dualstack.{EU}.{AWS}", EU),
              {**region(EU), "AWS_USE_DUALSTACK_ENDPOINT": "true"},
              profile("s3 =", "  addressing_style = path"))
    for want, endpoint in [
            (hosted("h.example:9000", "us-east-1", "http"), "http://h.example:9000"),
            (hosted("localhost:9000", "us-east-1", "http"), "http://localhost:9000"),
            (path("http://127.0.0.1:9000"), "http://127.0.0.1:9000"),
            (path("https://[::1]"), "https://[::1]")]:
        yield Row(want, {url: endpoint}, virtual, since=KNOWS_ENDPOINT_URLS)


def rows_of_buckets():
    """Names that are no host label, or not under TLS."""
    url = "AWS_ENDPOINT_URL"
    virtual = profile("s3 =", "  addressing_style = virtual")
    aws = f"https://s3.{EU}.{AWS}"
    plain = ["a" * 63, "xn--abc", "foo-s3alias", "foo--ol-s3", "0123"]
    dotted = ["a.b.c", "1.2.3.4.5"]
    others = ["A_b", "under_score", "UPPER", "1.2.3.4", "a" * 64, "a..b", "abc-", "abc.-b"]
    for name in plain + dotted + others:
        def own(scheme, name=name):
            return (f"{scheme}://h.example/", f"{scheme}://{name}.h.example/", "us-east-1")

        in_path = path(aws, EU, name)
        in_host = (f"{aws}/", f"https://{name}.s3.{EU}.{AWS}/", EU)
        is_plain, has_dots = name in plain, name in dotted
        yield Row(in_host if is_plain else in_path, region(EU), bucket=name)
        yield Row(in_host if is_plain else in_path, region(EU), virtual, name)
        yield Row(path("http://h.example", bucket=name), {url: "http://h.example"}, "", name,
                  KNOWS_ENDPOINT_URLS)
        yield Row(own("http") if is_plain or has_dots
                  else path("http://h.example", bucket=name),
                  {url: "http://h.example"}, virtual, name, KNOWS_ENDPOINT_URLS)
        yield Row(own("https") if is_plain else path("https://h.example", bucket=name),
                  {url: "https://h.example"}, virtual, name, KNOWS_ENDPOINT_URLS)


ROWS = [*rows_of_regions(), *rows_of_the_global_host(), *rows_of_switches(), *rows_of_names(),
        *rows_of_endpoints(), *rows_of_styles(), *rows_of_buckets()]


def environment(row, config):
    """Of both: keys, this config file, and no other settings."""
    kept = {k: v for k, v in os.environ.items()
            if not re.match(r"AWS_|.*_proxy$", k, re.I)}
    return {**kept, "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true", **row.env}


# --- botocore --------------------------------------------------------------------------

class Nothing:
    """The body of an answer."""

    def stream(self, *_args, **_kwargs):
        return iter(())


class Client:
    """One for all rows of the same settings, since it is slow to make."""

    def __init__(self, loader):
        self.sent = []
        session = botocore.session.Session()
        session.register_component("data_loader", loader)
        self.s3 = session.create_client("s3")
        self.s3.meta.events.register("before-send", self.on_request)

    def on_request(self, request, **_kwargs):
        authorization = request.headers["Authorization"]
        if isinstance(authorization, bytes):
            authorization = authorization.decode()
        scope = re.search(r"Credential=AKID/\d+/([^/]*)/s3/", authorization)
        self.sent.append((request.url.partition("?")[0], scope[1]))
        return botocore.awsrequest.AWSResponse(request.url, 200, {}, Nothing())


def botocore_says(row, env, loader, clients):
    settings = tuple(sorted(env.items()))
    os.environ.clear()
    os.environ.update(env)
    try:
        if settings not in clients:
            clients[settings] = Client(loader)
        client, sent = clients[settings].s3, clients[settings].sent
        sent.clear()
        client.list_buckets()
        client.list_objects(Bucket=row.bucket)
    except (botocore.exceptions.BotoCoreError, ValueError) as error:
        return REFUSED, error
    if sent[0][1] != sent[1][1]:
        return sent, "two regions"
    return (sent[0][0], sent[1][0], sent[0][1]), ""


# --- the program -----------------------------------------------------------------------

def program_says(program, row, env, certificate):
    nobody = "http://127.0.0.1:1"
    done = subprocess.run(
        [program, "--explain", "--json", f"--bucket={row.bucket}"], text=True, check=False,
        env={**env, "http_proxy": nobody, "https_proxy": nobody,
             "AWS_CA_BUNDLE": certificate},  # the system's take long to read
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if not done.stdout:
        return REFUSED, done.stderr
    endpoint = json.loads(done.stdout)["endpoint"]
    return tuple(endpoint[k]["value"] for k in ("service", "bucket", "region")), ""


def is_same(got, want):
    # "/" or nothing of a URL without a path
    return got == want or (got != REFUSED and want != REFUSED and got[2:] == want[2:] and
                           [u.rstrip("/") for u in got[:2]] == [u.rstrip("/") for u in want[:2]])


def main():
    program, directory, certificate = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    rows = ROWS[::int(sys.argv[4]) if len(sys.argv) > 4 else 1]
    configs, envs, clients = {}, [], {}
    for row in rows:
        config = configs.setdefault(row.config, directory / f"config{len(configs)}")
        config.write_text(row.config)
        envs.append(environment(row, config))
    with ThreadPoolExecutor(2) as pool:
        ours = pool.map(lambda i: program_says(program, rows[i], envs[i], certificate), range(len(rows)))
        loader = botocore.loaders.create_loader()
        theirs = [botocore_says(row, env, loader, clients) if VERSION >= row.since else None
                  for row, env in zip(rows, envs)]
    failed = 0
    for row, our, their in zip(rows, ours, theirs):
        for who, (got, why) in [("dgstatfs", our), ("botocore", their or (row.want, ""))]:
            if not is_same(got, row.want):
                failed += 1
                print(f"{row}\n  wanted {row.want}\n  {who}: {got} {why}")
    compared = sum(t is not None for t in theirs)
    print(f"{len(rows)} rows, {compared} of them asked of botocore {botocore.__version__}")
    return 1 if failed or compared < len(rows) // 3 else 0


if __name__ == "__main__":
    sys.exit(main())
