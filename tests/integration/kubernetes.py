#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""usage: kubernetes.py FILE...: check manifests, and print each object as a line of JSON.

Strictly: a field that Kubernetes does not have, or of another type, it would drop or
refuse.  Here stands what our manifests have of its API, and no more: who adds a field
there adds it here, from the reference.
"""
import json
import sys

import yaml

NAMES = {"*": str}  # any keys
META = {"name": str, "namespace": str, "labels": NAMES, "annotations": NAMES}
PROBE = {
    "httpGet": {"path": str, "port": (str, int)}, "periodSeconds": int, "timeoutSeconds": int,
    "initialDelaySeconds": int, "failureThreshold": int,
}
CONTAINER = {
    "name": str, "image": str, "args": [str], "command": [str],
    "env": [{"name": str, "value": str}],
    "envFrom": [{"secretRef": {"name": str, "optional": bool}}],
    "ports": [{"name": str, "containerPort": int}],
    "livenessProbe": PROBE, "readinessProbe": PROBE,
    "resources": {"requests": NAMES, "limits": NAMES},
    "securityContext": {
        "allowPrivilegeEscalation": bool, "readOnlyRootFilesystem": bool,
        "capabilities": {"drop": [str]},
    },
}
POD = {
    "metadata": {"labels": NAMES, "annotations": NAMES},
    "spec": {
        "automountServiceAccountToken": bool, "serviceAccountName": str, "restartPolicy": str,
        "securityContext": {"runAsNonRoot": bool, "runAsUser": int, "runAsGroup": int,
                            "seccompProfile": {"type": str}},
        "containers": [CONTAINER],
    },
}
KINDS = {
    "apps/v1 Deployment": {
        "replicas": int, "strategy": {"type": str}, "selector": {"matchLabels": NAMES},
        "template": POD,
    },
    "v1 Service": {"selector": NAMES, "type": str,
                   "ports": [{"name": str, "port": int, "targetPort": (str, int)}]},
    "batch/v1 CronJob": {
        "schedule": str, "concurrencyPolicy": str, "startingDeadlineSeconds": int,
        "successfulJobsHistoryLimit": int, "failedJobsHistoryLimit": int,
        "jobTemplate": {"spec": {"backoffLimit": int, "activeDeadlineSeconds": int,
                                 "template": POD}},
    },
}
# Without these the API refuses an object.
NEEDED = {
    "apps/v1 Deployment": ["selector", "template"],
    "v1 Service": ["ports"],
    "batch/v1 CronJob": ["schedule", "jobTemplate"],
}


def check(value, schema, where):
    if isinstance(schema, dict):
        assert isinstance(value, dict), f"{where} is no mapping"
        for key, inner in value.items():
            assert key in schema or "*" in schema, f"{where} has no field {key}"
            check(inner, schema.get(key, schema.get("*")), f"{where}.{key}")
    elif isinstance(schema, list):
        assert isinstance(value, list) and value, f"{where} is no list"
        for i, inner in enumerate(value):
            check(inner, schema[0], f"{where}[{i}]")
    else:
        wanted = schema if isinstance(schema, tuple) else (schema,)
        assert type(value) in wanted, f"{where} is {value!r}"


def check_object(found):
    kind = f"{found['apiVersion']} {found['kind']}"
    check(found, {"apiVersion": str, "kind": str, "metadata": META, "spec": KINDS[kind]}, kind)
    for field in NEEDED[kind]:
        assert field in found["spec"], f"{kind}: {field} is missing"


def main():
    for name in sys.argv[1:]:
        with open(name, encoding="utf-8") as file:
            for found in yaml.safe_load_all(file):
                check_object(found)
                print(json.dumps(found))


main()
