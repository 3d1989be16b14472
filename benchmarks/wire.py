"""Requests of the benchmarks as they go over the wire: one connection each, and no client that mends them."""

from __future__ import annotations

import http.client
import json
from typing import Any

MARK = b"limner-form"
FORM = f"multipart/form-data; boundary={MARK.decode()}"


def request(
    port: int, method: str, path: str, body: bytes | None = None, kind: str = "application/json"
) -> tuple[int, Any]:
    """Status and JSON (else bytes) of an answer; OSError when there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request(method, path, body, {"Content-Type": kind} if body else {})
        answer = connection.getresponse()
        data = answer.read()
        return answer.status, json.loads(data) if data.startswith(b"{") else data
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


def form(data: bytes, name: str, kind: str, **fields: str) -> bytes:
    """The body of a form (`FORM`) with one file."""
    parts = [
        f'Content-Disposition: form-data; name="{field}"\r\n\r\n{value}'.encode()
        for field, value in fields.items()
    ]
    head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
    parts.append(head.encode() + data)
    return b"".join(b"--" + MARK + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + MARK + b"--\r\n"
