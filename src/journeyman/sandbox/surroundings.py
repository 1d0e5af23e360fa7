"""Looks at the machine on behalf of the sandbox: what is to be hidden, and which tools must stay in sight."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, Confinement, Network, is_within

HIDDEN = ("/tmp", "/var/tmp", "/run", "/var/run")  # noqa: S108 - these are hidden, not written
SECRETS = tuple(
    """
    .ssh .gnupg .aws .azure .config .docker .kube .netrc .git-credentials .npmrc .pypirc .vault-token
    .password-store .terraform.d .mozilla .local/share/keyrings .cargo/credentials .cargo/credentials.toml
    .gem/credentials .m2/settings.xml .m2/settings-security.xml .gradle/gradle.properties
    """.split()  # noqa: SIM905 - words read better than quotes and commas
)
"""Below HOME: never shown because of a tool, and covered where a tool's folder contains them."""
_TOOL_DATA = (".rustup", "go/pkg/mod", ".m2/repository", ".local/lib", ".cache/ms-playwright")
"""What tools need below HOME that no PATH entry leads to."""
_PROGRAM_FOLDERS = frozenset({"bin", "sbin", "shims", ".bin", "condabin", "Scripts"})
"""Names of PATH entries whose parent is the tool's own folder; of any other, only the entry is shown."""
_SYSTEM_FOLDERS = frozenset(map(Path, ("/bin", "/sbin", "/usr/bin", "/usr/sbin")))
_NEVER_WRITABLE = tuple(map(Path, ("/dev", "/proc", "/sys")))
_MAX_LINKS = 40


@dataclass(frozen=True)
class Place:
    """An existing path as it is called and where it really is. Both absolute."""

    path: Path
    real: Path


@dataclass(frozen=True)
class Secret:
    """A path to cover."""

    path: Path
    is_dir: bool


@dataclass(frozen=True)
class MountFacts:
    """All that has to be known of the file system to lay out the mounts of one command."""

    hidden: tuple[Path, ...]
    tools: tuple[Place, ...]
    secrets: tuple[Secret, ...]
    readable: tuple[Place, ...]
    writable: tuple[Place, ...]
    protected: frozenset[Path] = frozenset()
    """The ``.git`` entries directly in a writable place."""


class Names:
    """Hidden places by their real path, and paths below them spelled so."""

    def __init__(self, home: Path) -> None:
        self.home = _real(home)
        spelled = [Path(name) for name in HIDDEN] + [home]
        self._real = {path: _real(path) for path in spelled if _is_dir(path) and _real(path) != Path("/")}
        self.hidden = tuple(dict.fromkeys(self._real.values()))
        self._secrets = tuple(self.home / name for name in SECRETS)
        local = self.home / ".local"
        self._crowded = {*self.hidden, local, local / "share", self.home / ".cache"}

    def spell(self, path: Path) -> Path:
        """The path with a hidden place's name replaced by where that really is."""
        path = Path(os.path.normpath(path))
        for name, real in self._real.items():
            if is_within(path, name):
                return real / path.relative_to(name)
        return path

    def place(self, path: Path) -> Place:
        """The path as a place."""
        return Place(self.spell(path), _real(path))

    def hides(self, path: Path) -> bool:
        """Whether the path is a hidden place or below one."""
        return any(is_within(path, hidden) for hidden in self.hidden)

    def shared(self, path: Path) -> bool:
        """Whether the path holds far more than one tool, so that it is never shown as a whole."""
        return path in self._crowded or path.parent == Path("/run/user") or is_within(self.home, path)

    def secret(self, path: Path) -> bool:
        """Whether the path is a secret or below one."""
        return any(is_within(path, secret) for secret in self._secrets)


