from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.domain.process import Command, Network
from journeyman.sandbox.bubblewrap import Access, Mount, arguments, lay_out
from journeyman.sandbox.surroundings import MountFacts, Place, Secret

HOME = Path("/home/u")
TMP = Path("/tmp")


def at(*paths: str) -> tuple[Place, ...]:
    return tuple(Place(Path(path), Path(path)) for path in paths)


def hidden(path: str | Path) -> Mount:
    return Mount(Access.HIDE, Path(path))


def mount(access: Access, path: str) -> Mount:
    return Mount(access, Path(path), Path(path))


def surroundings(**given: object) -> MountFacts:
    nothing = {"hidden": (TMP, HOME), "tools": (), "secrets": (), "readable": (), "writable": ()}
    return MountFacts(**{**nothing, **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({}, (hidden(HOME), hidden(TMP)), id="only what is hidden"),
        pytest.param(
            {"writable": at("/home/u/.cache/j/w"), "tools": at("/home/u/.pyenv")},
            (hidden(HOME), mount(Access.WRITE, "/home/u/.cache/j/w"), mount(Access.TOOL, "/home/u/.pyenv"), hidden(TMP)),
            id="below HOME, parents first",
        ),
        pytest.param(
            {"hidden": (TMP, Path("/tmp/x/home")), "writable": at("/tmp/x"), "readable": at("/tmp/x/r")},
            (hidden(TMP), mount(Access.WRITE, "/tmp/x"), hidden("/tmp/x/home"), mount(Access.READ, "/tmp/x/r")),
            id="HOME hidden, readable read-only, within a writable folder in /tmp",
        ),
        pytest.param(
            {"readable": at("/usr/lib", "/srv"), "tools": at("/opt/tool")},
            (hidden(HOME), hidden(TMP)),
            id="nothing to do for what shows anyway",
        ),
        pytest.param(
            {"readable": at("/tmp/a", "/tmp/a/b"), "tools": at("/tmp/a/b/c")},
            (hidden(HOME), hidden(TMP), mount(Access.READ, "/tmp/a")),
            id="nor for what lies in something shown",
        ),
        pytest.param(
            {"readable": at("/tmp/a"), "writable": at("/tmp/a", "/tmp")},
            (hidden(HOME), mount(Access.WRITE, "/tmp"), mount(Access.WRITE, "/tmp/a")),
            id="writable wins over readable and hidden",
        ),
        pytest.param(
            {
                "writable": at("/srv/w"),
                "readable": at("/srv/w/.git", "/srv/w/.venv"),
                "protected": frozenset({Path("/srv/w/.git")}),
            },
            (hidden(HOME), mount(Access.WRITE, "/srv/w"), mount(Access.PROTECT, "/srv/w/.git"),
             mount(Access.READ, "/srv/w/.venv"), hidden(TMP)),
            id="git entry read-only",
        ),
        pytest.param(
            {
                "tools": at("/home/u/.cargo"),
                "secrets": (Secret(Path("/home/u/.cargo/credentials"), False), Secret(Path("/home/u/.ssh"), True),
                            Secret(Path("/data/config"), True)),
            },
            (Mount(Access.COVER, Path("/data/config")), hidden(HOME), mount(Access.TOOL, "/home/u/.cargo"),
             Mount(Access.COVER, Path("/home/u/.cargo/credentials"), Path("/dev/null")), hidden(TMP)),
            id="secrets covered where they would show",
        ),
        pytest.param(
            {"readable": at("/home/u/.config"), "secrets": (Secret(Path("/home/u/.config"), True),)},
            (hidden(HOME), mount(Access.READ, "/home/u/.config"), hidden(TMP)),
            id="asked for by name",
        ),
        pytest.param(
            {"writable": (Place(Path("/home/u/.cache/w"), Path("/data/cache/w")),)},
            (mount(Access.WRITE, "/data/cache/w"), hidden(HOME),
             Mount(Access.WRITE, Path("/home/u/.cache/w"), Path("/data/cache/w")), hidden(TMP)),
            id="reached by a link in HOME: both names",
        ),
        pytest.param(
            {"tools": (*at("/home/u/.pyenv"), Place(Path("/home/u/.pyenv/link"), Path("/home/u/py")))},
            (hidden(HOME), mount(Access.TOOL, "/home/u/.pyenv"),
             mount(Access.TOOL, "/home/u/py"), hidden(TMP)),
            id="never mounted onto a link that shows",
        ),
    ],
)  # fmt: skip
def test_lay_out(given, expected):
    assert lay_out(surroundings(**given)) == expected


def test_arguments_confine_and_spell_the_mounts():
    command = Command(argv=("x",), cwd=Path("/w/sub"), env={"A": "1", "B": "two words"})
    mounts = (
        hidden(TMP),
        mount(Access.READ, "/tmp/r"),
        mount(Access.WRITE, "/w"),
        mount(Access.PROTECT, "/w/.git"),
    )
    made = " ".join(arguments(command, mounts, Network.OFF))
    assert made == (
        "--unshare-all --cap-drop ALL --new-session --die-with-parent --clearenv"
        " --setenv A 1 --setenv B two words --ro-bind / / --dev /dev --proc /proc"
        " --tmpfs /tmp --ro-bind /tmp/r /tmp/r --bind /w /w --ro-bind /w/.git /w/.git --chdir /w/sub"
    )


@pytest.mark.parametrize(
    ("network", "shared"), [(Network.OFF, False), (Network.LOOPBACK, False), (Network.ON, True)]
)
def test_only_an_open_network_is_shared(network, shared):
    command = Command(argv=("x",), cwd=Path("/w"), env={})
    assert ("--share-net" in arguments(command, (), network)) is shared
