"""A tiny painter of random weights that always paints, services over it, and a server to share."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi", reason="the server needs the extra `serve`")
pytest.importorskip("uvicorn", reason="the server needs the extra `serve`")

from command_line import checkpoint, face, limner
from tiny_server import ADA, BEN, few_steps, serving

from limner import load
from limner.server.opening import service_of
from limner.server.security.keys import ApiKeys
from limner.server.settings import ServerSettings

__all__ = ["checkpoint", "face", "limner"]


@pytest.fixture(scope="session")
def painter(checkpoint):
    return few_steps(load(checkpoint, device="cpu"))


@pytest.fixture
def service(painter, tmp_path):
    """A service with a store of its own."""
    made = service_of(painter, tmp_path / "store", ServerSettings())
    yield made
    made.close(0.0)


@pytest.fixture(scope="session")
def server(painter, tmp_path_factory):
    """One server with two keys, for all tests that leave no settings behind."""
    settings = ServerSettings(keys=ApiKeys([(ADA, None), (BEN, "ben")]), model="tiny")
    made = service_of(painter, tmp_path_factory.mktemp("served") / "store", settings)
    with serving(made, settings) as found:
        yield found
    made.close(0.0)


@pytest.fixture(scope="session")
def client(server):
    """The official client, as Ada, with its own ways of trying again."""
    openai = pytest.importorskip("openai", reason="needs the official client")
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=ADA, timeout=120) as made:
        yield made
