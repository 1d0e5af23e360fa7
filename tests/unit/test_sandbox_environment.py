from __future__ import annotations

import pytest

from journeyman.sandbox.environment import DEFAULT_PATH, base_environment


@pytest.mark.parametrize(
    "name", ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TERM", "SHELL", "CARGO_HOME", "JAVA_HOME"]
)
def test_keeps_what_tools_need(name):
    assert base_environment({name: "value"})[name] == "value"


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "LC_SECRET", "LC_API_TOKEN",
        "GOOGLE_APPLICATION_CREDENTIALS", "SSH_AUTH_SOCK", "DISPLAY", "PYTHONPATH", "NODE_PATH", "TMPDIR",
        "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "FORCE_COLOR", "ANYTHING_ELSE", "LD_PRELOAD",
    ],
)  # fmt: skip
def test_leaves_out_secrets_ways_out_and_the_unknown(name):
    assert name not in base_environment({name: "value"})


@pytest.mark.parametrize(
    ("value", "kept"), [("http://proxy:3128", True), ("http://user:secret@proxy:3128", False)]
)
def test_addresses_are_kept_unless_they_hold_a_password(value, kept):
    assert ("HTTPS_PROXY" in base_environment({"HTTPS_PROXY": value})) is kept


def test_is_unattended_and_without_colour():
    made = base_environment({"NO_COLOR": "", "PY_COLORS": "1", "GIT_TERMINAL_PROMPT": "1"})
    assert made["NO_COLOR"] == made["PYTHONUNBUFFERED"] == made["PIP_NO_INPUT"] == "1"
    assert made["PY_COLORS"] == made["GIT_TERMINAL_PROMPT"] == "0"
    assert "PYTHONDONTWRITEBYTECODE" not in made
    assert made["PATH"] == DEFAULT_PATH
