"""What outputs say is missing on the machine."""

from __future__ import annotations

import pytest

from journeyman.domain.policy.environment import missing_piece

SAID = [
    ("E   ModuleNotFoundError: No module named 'requests'", "the Python module requests is not installed"),
    ("Error: Cannot find module 'left-pad'\nRequire stack:", "the package left-pad is not in node_modules"),
    ("sh: 1: jest: not found", "jest is not in node_modules"),
    ("a.go:3:8: missing go.sum entry for module providing package x", "Go modules were never fetched"),
    ('go: example.com/x@v1: Get "https://proxy.golang.org/x": dial tcp', "Go modules were never fetched"),
    ("error: failed to get `serde` as a dependency of package `a`", "Rust crates were never fetched"),
    ("error: no matching package named `serde` found", "Rust crates were never fetched"),
    ("[ERROR] Non-resolvable parent POM for a:b:1", "Maven's artifacts were never fetched"),
    ("Could not find gem 'rake' in locally installed gems.", "gems are not installed"),
    ("psycopg.OperationalError: connection failed: Connection refused", "a service that the checks talk to is not up"),
    ("connect ECONNREFUSED 127.0.0.1:6379", "a service that the checks talk to is not up"),
    ("KeyError: 'DATABASE_URL'", "the variable DATABASE_URL is not set"),
]  # fmt: skip


@pytest.mark.parametrize(("output", "what"), SAID)
def test_what_is_missing_is_named(output: str, what: str) -> None:
    piece = missing_piece(f"collected 0 items\n{output}\nexit 1")
    assert piece is not None
    assert piece.what == what
    assert piece.fix


@pytest.mark.parametrize(
    "output",
    [
        "FAILED test_a.py::test_a - assert 1 == 2",
        "error[E0308]: mismatched types",
        "Cannot find module './own'",
        "KeyError: 'name'",
        "undefined: Foo",
    ],
)
def test_what_an_edit_can_mend_is_not(output: str) -> None:
    assert missing_piece(output) is None
