#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whose keys are taken: botocore and dgstatfs are given the same settings.

usage: matrix.py DGSTATFS DIR     prints each row on which they differ; then it ends with 1

A row is what environment, files, profile and services say.  Of botocore are asked the
keys; of dgstatfs what it signs a ListBuckets with, which is checked with the secret that
botocore has found.  What STS was sent, by whom, has to be the same, too.  Services are
those of ../stub/stub-keys, one process for each, so that their keys have different names.
"""
import hashlib
import hmac
import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path

DGSTATFS, DIR = sys.argv[1], Path(sys.argv[2])
STUB = Path(__file__).resolve().parent.parent / "stub" / "stub-keys"
os.environ["HOME"] = str(DIR)  # botocore looks when it is loaded

# pylint: disable=wrong-import-position
import botocore.session  # noqa: E402
from botocore.loaders import Loader  # noqa: E402

LOADER = Loader()
URL = "https://my.awsapps.com/start"
LIST = b"<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>"


# --- services ------------------------------------------------------------------------

class Service:
    def __init__(self, name):
        self.dir = DIR / name
        self.dir.mkdir()
        (self.dir / "name").write_text(name, encoding="utf-8")
        (self.dir / "token").write_text("token-of-container", encoding="utf-8")
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen([str(STUB), str(self.dir)], stdout=subprocess.PIPE)
        self.url = self.process.stdout.readline().decode().strip()

    def forget(self):
        for name in "n", "forms":
            (self.dir / name).unlink(missing_ok=True)

    def forms(self):
        path = self.dir / "forms"
        return [shown(json.loads(line)) for line in path.open()] if path.exists() else []


def shown(form):
    """What both sides have to say alike; without a name for the session each has its own."""
    session = form.get("RoleSessionName", "")
    if session.startswith(("botocore-session-", "dgstatfs-session-")):
        del form["RoleSessionName"]
    signer = form["authorization"].partition("Credential=")[2].partition(",")[0].split("/")
    return {**form, "authorization": [signer[0], *signer[2:]]}


class Store(BaseHTTPRequestHandler):
    """A store that has no buckets; what came last is in the server."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        self.server.asked = self.path, dict(self.headers.items())
        self.send_response(200)
        self.send_header("Content-Length", str(len(LIST)))
        self.end_headers()
        self.wfile.write(LIST)

    def log_message(self, *args):
        pass


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def is_signed_with(secret, path, headers):
    """Signature version 4, as Amazon describes it."""
    fields = dict(part.strip().split("=", 1) for part in
                  headers["authorization"].partition(" ")[2].split(","))
    scope = fields["Credential"].split("/")[1:]
    path, _, query = path.partition("?")
    lines = [f"{name}:{headers[name]}" for name in fields["SignedHeaders"].split(";")]
    request = "\n".join(["GET", path, query, *lines, "", fields["SignedHeaders"],
                         headers["x-amz-content-sha256"]])
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], "/".join(scope),
                      hashlib.sha256(request.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in scope:
        key = mac(key, part)
    return mac(key, text).hex() == fields["Signature"]


# --- the two sides -------------------------------------------------------------------

class Session(botocore.session.Session):
    """This botocore may know no variables for endpoints yet."""
    services = {}

    def create_client(self, service_name, *args, **kwargs):
        return super().create_client(service_name, *args, **kwargs,
                                     endpoint_url=self.services[service_name].url)


def ask_botocore(environment, profile):
    """(key, secret, token), or None, or what it says."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        session = Session(profile=profile)
        session.register_component("data_loader", LOADER)
        found = session.get_credentials()
        return found and tuple(found.get_frozen_credentials())[:3]
    except Exception as error:  # pylint: disable=broad-except
        return f"{type(error).__name__}: {error}"
    finally:
        os.environ.clear()
        os.environ.update(before)


def ask_dgstatfs(environment, profile, store):
    store.asked = None
    option = ["-o", f"profile={profile}"] if profile else []
    url = f"http://127.0.0.1:{store.server_port}"
    done = subprocess.run([DGSTATFS, "--explain", "--json", *option, url], check=False,
                          env=environment, capture_output=True, text=True)
    if store.asked:
        path, headers = store.asked
        return path, {name.lower(): value for name, value in headers.items()}
    try:
        said = list(json.loads(done.stdout)["sources"].values())
    except ValueError:
        return done.stderr
    return said[-1]["said"] if said[-1]["value"] == "fails" else None


def difference(botocores, ours):
    """None, or why they differ."""
    if not isinstance(botocores, tuple) or not isinstance(ours, tuple):
        return None if type(botocores) is type(ours) else "one of them has keys"
    key, secret, token = botocores
    path, headers = ours
    if f"Credential={key}/" not in headers.get("authorization", ""):
        return "other keys"
    if (token or None) != headers.get("x-amz-security-token"):
        return "another token"
    return None if is_signed_with(secret, path, headers) else "another secret"


# --- rows ----------------------------------------------------------------------------

def keys(name, token=True, prefix="aws_"):
    """As lines of a file."""
    return f"{prefix}access_key_id = {name}\n{prefix}secret_access_key = secret-of-{name}\n" \
        + (f"{prefix}session_token = token-of-{name}\n" if token else "")


def variables(name, token=True):
    found = dict(line.split(" = ") for line in keys(name, token).splitlines())
    return {key.upper(): value for key, value in found.items()}


class Settings:
    """What a row has: each part adds to it.  {p}: the profile that is chosen."""

    def __init__(self):
        self.environment, self.services = {}, []
        self.config, self.credentials = "", ""


ARN = "arn:aws:iam::123456789012:role/"
PROCESS = "credential_process = {dir}/program program\n"
SESSION = "sso_session = my\nsso_account_id = 123456789012\nsso_role_name = my-role\n"
LEGACY = f"sso_start_url = {URL}\nsso_region = eu-west-7\n" \
         "sso_account_id = 123456789012\nsso_role_name = my-role\n"
WEB = f"web_identity_token_file = {{dir}}/web-token\nrole_arn = {ARN}web\n"


def role(line, name="main"):
    return f"role_arn = {ARN}{name}\n{line}\n"


# What the profile says: in the config file, and in the credentials file.
BODIES = {
    "nothing": ("", ""),
    "keys in credentials": ("", keys("file")),
    "keys in config": (keys("config"), ""),
    "keys in both": (keys("config"), keys("file", token=False)),
    "process": (PROCESS, ""),
    "process, keys in config": (PROCESS + keys("config"), ""),
    "role": (role("source_profile = base"), ""),
    "web identity": (WEB + keys("config"), ""),
    "SSO": (SESSION + keys("config"), ""),
}
MORE_BODIES = {
    "process, keys in credentials": (PROCESS, keys("file")),
    "process in credentials": ("", PROCESS),
    "process that fails": ("credential_process = false\n" + keys("config"), ""),
    "process in words": ("credential_process = \"{dir}/program\" 'a'\\+b\n", ""),
    "process, key id alone in config": (PROCESS + "aws_access_key_id = x\n", ""),
    "key id alone in credentials": (keys("config"), "aws_access_key_id = x\n"),
    "key id alone in config": ("aws_access_key_id = x\n", ""),
    "secret alone in credentials": (keys("config"), "aws_secret_access_key = x\n"),
    "secret alone in config": ("aws_secret_access_key = x\n", ""),
    "token alone in credentials": (keys("config", token=False), "aws_session_token = x\n"),
    "older token in credentials": ("", keys("file") + "aws_security_token = old\n"),
    "older token in config": (keys("config") + "aws_security_token = old\n", ""),
    "upper case": ("", keys("file").replace("aws_", "AWS_")),
    "web identity and keys in credentials": (WEB, keys("file")),
    "web identity in credentials": ("", WEB),
    "web identity, session name": (WEB + "role_session_name = pod\n", ""),
    "web identity without role": ("web_identity_token_file = {dir}/web-token\n", ""),
    "web identity, no such file": (WEB.replace("web-token", "none"), ""),
    "web identity and source": (WEB + "source_profile = base\n", ""),
    "SSO and keys in credentials": (SESSION, keys("file")),
    "SSO in credentials": ("", SESSION),
    "SSO in both": (SESSION.replace("my\n", "none\n"), SESSION),
    "SSO and process": (SESSION + PROCESS, ""),
    "SSO and web identity": (SESSION + WEB, ""),
    "SSO, older form": (LEGACY, ""),
    "SSO, both forms alike": ("sso_session = my\n" + LEGACY, ""),
    "SSO, both forms differ": ("sso_session = my\n" + LEGACY.replace("my.aws", "your.aws"), ""),
    "SSO, no such session": (SESSION.replace("my\n", "none\n"), ""),
    "SSO, no account": (SESSION.replace("sso_account_id", "other"), ""),
    "SSO, no role": (SESSION.replace("sso_role_name", "other"), ""),
    "SSO, neither": ("sso_session = my\n" + keys("config"), ""),
    "SSO, no login": (LEGACY.replace("my.aws", "nobody.aws"), ""),
    "SSO, not this role": (SESSION.replace("my-role", "other-role"), ""),
    "role in credentials": ("", role("source_profile = base")),
    "role and keys": (role("source_profile = base") + keys("config"), keys("file")),
    "role, all of it": (role("source_profile = base\nexternal_id = a+b/\n"
                             "role_session_name = me\nduration_seconds = 900"), ""),
    "role, no such duration": (role("source_profile = base\nduration_seconds = x"), ""),
    "role of itself": (role("source_profile = {p}"), keys("file")),
    "role of itself without keys": (role("source_profile = {p}"), ""),
    "role of nobody": (role("source_profile = none"), ""),
    "role of nothing": (role("source_profile = empty"), ""),
    "role without source": (role("region = eu-west-7"), ""),
    "role with both": (role("source_profile = base\ncredential_source = Environment"), ""),
    "role of the environment": (role("credential_source = Environment"), ""),
    "role of the container": (role("credential_source = EcsContainer"), ""),
    "role of the instance": (role("credential_source = Ec2InstanceMetadata"), ""),
    "role of what is not there": (role("credential_source = ecscontainer"), ""),
    "role of a role": (role("source_profile = middle"), ""),
    "role of a role of a role": (role("source_profile = last"), ""),
    "role of a role of the container": (role("source_profile = contained"), ""),
    "role of a role with keys": (role("source_profile = middle-keys"), ""),
    "role of a process": (role("source_profile = process"), ""),
    "role of a process with keys": (role("source_profile = process-keys"), ""),
    "role of keys in credentials": (role("source_profile = filed"), ""),
    "role of a login": (role("source_profile = sso"), ""),
    "role of a login with keys": (role("source_profile = sso-keys"), ""),
    "role of a web identity": (role("source_profile = web"), ""),
    "loop": (role("source_profile = loop"), ""),
    "loop with keys": (role("source_profile = loop"), keys("file")),
}
OTHERS = "".join(f"[profile {name}]\n{text}\n" for name, text in {
    "base": keys("base", token=False), "empty": "region = eu-west-7\n",
    "middle": role("source_profile = base", "middle"),
    "last": role("source_profile = middle", "last"),
    "contained": role("credential_source = EcsContainer", "contained"),
    "middle-keys": role("source_profile = base", "middle") + keys("middle-keys"),
    "process": PROCESS, "process-keys": PROCESS + keys("process-keys"),
    "filed": PROCESS + keys("config"), "sso": LEGACY,
    "sso-keys": LEGACY + keys("sso-keys"), "web": WEB,
    "loop": role("source_profile = {p}", "loop"),
}.items()) + f"[sso-session my]\nsso_start_url = {URL}\nsso_region = eu-west-7\n"
OTHER_CREDENTIALS = "[filed]\n" + keys("filed")

OF_WEB = {"AWS_WEB_IDENTITY_TOKEN_FILE": "{dir}/web-token", "AWS_ROLE_ARN": ARN + "variable"}
ENVIRONMENTS = {
    "": {},
    "keys": variables("env"),
    "secret alone": {"AWS_SECRET_ACCESS_KEY": "x"},
    "web identity": OF_WEB,
}
MORE_ENVIRONMENTS = {
    "no token": variables("env", token=False),
    "older token": {**variables("env"), "AWS_SECURITY_TOKEN": "old"},
    "older token alone": {**variables("env", token=False), "AWS_SECURITY_TOKEN": "old"},
    "empty older token": {**variables("env"), "AWS_SECURITY_TOKEN": ""},
    "key id alone": {"AWS_ACCESS_KEY_ID": "x"},
    "key id empty": {**variables("env"), "AWS_ACCESS_KEY_ID": ""},
    "secret empty": {**variables("env"), "AWS_SECRET_ACCESS_KEY": ""},
    "token alone": {"AWS_SESSION_TOKEN": "x"},
    "expires": {**variables("env"), "AWS_CREDENTIAL_EXPIRATION": "2099-01-01T00:00:00Z"},
    "expires elsewhere": {**variables("env"),
                          "AWS_CREDENTIAL_EXPIRATION": "2099-01-01T00:00:00+05:30"},
    "expired": {**variables("env"), "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z"},
    "expires at no time": {**variables("env"), "AWS_CREDENTIAL_EXPIRATION": "soon"},
    "web identity with session": {**OF_WEB, "AWS_ROLE_SESSION_NAME": "pod"},
    "web identity without role": {"AWS_WEB_IDENTITY_TOKEN_FILE": "{dir}/web-token"},
    "role alone": {"AWS_ROLE_ARN": ARN + "variable"},
    "web identity and keys": {**OF_WEB, **variables("env")},
    "web identity of no file": {**OF_WEB, "AWS_WEB_IDENTITY_TOKEN_FILE": ""},
    "web identity of no role": {**OF_WEB, "AWS_ROLE_ARN": ""},
}
OLD_FILES = {
    "boto": {"BOTO_CONFIG": "{dir}/boto"},
    "boto at home": {"HOME": "{dir}/old-home"},
    "boto elsewhere": {"HOME": "{dir}/old-home", "BOTO_CONFIG": "{dir}/none"},
    "boto, no secret": {"BOTO_CONFIG": "{dir}/half-boto"},
    "boto, other section": {"BOTO_CONFIG": "{dir}/web-token.ini"},
    "file of EC2's tools": {"AWS_CREDENTIAL_FILE": "{dir}/ec2-file", "BOTO_CONFIG": "{dir}/boto"},
    "no such file of EC2's tools": {"AWS_CREDENTIAL_FILE": "{dir}/none"},
    "other file of EC2's tools": {"AWS_CREDENTIAL_FILE": "{dir}/boto"},
}
CHOICES = {
    "default": ("default", None, {}),
    "AWS_PROFILE": ("p", None, {"AWS_PROFILE": "p"}),
    "in code": ("p", "p", {"AWS_PROFILE": "base"}),
}
FOR_CHOICES = {"default": ENVIRONMENTS, "AWS_PROFILE": ["", "keys"],
               "in code": ["keys", "web identity"]}
MORE_CHOICES = {
    "AWS_DEFAULT_PROFILE": ("p", None, {"AWS_DEFAULT_PROFILE": "p", "AWS_PROFILE": "base"}),
    "no such profile": ("default", None, {"AWS_PROFILE": "none"}),
    "no such profile in code": ("default", "none", {}),
}


def rows():
    """(choice, environment, body, services), as names."""
    every = "container", "instance"
    for choice, environments in FOR_CHOICES.items():
        yield from ((choice, *row, every) for row in product(environments, BODIES))
    for services in (), ("container",), ("instance",):
        for environment in ENVIRONMENTS:
            yield "default", environment, "nothing", services
    yield "AWS_PROFILE", "", "nothing", ("instance by profile",)
    yield "AWS_PROFILE", "", "role of the instance", ("instance by profile",)
    yield from (("AWS_PROFILE", "", body, every) for body in MORE_BODIES)
    yield from (("default", name, "keys in both", ()) for name in MORE_ENVIRONMENTS)
    yield from ((name, "", "keys in both", ()) for name in MORE_CHOICES)
    yield "default", "web identity of no file", "web identity", every
    yield "default", "web identity of no role", "web identity", every
    yield from (("default", name, "nothing", every) for name in OLD_FILES)
    yield "default", "boto", "keys in config", ()
    yield "in code", "boto", "nothing", every


# --- one row -------------------------------------------------------------------------

def settings(row, services):
    """The environment and the profile in code; writes the files."""
    choice, environment, body, names = row
    profile, in_code, chosen = {**CHOICES, **MORE_CHOICES}[choice]
    config, credentials = {**BODIES, **MORE_BODIES}[body]
    section = "default" if profile == "default" else f"profile {profile}"
    if "instance by profile" in names:
        config += f"ec2_metadata_service_endpoint = {services['instance'].url}\n"
    files = {"config": f"[{section}]\n{config}\n" + OTHERS,
             "credentials": f"[{profile}]\n{credentials}\n{OTHER_CREDENTIALS}"
             if credentials else OTHER_CREDENTIALS}
    for name, text in files.items():
        text = text.replace("{dir}", str(DIR)).replace("{p}", profile)
        (DIR / name).write_text(text, encoding="utf-8")
    given = {**chosen, **surroundings(names, services),
             **{**ENVIRONMENTS, **MORE_ENVIRONMENTS, **OLD_FILES}[environment]}
    return {name: value.replace("{dir}", str(DIR)) for name, value in given.items()}, in_code


def surroundings(names, services):
    found = {"HOME": str(DIR), "PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1",
             "AWS_CONFIG_FILE": str(DIR / "config"),
             "AWS_SHARED_CREDENTIALS_FILE": str(DIR / "credentials"),
             "AWS_ENDPOINT_URL_STS": services["sts"].url,
             "AWS_ENDPOINT_URL_SSO": services["sso"].url, "no_proxy": "127.0.0.1"}
    if "instance by profile" in names:
        found["AWS_METADATA_SERVICE_TIMEOUT"] = "20"
    elif "instance" in names:
        found["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = services["instance"].url
        found["AWS_METADATA_SERVICE_TIMEOUT"] = "20"  # of a machine that does much else
    else:
        found["AWS_EC2_METADATA_DISABLED"] = "true"
    if "container" in names:
        found["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = services["container"].url + "/container"
        found["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "token-of-container"
    return found


def side(services, ask, *arguments):
    """What came of it, and what STS was sent."""
    for service in services.values():
        service.forget()
    return ask(*arguments), services["sts"].forms()


def check(row, services, store):
    environment, profile = settings(row, services)
    theirs, their_forms = side(services, ask_botocore, environment, profile)
    ours, our_forms = side(services, ask_dgstatfs, environment, profile, store)
    wrong = difference(theirs, ours)
    if not wrong and isinstance(ours, tuple) and their_forms != our_forms:
        wrong = "STS was sent something else"
    if wrong:
        print(f"{row}: {wrong}\n  botocore: {theirs}\n    {their_forms}\n"
              f"  dgstatfs: {ours}\n    {our_forms}", flush=True)
    return wrong


def write_files():
    program = DIR / "program"
    program.write_text("""#!/bin/sh
echo '{"Version": 1, "AccessKeyId": "'"${1:-none}"'", "SecretAccessKey": "secret-of-process",
"SessionToken": "token-of-process", "Expiration": "2099-01-01T00:00:00Z"}'
""", encoding="utf-8")
    program.chmod(0o755)
    (DIR / "web-token").write_text("token/of+web=", encoding="utf-8")
    (DIR / "old-home").mkdir()
    for name, text in {"boto": "[Credentials]\n" + keys("boto", token=False),
                       "old-home/.boto": "[Boto]\ndebug = 1\n[Credentials]\n" + keys("home"),
                       "half-boto": "[Credentials]\naws_access_key_id = half\n",
                       "web-token.ini": "[credentials]\n" + keys("other"),
                       "ec2-file": "# of EC2\nAWSAccessKeyId=ec2\nother\n"
                                   " AWSSecretKey = secret-of-ec2 \n"}.items():
        (DIR / name).write_text(text, encoding="utf-8")
    cache = DIR / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    for name in "my", URL:
        login = {"startUrl": URL, "region": "eu-west-7", "accessToken": "login-of-sso",
                 "expiresAt": "2099-01-01T00:00:00Z"}
        path = cache / (hashlib.sha1(name.encode()).hexdigest() + ".json")
        path.write_text(json.dumps(login), encoding="utf-8")


def main():
    write_files()
    services = {name: Service(name) for name in ("container", "instance", "sso", "sts")}
    Session.services = services
    store = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=store.serve_forever, daemon=True).start()
    started, n, n_wrong = time.monotonic(), 0, 0
    try:
        for row in rows():
            n += 1
            n_wrong += check(row, services, store) is not None
    finally:
        for service in services.values():
            service.process.kill()
    print(f"{n} rows in {time.monotonic() - started:.1f} s, {n_wrong} wrong")
    sys.exit(n_wrong > 0)


main()
