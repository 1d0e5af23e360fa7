"""Lays out the mounts of a confined command and spells them for bubblewrap. Pure: it looks at nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from journeyman.domain.process import Command, Network, is_within
from journeyman.sandbox.surroundings import MountFacts, Place

_NOTHING = Path("/dev/null")


class Access(IntEnum):
    """What a mount gives. Of two for the same path, the higher one wins."""

    HIDE = 0
    TOOL = 1
    COVER = 2
    READ = 3
    WRITE = 4
    PROTECT = 5


@dataclass(frozen=True)
class Mount:
    """One mount. ``source`` is ``None`` for an empty private folder."""

    access: Access
    path: Path
    source: Path | None = None


_SHOWS = (Access.TOOL, Access.READ, Access.PROTECT)


def lay_out(surroundings: MountFacts) -> tuple[Mount, ...]:
    """The mounts above a read-only ``/``, in the order to make them: parents before children.

    A deeper path outranks a shallower one, so that a writable folder can lie in a hidden one and a
    protected entry in a writable one.
    """
    strongest: dict[Path, Mount] = {}
    for mount in _wanted(surroundings):
        known = strongest.get(mount.path)
        if known is None or mount.access > known.access:
            strongest[mount.path] = mount
    kept: dict[Path, Mount] = {}
    for mount in sorted(strongest.values(), key=lambda mount: mount.path.parts):
        above = next((kept[parent] for parent in mount.path.parents if parent in kept), None)
        if _needed(mount, above):
            kept[mount.path] = mount
    return tuple(kept.values())


def arguments(command: Command, mounts: tuple[Mount, ...], network: Network) -> tuple[str, ...]:
    """The options for bubblewrap, without the command itself."""
    options = ["--unshare-all"]
    if network is Network.ON:
        options.append("--share-net")
    options += ["--cap-drop", "ALL", "--new-session", "--die-with-parent", "--clearenv"]
    for name, value in command.env.items():
        options += ["--setenv", name, value]
    options += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for mount in mounts:
        options += _spelled(mount)
    return (*options, "--chdir", str(command.cwd))


def _wanted(surroundings: MountFacts) -> Iterator[Mount]:
    hidden = surroundings.hidden
    yield from (Mount(Access.HIDE, path) for path in hidden)
    groups = (
        (Access.TOOL, surroundings.tools),
        (Access.READ, surroundings.readable),
        (Access.WRITE, surroundings.writable),
    )
    binds = [(access, place) for access, places in groups for place in places]
    reals = {place.real for _, place in binds}
    for access, place in binds:
        for path in _paths(place, hidden, reals):
            yield Mount(access, path, place.real)
            if access is Access.WRITE and place.real / ".git" in surroundings.protected:
                yield Mount(Access.PROTECT, path / ".git", place.real / ".git")
    for secret in surroundings.secrets:
        yield Mount(Access.COVER, secret.path, None if secret.is_dir else _NOTHING)


def _paths(place: Place, hidden: tuple[Path, ...], reals: set[Path]) -> Iterator[Path]:
    """Where to mount a place: where it really is, and by the other name when only a hidden link leads there.

    bubblewrap cannot mount onto a link, so the other name is left alone where its folder shows anyway.
    """
    yield place.real
    is_hidden = any(is_within(place.path, path) for path in hidden)
    if place.path != place.real and is_hidden and reals.isdisjoint(place.path.parents):
        yield place.path


def _needed(mount: Mount, above: Mount | None) -> bool:
    if mount.access is Access.TOOL:
        return above is not None and above.access in {Access.HIDE, Access.COVER}
    if mount.access is Access.READ:
        return above is not None and above.access not in _SHOWS
    if mount.access is Access.COVER:
        return above is None or above.access not in {Access.HIDE, Access.COVER}
    return True


def _spelled(mount: Mount) -> tuple[str, ...]:
    if mount.source is None:
        return ("--tmpfs", str(mount.path))
    option = "--bind" if mount.access is Access.WRITE else "--ro-bind"
    return (option, str(mount.source), str(mount.path))
