"""What the look at the machine finds: tools by PATH and by links, secrets, writable and git entries."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, Confinement
from journeyman.sandbox.surroundings import MountFacts, survey_mounts


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    return home


def program(path: Path, target: Path | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if target is None:
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    else:
        path.symlink_to(target)
    return path


def look(home: Path, *search: Path, **confinement: tuple[Path, ...]) -> MountFacts:
    command = Command(argv=("x",), cwd=home, env={"PATH": ":".join(map(str, search))})
    return survey_mounts(command, Confinement(**{"writable": (), **confinement}), home)  # type: ignore[arg-type]


def tools(home: Path, *search: Path, **confinement: tuple[Path, ...]) -> set[str]:
    return {str(place.path.relative_to(home)) for place in look(home, *search, **confinement).tools}


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        (".pyenv/shims", {".pyenv"}),
        (".nvm/versions/node/v20/bin", {".nvm/versions/node/v20"}),
        ("bin", {"bin"}),
        (".local/bin", {".local/bin"}),
        ("projects/scripts", {"projects/scripts"}),
        (".", set()),
        (".config/tool/bin", set()),
        (".ssh/bin", set()),
        ("missing/bin", set()),
    ],
)
def test_folders_shown_for_a_path_entry(home, entry, shown):
    if not entry.startswith("missing"):
        (home / entry).mkdir(parents=True, exist_ok=True)
    assert tools(home, home / entry) == shown


def test_links_are_followed_through_every_hop(home, tmp_path):
    program(home / ".local/share/uv/python/cpython-3.11.9/bin/python3.11")
    (home / ".local/share/uv/python/cpython-3.11").symlink_to("cpython-3.11.9")
    program(home / "app/.venv/bin/python", home / ".local/share/uv/python/cpython-3.11/bin/python3.11")
    program(home / ".local/bin/tool", home / "app/.venv/bin/python")
    assert tools(home, home / ".local/bin") == {
        ".local/bin",
        "app/.venv",
        ".local/share/uv/python/cpython-3.11",
        ".local/share/uv/python/cpython-3.11.9",
    }


def test_a_readable_environment_brings_its_interpreter(home):
    program(home / ".pyenv/versions/3.11/bin/python3.11")
    program(home / "app/.venv/bin/python", home / ".pyenv/versions/3.11/bin/python3.11")
    shown = tools(home, readable=(home / "app/.venv",))
    assert ".pyenv/versions/3.11" in shown


def test_links_planted_in_a_writable_folder_or_leading_to_secrets_are_not_followed(home):
    program(home / "private/notes")
    program(home / ".ssh/id_rsa")
    program(home / "work/.venv/bin/evil", home / "private/notes")
    program(home / "tool/bin/ssh", home / ".ssh/id_rsa")
    shown = tools(home, home / "work/.venv/bin", home / "tool/bin", writable=(home / "work",))
    assert shown == {"tool"}


def test_a_loop_of_links_ends(home):
    program(home / "tool/bin/a", home / "tool/bin/b")
    program(home / "tool/bin/b", home / "tool/bin/a")
    assert tools(home, home / "tool/bin") == {"tool"}


def test_home_itself_may_be_reached_by_a_link(home, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(home)
    (home / "w").mkdir()
    found = look(link, writable=(link / "w",))
    assert home in found.hidden
    assert found.writable[0].real == home / "w"


def test_a_readable_path_may_be_missing_a_writable_one_not(home):
    assert look(home, readable=(home / "missing",)).readable == ()
    with pytest.raises(JourneymanError, match="does not exist") as caught:
        look(home, writable=(home / "missing",))
    assert caught.value.code == "not-writable"


@pytest.mark.parametrize("path", ["/", "/dev", "/proc/self"])
def test_some_places_are_never_handed_out(home, path):
    with pytest.raises(JourneymanError, match="cannot be made writable"):
        look(home, writable=(Path(path),))


def test_git_entries_and_secrets_are_found(home):
    (home / "a/.git").mkdir(parents=True)
    (home / "b").mkdir()
    (home / "b/.git").write_text("gitdir: x\n")
    (home / "c").mkdir()
    (home / ".ssh").mkdir()
    (home / ".netrc").touch()
    found = look(home, writable=(home / "a", home / "b", home / "c"))
    assert found.protected == {home / "a/.git", home / "b/.git"}
    assert {(secret.path.name, secret.is_dir) for secret in found.secrets} == {
        (".ssh", True),
        (".netrc", False),
    }


def test_a_home_that_is_no_folder_of_its_own_hides_nothing_more(tmp_path):
    assert Path("/") not in look(Path("/")).hidden
    assert tmp_path / "gone" not in look(tmp_path / "gone").hidden
