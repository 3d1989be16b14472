"""How a server is set up: address, keys, limits, care. Pure values; the command line fills them in."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from limner.provenance.certificates import checked_authority
from limner.server.security.keys import ApiKeys
from limner.server.security.limits import Limits
from limner.server.security.remote_pictures import RemoteRules

READY_HOOKS: Final = ("nudity", "none")


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """A server's configuration.

    model: the name under which the one model is served; `aliases` are further names it answers to.
    keys: who may use it. None lets everybody in, which is refused on an address that others can reach, unless
        `without_keys` says that it is meant.
    operator_keys: keys of whoever runs it, who is told what all owners do together (metrics, the queue); an
        owner is told of nobody else's. Without keys everybody is the operator.
    allowed_hosts: further names that the Host header may carry when there are no keys (a page of another site
        could else point a name of its own at this machine and read everything).
    allowed_origins: further origins whose pages may send requests, such as "https://chat.example".
    drain_s: how long rounds in progress may go on after SIGTERM.
    remote_image_origins: origins such as "https://pictures.example" from which images given by URL are
        fetched; none by default.
    safety_hook: "module:callable" that judges prompts and pictures, see `moderation.py`; "nudity" is the
        ready one, "none" none at all, and None leaves it to `safety.py`.
    sign: sign pictures (C2PA) with certificate and certificate_key, PEM files, or without them with a local
        certificate that nobody vouches for, kept in credentials_folder (None: made anew at each start).
    timestamp_authority: URL of an RFC 3161 service that stamps every signature; it is asked each time.
    watermark: whose pixels are marked: "faces" (pictures that a given picture went into, in this round or an
        earlier one: an upload or an enrolled face), "always" or "never".
    badge: "corner" puts a visible "AI" into files that are handed out, "none" does not.
    keep_prompts_in_files: write the prompt into downloaded PNGs, too, not only model, seed and id.
    blobs_url: where blobs and shared rows lie, as in `Store`; in the store's own folder by default.
    """

    host: str = "127.0.0.1"
    port: int = 8484
    model: str = "limner"
    aliases: tuple[str, ...] = ()
    keys: ApiKeys | None = None
    operator_keys: ApiKeys | None = None
    without_keys: bool = False
    limits: Limits = field(default_factory=Limits)
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    drain_s: float = 30.0
    remote_image_origins: tuple[str, ...] = ()
    safety_hook: str | None = None
    sign: bool = False
    certificate: Path | None = None
    certificate_key: Path | None = None
    credentials_folder: Path | None = None
    timestamp_authority: str | None = None
    watermark: Literal["faces", "always", "never"] = "faces"
    badge: Literal["none", "corner"] = "none"
    keep_prompts_in_files: bool = False
    blobs_url: str | None = None
    quantize: str | None = None  # both as in `limner.load`
    offload: bool = False
    planning: tuple[str, ...] = ()  # words of `--with`, for painters without memory

    def __post_init__(self) -> None:
        if self.keys is None and not self.without_keys and not is_loopback(self.host):
            raise ValueError(
                f"Without API keys everybody who reaches {self.host} could use this server; give "
                "--api-key-file FILE (or LIMNER_API_KEYS), or say --no-auth if that is meant."
            )
        if self.operator_keys is not None:
            if self.keys is None:
                raise ValueError("An operator's key is given, but no other: give --api-key-file, too.")
            if self.keys.shares_with(self.operator_keys):
                raise ValueError("A key is both the operator's and somebody else's; make another one.")
        if self.drain_s < 0:
            raise ValueError(f"The time to drain is 0 seconds or more, not {self.drain_s}.")
        if self.certificate is not None and not self.sign:
            raise ValueError("A certificate is given, but pictures are not to be signed; give --sign, too.")
        if self.timestamp_authority is not None and not self.sign:
            raise ValueError("A time stamp is of a signature, but pictures are not to be signed.")
        if self.timestamp_authority is not None:
            checked_authority(self.timestamp_authority)
        RemoteRules(origins=self.remote_image_origins)  # ValueError for what is no origin
        if self.safety_hook not in (None, *READY_HOOKS) and not all(str(self.safety_hook).partition(":")):
            raise ValueError(f"A safety hook is named MODULE:CALLABLE, not {self.safety_hook!r}.")
        if (self.certificate is None) != (self.certificate_key is None):
            raise ValueError("A certificate and its key belong together; give both or neither.")

    def answers_to(self, model: str) -> bool:
        """Whether a request for this model is one for ours."""
        return model in (self.model, "limner", *self.aliases)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
