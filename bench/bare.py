"""Clients that do nothing but ask and parse: what any Python client has to spend."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import pathlib
import uuid
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import urllib3

from spidercli import kinds

_POOL = urllib3.PoolManager(retries=False)


def enis(environ: Mapping[str, str], vpc_id: str) -> int:
    """Every page of DescribeNetworkInterfaces, signed by hand, parsed and dropped; how many ENIs there were."""
    count, token = 0, ""
    while True:
        page = _page(environ, {"VpcId": vpc_id, "MaxResults": "500", **({"NextToken": token} if token else {})})
        count += len(page["NetworkInterfaceSets"]["NetworkInterfaceSet"])
        token = page["NextToken"]
        if not token:
            return count


def pools(environ: Mapping[str, str]) -> int:
    """One LIST of all SpiderIPPools in pages of 500, parsed and dropped; how many there were."""
    return sum(len(page["items"]) for page in _pages(environ))


def _pages(environ: Mapping[str, str]) -> Iterator[Any]:
    kubeconfig = json.loads(pathlib.Path(environ["KUBECONFIG"]).read_text())
    url = kubeconfig["clusters"][0]["cluster"]["server"] + kinds.IP_POOL.collection
    token = ""
    while True:
        fields = {"limit": "500", **({"continue": token} if token else {})}
        page = json.loads(_POOL.request("GET", url, fields=fields, headers={"accept-encoding": "gzip"}).data)
        yield page
        token = page["metadata"].get("continue", "")
        if not token:
            return


def _page(environ: Mapping[str, str], parameters: Mapping[str, str]) -> Any:
    fields = {
        "Action": "DescribeNetworkInterfaces",
        "Version": "2014-05-26",
        "RegionId": environ["ALIBABA_CLOUD_REGION_ID"],
        "Format": "JSON",
        "AccessKeyId": environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": str(uuid.uuid4()),
        "Timestamp": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **parameters,
    }
    query = "&".join(f"{_encoded(key)}={_encoded(value)}" for key, value in sorted(fields.items()))
    key = f"{environ['ALIBABA_CLOUD_ACCESS_KEY_SECRET']}&".encode()
    digest = hmac.new(key, f"GET&%2F&{_encoded(query)}".encode(), hashlib.sha1).digest()
    signature = _encoded(base64.b64encode(digest).decode())
    answer = _POOL.request("GET", f"{environ['SPIDERCLI_ECS_ENDPOINT']}/?{query}&Signature={signature}")
    return json.loads(answer.data)


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")
