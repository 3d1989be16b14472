"""Requests over the wire as they stand, nothing tidied up by a client."""

from __future__ import annotations

import http.client
import json
from types import SimpleNamespace

WAIT_S = 120  # for what must happen; a busy machine is slow


def ask(server, path, data=None, *, method=None, body=None, headers=None, key=None):
    """One request as it stands, nothing tidied up: status, headers, content, and the JSON if it is one."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT_S)
    headers = dict(headers or {})
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    try:
        if data is not None:
            body = json.dumps(data)
            headers = {"Content-Type": "application/json", **headers}
        connection.request(method or ("GET" if body is None else "POST"), path, body, headers)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    is_json = response.headers.get_content_type() == "application/json"
    return SimpleNamespace(
        status=response.status,
        headers=response.headers,
        content=content,
        told=json.loads(content) if is_json and content else None,
    )
