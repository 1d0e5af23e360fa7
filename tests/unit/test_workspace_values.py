"""Output of git taken apart, and messages put together."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.domain.process import CommandResult
from journeyman.workspace.diffs import parse_raw_numstat
from journeyman.workspace.git import failure
from journeyman.workspace.objects import with_trailers

A, B = "a" * 40, "b" * 40


def test_raw_and_numstat():
    output = (
        f":100644 100644 {A} {B} M\0src/a b.py\0:000000 120000 {'0' * 40} {B} A\0li\nnk\0".encode()
        + f":100644 000000 {A} {'0' * 40} D\0".encode()
        + b"\xff.bin\0"
        + b"3\t1\tsrc/a b.py\0"
        + b"1\t0\tli\nnk\0"
        + b"-\t-\t\xff.bin\0"
    )
    entries, counts = parse_raw_numstat(output)
    assert [(entry.path, entry.status) for entry in entries] == [
        ("src/a b.py", "M"),
        ("li\nnk", "A"),
        ("\udcff.bin", "D"),
    ]
    assert entries[1].new_mode == "120000"
    assert (entries[0].old_id, entries[0].new_id) == (A, B)
    assert counts == {"src/a b.py": (3, 1), "li\nnk": (1, 0), "\udcff.bin": (None, None)}
    assert parse_raw_numstat(b"") == ([], {})


@pytest.mark.parametrize(
    ("stderr", "code", "gist"),
    [
        ("fatal: bad object x\n", "git-failed", "bad object x"),
        (
            "warning: w\nerror: unable to write file\nfatal: write error: No space left on device",
            "disk-full",
            "write error",
        ),
        ("error: unable to create x: Disk quota exceeded", "disk-full", "unable to create"),
        (
            "fatal: Unable to create '/x/index.lock': Read-only file system",
            "not-writable",
            "Unable to create",
        ),
        (
            "error: open('x'): Permission denied\nfatal: adding files failed",
            "not-writable",
            "adding files failed",
        ),
        ("", "git-failed", "exit code 128"),
        ("\xff odd", "git-failed", "odd"),
    ],
)
def test_failures_are_told(stderr, code, gist):
    result = CommandResult(("git", "add", "x y"), Path("/repo"), 128, b"", stderr.encode("latin-1"), 0.1)
    error = failure(result)
    assert error.code == code
    assert error.message.startswith("git add failed: ")
    assert gist in error.message
    assert "command: git add 'x y'" in error.facts
    assert "exit code: 128" in error.facts


@pytest.mark.parametrize(
    ("message", "trailers", "text"),
    [
        ("Title", (), "Title\n"),
        ("Title\n\nBody\n\n", (("Verified-Tree", "abc"),), "Title\n\nBody\n\nVerified-Tree: abc\n"),
        ("T", (("A", "x\ny"), ("A", " z ")), "T\n\nA: x y\nA: z\n"),
    ],
)
def test_trailers(message, trailers, text):
    assert with_trailers(message, trailers) == text


def test_a_trailer_needs_a_plain_name():
    with pytest.raises(ValueError, match="no name for a trailer"):
        with_trailers("Title", (("Two words", "x"),))