def survey_mounts(command: Command, confinement: Confinement, home: Path) -> MountFacts:
    """Looks up everything the command's mounts depend on.

    A ``readable`` path that does not exist is left out. Raises JourneymanError("not-writable") for a
    ``writable`` one that does not exist or that no sandbox can hand out.
    """
    names = Names(home)
    writable = tuple(_writable(names, path) for path in confinement.writable)
    readable = [names.place(path) for path in confinement.readable if _exists(path)]
    if confinement.network is Network.ON:
        readable += _resolver(names)
    search = [Path(entry) for entry in command.env.get("PATH", "").split(os.pathsep)]
    search += [place.path / "bin" for place in readable]
    return MountFacts(
        hidden=names.hidden,
        tools=tuple(tool_places(search, names, writable)),
        secrets=tuple(_secrets(names)),
        readable=tuple(readable),
        writable=writable,
        protected=frozenset(_git_entries(writable)),
    )


def tool_places(search: list[Path], names: Names, writable: tuple[Place, ...]) -> list[Place]:
    """The folders in hidden places that the programs in ``search`` need: their own, and where links lead.

    Folders that the sandbox may write are not followed: a link planted there must not widen the view.
    """
    found: dict[Path, Place] = {}
    seen: set[Path] = set()
    todo = [folder for folder in search if folder.is_absolute()]
    while todo:
        called = todo.pop()
        if called in seen:
            continue
        seen.add(called)
        folder = names.place(called)
        own = any(is_within(folder.real, place.real) for place in writable)
        if own or not _is_dir(folder.real):
            continue
        for path in (folder.path, folder.real):
            root = _tool_root(path, names)
            if root is not None:
                found.setdefault(root, names.place(root))
        if folder.path not in _SYSTEM_FOLDERS and folder.real not in _SYSTEM_FOLDERS:
            todo += _folders_behind_links(folder.path, names)
    for name in _TOOL_DATA:
        if _is_dir(names.home / name) and names.hides(names.home):
            found.setdefault(names.home / name, names.place(names.home / name))
    return list(found.values())


def _tool_root(folder: Path, names: Names) -> Path | None:
    if not names.hides(folder) or names.shared(folder) or names.secret(folder):
        return None
    if folder.name in _PROGRAM_FOLDERS and not names.shared(folder.parent):
        return folder.parent
    return folder


def _folders_behind_links(folder: Path, names: Names) -> Iterator[Path]:
    try:
        links = [Path(entry.path) for entry in os.scandir(folder) if entry.is_symlink()]
    except OSError:
        return
    for link in links:
        for target in _hops(link):
            if names.hides(names.spell(target)):
                yield target.parent


def _hops(link: Path) -> Iterator[Path]:
    """Each path that a chain of links passes through: a venv's python often takes three."""
    for _ in range(_MAX_LINKS):
        if not link.is_symlink():
            break
        link = Path(os.path.normpath(link.parent / link.readlink()))
        yield link
    yield _real(link)


def _writable(names: Names, path: Path) -> Place:
    place = names.place(path)
    if not _exists(place.real):
        raise JourneymanError("not-writable", f"{path} is to be written in the sandbox, but does not exist")
    if place.real == Path("/") or any(is_within(place.real, never) for never in _NEVER_WRITABLE):
        raise JourneymanError("not-writable", f"{path} cannot be made writable in a sandbox")
    return place


def _resolver(names: Names) -> list[Place]:
    file = _real(Path("/etc/resolv.conf"))
    return [Place(file, file)] if names.hides(file) and file.is_file() else []


def _secrets(names: Names) -> Iterator[Secret]:
    for name in SECRETS:
        path = _real(names.home / name)
        if _exists(path):
            yield Secret(path, _is_dir(path))


def _git_entries(writable: tuple[Place, ...]) -> Iterator[Path]:
    for place in writable:
        entry = place.real / ".git"
        if _exists(entry) and not entry.is_symlink():
            yield entry


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _exists(path: Path) -> bool:
    return os.access(path, os.F_OK)  # False, not an error, below a folder that we may not search


def _is_dir(path: Path) -> bool:
    return _exists(path) and path.is_dir()
