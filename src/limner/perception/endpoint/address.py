"""Where an API begins, by the address that a user gives. Opens no connection."""

from __future__ import annotations


def api_url(url: str) -> str:
    """Where the API begins: without a route or a slash at the end, with `/v1` when only a host was given."""
    import httpx2  # 0.1 s that nobody needs who gives no address

    try:
        parsed = httpx2.URL(url.strip())
    except httpx2.InvalidURL as error:
        raise ValueError(
            f"{url!r} is no address ({error}); give one such as http://localhost:8000."
        ) from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"{url!r} is no http address; give one such as http://localhost:8000.")
    path = parsed.path.rstrip("/")
    for route in ("/responses", "/chat/completions", "/images/edits", "/images/generations"):
        path = path.removesuffix(route)
    return str(parsed.copy_with(path=path or "/v1", query=None, fragment=None)).rstrip("/")
