"""Where a model is served and with which key: base URLs, privacy, proxies, what must never be shown."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from journeyman.domain.errors import JourneymanError

_LOCAL_SUFFIXES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
# Keys as providers write them, whole or half masked: an error body may quote one that is not ours.
_KEY_SHAPES = re.compile(
    r"\b(?:sk|pk|gsk|xai|r8|hf)[-_][A-Za-z0-9*_.\-]{6,}|\bAIza[A-Za-z0-9_\-]{10,}|\*{4,}\w*"
)
_SHORT_KEY = 8


@dataclass(frozen=True)
class Endpoint:
    """One provider at one address. ``key`` is never part of a text that leaves this package.

    ``base_url`` is empty where another library knows the address.
    """

    provider: str
    base_url: str
    model: str
    key: str | None = field(default=None, repr=False)
    key_variable: str = ""
    base_variable: str = ""
    proxy: str | None = field(default=None, repr=False)
    ca_file: str | None = None

    @property
    def host(self) -> str:
        """Host and port as in the base URL, else the provider's name."""
        return urlsplit(self.base_url).netloc or self.provider

    @property
    def private(self) -> bool:
        """Whether it is this machine or this network, where keys and prices are not to be expected."""
        return bool(self.base_url) and is_private(urlsplit(self.base_url).hostname or "")

    def redact(self, text: str) -> str:
        """The text without the key, whole or as providers mask it."""
        if self.key:  # a placeholder such as "x" must not spoil every word
            text = re.sub(rf"(?<!\w){re.escape(self.key)}(?!\w)", "[key]", text)
            text = text.replace(self.key, "[key]") if len(self.key) >= _SHORT_KEY else text
        return _KEY_SHAPES.sub("[key]", text)


def is_private(host: str) -> bool:
    """Whether the host is loopback, in a private network, or a name that only a local resolver knows."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return "." not in host or host.lower().endswith(_LOCAL_SUFFIXES)
    return address.is_loopback or address.is_private or address.is_link_local or address.is_unspecified


def clean_base_url(text: str, variable: str, *, drop: tuple[str, ...] = ()) -> str:
    """The base URL without a trailing slash and without the paths that clients add themselves.

    Raises JourneymanError("bad-config") when it is none.
    """
    split = _split(text.strip())
    if split is None or split.scheme not in {"http", "https"} or not split.hostname:
        raise JourneymanError(
            "bad-config",
            f"{variable} is not a base URL",
            facts=("it must look like https://host/v1",),
            hint=f"export {variable}=https://…",
        )
    if split.username or split.password:
        raise JourneymanError(
            "bad-config",
            f"{variable} carries a user name or a password",
            hint="put the key into its own variable",
        )
    path = split.path.rstrip("/")
    for ending in drop:
        path = path.removesuffix(ending)
    return f"{split.scheme}://{split.netloc}{path.rstrip('/')}"


def _split(text: str) -> SplitResult | None:
    try:
        split = urlsplit(text)
        _ = split.port
    except ValueError:
        return None
    return split if text.isascii() and text.isprintable() and " " not in text else None


def clean_key(text: str | None, variable: str) -> str | None:
    """The key without the line end that a file or a shell left on it; ``None`` when there is none.

    Raises JourneymanError("model-unauthorized") for characters that no HTTP header can carry.
    """
    key = (text or "").strip()
    if not key:
        return None
    if not key.isascii() or not key.isprintable():
        raise JourneymanError(
            "model-unauthorized",
            f"{variable} holds characters that no key has",
            hint=f"paste the key again: export {variable}=…",
        )
    return key


def proxy_for(base_url: str, environ: Mapping[str, str]) -> str | None:
    """The proxy that the environment names for this address; private addresses are reached directly.

    Raises JourneymanError("bad-config") for a kind of proxy that is not spoken.
    """
    split = urlsplit(base_url)
    host = split.hostname or ""
    name = f"{split.scheme}_proxy"
    proxy = (environ.get(name) or environ.get(name.upper()) or "").strip()
    if (
        not proxy
        or is_private(host)
        or _exempt(host, environ.get("no_proxy") or environ.get("NO_PROXY") or "")
    ):
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    parts = _split(proxy)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise JourneymanError(
            "bad-config",
            f"{name.upper()} does not name an HTTP proxy",
            hint=f"export {name.upper()}=http://host:port",
        )
    return proxy


def _exempt(host: str, listed: str) -> bool:
    for entry in listed.lower().split(","):
        suffix = entry.strip().removeprefix("*").lstrip(".")
        if entry.strip() == "*" or (
            suffix and (host.lower() == suffix or host.lower().endswith(f".{suffix}"))
        ):
            return True
    return False
