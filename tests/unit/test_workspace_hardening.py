"""The environment and the configuration of a git call, as values."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.workspace.hardening import carried, disarm, parse_config, safe_env


def test_little_of_the_environment_is_kept():
    env = {
        "PATH": "/usr/bin:.:relative::/bin",
        "HOME": "/home/ada",
        "GIT_DIR": "/elsewhere",
        "GIT_INDEX_FILE": "/elsewhere",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": "/evil",
        "GIT_EXTERNAL_DIFF": "/evil",
        "GIT_SSH_COMMAND": "/evil",
        "GIT_ASKPASS": "/evil",
        "LC_ALL": "de_DE.UTF-8",
        "API_KEY": "secret",
    }
    made = safe_env(env, (("filter.x.clean", ""),))
    assert made["PATH"] == "/usr/bin:/bin"
    assert made["HOME"] == "/home/ada"
    assert made["LC_ALL"] == "C"
    assert not {"GIT_DIR", "GIT_INDEX_FILE", "GIT_EXTERNAL_DIFF", "GIT_ASKPASS", "API_KEY"} & made.keys()
    assert "/evil" not in made.values()
    count = int(made["GIT_CONFIG_COUNT"])
    pairs = {made[f"GIT_CONFIG_KEY_{n}"]: made[f"GIT_CONFIG_VALUE_{n}"] for n in range(count)}
    assert pairs["core.hooksPath"] == "/dev/null"
    assert pairs["filter.x.clean"] == ""
    assert f"GIT_CONFIG_KEY_{count}" not in made


def test_listing_of_the_configuration():
    listing = b"core.bare\nfalse\0core.symlinks\0user.name\nAda\nL\0filter.a.b.clean\nrm \xff\0"
    assert parse_config(listing) == (
        ("core.bare", "false"),
        ("core.symlinks", "true"),
        ("user.name", "Ada\nL"),
        ("filter.a.b.clean", "rm \udcff"),
    )
    assert parse_config(b"") == ()


@pytest.mark.parametrize(
    ("key", "harmless"),
    [
        ("filter.lfs.clean", ""),
        ("filter.a.b c.smudge", ""),
        ("filter.lfs.process", ""),
        ("filter.lfs.required", "false"),
        ("diff.external", "false"),
        ("diff.pdf.textconv", "cat"),
        ("diff.pdf.command", "false"),
        ("merge.ours.driver", "false"),
        ("credential.https://example.org.helper", ""),
        ("gpg.ssh.program", "false"),
        ("pager.log", "false"),
        ("remote.origin.uploadpack", "false"),
        ("sequence.editor", "false"),
        ("core.gitproxy", "none"),
        ("user.name", None),
        ("core.autocrlf", None),
        ("diff.algorithm", None),
        ("remote.origin.url", None),
        ("nodot", None),
    ],
)
def test_keys_that_name_programs_are_disarmed(key, harmless):
    assert disarm(((key, "evil"),)) == (() if harmless is None else ((key, harmless),))


def test_what_is_carried_over():
    config = (
        ("core.autocrlf", "true"),
        ("core.autocrlf", "input"),
        ("core.excludesfile", "my/ignore"),
        ("core.attributesfile", "~/attributes"),
        ("core.fsmonitor", "/evil"),
        ("filter.x.clean", "/evil"),
        ("diff.external", "/evil"),
    )
    assert carried(config, Path("/repo")) == (
        ("core.autocrlf", "input"),
        ("core.excludesfile", "/repo/my/ignore"),
        ("core.attributesfile", "~/attributes"),
    )
