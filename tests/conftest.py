"""No test touches the user's home, the network or a paid model."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("quiet", deadline=None, max_examples=50)  # a busy machine is no failure
settings.load_profile("quiet")

_SECRETS = ("KEY", "TOKEN", "SECRET", "PASSWORD")


@pytest.fixture(autouse=True)
def empty_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A HOME of its own for each test, without the developer's configuration or secrets."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in list(os.environ):
        if name.startswith(("JOURNEYMAN_", "XDG_", "GIT_")) or any(word in name for word in _SECRETS):
            monkeypatch.delenv(name)
    return home


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only loopback and Unix sockets are reachable."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(("127.", "::1", "localhost")):
            pytest.fail(f"a test wanted to connect to {address}: tests reach loopback only")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
