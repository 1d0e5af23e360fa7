"""The user's repository: where it is, what is checked out, and whether a run can start from it."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import CommandResult, CommandRunner
from journeyman.workspace.git import Git, failure
from journeyman.workspace.hardening import Settings, disarm, last_value, parse_config

STATE_FOLDER = ".journeyman"
FALLBACK_NAME, FALLBACK_EMAIL = "Journeyman", "journeyman@localhost"
_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_CRUD = " .,:;<>\"\\'\n\t"

# rev-parse repeats flags that it does not know, so these name what follows: a path may hold newlines.
_QUESTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("bare", ("--is-bare-repository",)),
    ("git_dir", ("--git-dir",)),
    ("common_dir", ("--git-common-dir",)),
    ("shallow", ("--is-shallow-repository",)),
    ("format", ("--show-object-format",)),
    ("inside", ("--is-inside-work-tree",)),
    ("root", ("--show-toplevel",)),
    ("head", ("HEAD^{commit}",)),
    ("branch", ("--symbolic-full-name", "HEAD")),
)


@dataclass(frozen=True)
class Repository:
    """A checkout that runs can start from."""

    root: Path
    """Root of the user's checkout."""
    git_dir: Path
    common_dir: Path
    """What all worktrees share; equal to ``git_dir`` in the main one."""
    state_root: Path
    """Root of the main worktree, where ``.journeyman/`` is kept; ``root`` when there is no telling."""
    head: str
    branch: str | None
    """Short name of the checked-out branch; ``None`` when HEAD is detached."""
    shallow: bool
    has_submodules: bool
    object_format: str
    """``sha1`` or ``sha256``."""
    config: Settings = field(default=(), repr=False)
    """Git's configuration as it counts here, read once."""

    @property
    def identity(self) -> tuple[str, str]:
        """Name and e-mail address for commits: the user's, or our own where git has none that will do."""
        name = last_value(self.config, "user.name") or ""
        email = last_value(self.config, "user.email") or ""
        return (
            name if name.strip(_CRUD) else FALLBACK_NAME,
            email if email.strip(_CRUD) else FALLBACK_EMAIL,
        )

    @property
    def lineage(self) -> str:
        """What all checkouts and clones have in common: where they came from, else the place."""
        origin = last_value(self.config, "remote.origin.url")
        if not origin:
            return str(self.common_dir.resolve())
        local = Path(origin.removeprefix("file://"))
        if not local.is_absolute() or not local.is_dir():
            return origin
        return str((local / ".git" if (local / ".git").is_dir() else local).resolve())


async def open_repository(path: Path, runner: CommandRunner, env: Mapping[str, str]) -> Repository:
    """The repository around ``path``.

    Raises JourneymanError("not-a-repository", "bare-repository", "no-commits", "git-missing",
    "tracked-state" or "git-failed").
    """
    _require_folder(path)
    git = Git(runner, path, env)
    questions = [word for name, flags in _QUESTIONS for word in (f"--jm-{name}", *flags)]
    told, config, tracked = await asyncio.gather(
        git.result("rev-parse", "--path-format=absolute", *questions),
        git.result("config", "--list", "-z"),
        _tracked_state(git),
    )
    answers = _answers(told, path)
    if not config.ok:
        raise failure(config)
    repository = _repository(answers, parse_config(config.stdout))
    if repository.state_root != repository.root:
        tracked = await _tracked_state(git.at(repository.state_root))
    if tracked:
        raise JourneymanError(
            "tracked-state",
            f"{STATE_FOLDER}/ is tracked by git, so what it holds may be anybody's",
            facts=(f"tracked: {os.fsencode(tracked).decode('utf-8', 'backslashreplace')}",),
            hint=f"git -C {shlex.quote(str(repository.state_root))} rm -r --cached {STATE_FOLDER}",
        )
    return repository


def repository_git(repository: Repository, runner: CommandRunner, env: Mapping[str, str]) -> Git:
    """Git on the repository itself: its refs and its list of worktrees, never its files."""
    return Git(
        runner,
        repository.common_dir,
        env,
        settings=disarm(repository.config),
        variables={"GIT_DIR": str(repository.common_dir)},
    )


def checkout_git(repository: Repository, runner: CommandRunner, env: Mapping[str, str]) -> Git:
    """Git in the user's checkout, to ask what it holds."""
    return repository_git(repository, runner, env).at(
        repository.root, variables={"GIT_DIR": str(repository.git_dir)}
    )


async def resolve_commit(
    repository: Repository, revision: str, runner: CommandRunner, env: Mapping[str, str]
) -> str:
    """The commit that ``revision`` names in the user's checkout. Raises JourneymanError("unknown-commit")."""
    git = checkout_git(repository, runner, env)
    found = await git.result("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if not found.ok or "\0" in revision:
        raise JourneymanError("unknown-commit", f"there is no commit {revision!r} in {repository.root}")
    return found.stdout.decode("ascii").strip()


async def create_repository(path: Path, runner: CommandRunner, env: Mapping[str, str]) -> None:
    """Make the folder ``path`` a repository whose first commit holds all its files."""
    git = Git(runner, path, env)
    await git.run("init", "--quiet", "--template=", "--initial-branch=main")
    config = parse_config(await git.run("config", "--list", "-z"))
    who = {}
    for role in ("AUTHOR", "COMMITTER"):
        who[f"GIT_{role}_NAME"] = last_value(config, "user.name") or FALLBACK_NAME
        who[f"GIT_{role}_EMAIL"] = last_value(config, "user.email") or FALLBACK_EMAIL
    await git.run("add", "--all")
    await git.run("commit", "--quiet", "--no-verify", "--message=Start", variables=who)


def _require_folder(path: Path) -> None:
    if not path.is_dir():
        what = "is not a folder" if path.exists() else "does not exist"
        raise JourneymanError("not-a-repository", f"{path} {what}")


async def _tracked_state(git: Git) -> str:
    """A tracked path of the state folder, or nothing; nothing also where there is no index."""
    listed = await git.result(
        "ls-files", "-z", "--full-name", f":(top){STATE_FOLDER}", variables={"GIT_LITERAL_PATHSPECS": "0"}
    )
    return os.fsdecode(listed.stdout.split(b"\0", 1)[0]) if listed.ok else ""


def _answers(told: CommandResult, path: Path) -> dict[str, str]:
    """What rev-parse said, by question; the errors that make a run impossible are raised here."""
    said, names = told.stdout, [name for name, _ in _QUESTIONS]
    if said.startswith(b"--path-format"):
        raise JourneymanError("git-missing", "this git is too old: 2.31 or newer is needed")
    answers: dict[str, str] = {}
    for name in reversed(names):
        said, mark, answer = said.rpartition(f"--jm-{name}\n".encode())
        if mark:
            answers[name] = os.fsdecode(answer.removesuffix(b"\n"))
        else:
            said = answer
    complaint = told.stderr.decode("utf-8", "backslashreplace")
    if "dubious ownership" in complaint or "unsafe repository" in complaint:
        raise _dubious(path)
    if "not a git repository" in complaint:
        raise JourneymanError("not-a-repository", f"{path} is not in a git repository")
    if answers.get("bare") == "true":
        raise JourneymanError(
            "bare-repository",
            f"{answers.get('git_dir', path)} is a bare repository: it has no files to work on",
            hint="run jm in a clone or a worktree of it",
        )
    if answers.get("inside") == "false":
        raise JourneymanError("not-a-repository", f"{path} is not inside the repository's work tree")
    if not told.ok:
        if answers.get("root") and not _OBJECT_ID.fullmatch(answers.get("head", "")):
            raise JourneymanError("no-commits", f"{answers['root']} has no commit to start from")
        raise failure(told)
    return answers


def _dubious(path: Path) -> JourneymanError:
    return JourneymanError(
        "git-failed",
        f"git does not trust {path}: the repository belongs to another user (dubious ownership)",
        facts=("a repository's configuration can run programs, so git asks before it reads a stranger's",),
        hint=f"git config --global --add safe.directory {shlex.quote(str(path.resolve()))}",
    )


def _repository(answers: Mapping[str, str], config: Settings) -> Repository:
    root, git_dir, common_dir = (Path(answers[key]) for key in ("root", "git_dir", "common_dir"))
    _refuse_strange_work_tree(root, git_dir)
    branch = answers["branch"]
    return Repository(
        root=root,
        git_dir=git_dir,
        common_dir=common_dir,
        state_root=_main_root(root, git_dir, common_dir, config),
        head=answers["head"],
        branch=branch.removeprefix("refs/heads/") if branch.startswith("refs/") else None,
        shallow=answers["shallow"] == "true",
        has_submodules=(root / ".gitmodules").exists() or (common_dir / "modules").is_dir(),
        object_format=answers["format"],
        config=config,
    )


def _refuse_strange_work_tree(root: Path, git_dir: Path) -> None:
    """``core.worktree`` may point anywhere, at a home folder even; a checkout points back at its git dir."""
    entry = root / ".git"
    target = entry
    if entry.is_file():
        text = os.fsdecode(entry.read_bytes()).removeprefix("gitdir:").strip()
        target = root / text
    if target.resolve() != git_dir.resolve():
        raise JourneymanError(
            "not-a-repository",
            f"the repository {git_dir} says that its work tree is {root}, which does not point back at it",
            hint=f"git --git-dir={shlex.quote(str(git_dir))} config --unset core.worktree",
        )


def _main_root(root: Path, git_dir: Path, common_dir: Path, config: Settings) -> Path:
    if git_dir == common_dir:
        return root
    own = last_value(config, "core.worktree")
    if own:
        return (common_dir / own).resolve()
    is_bare = last_value(config, "core.bare") == "true"
    return common_dir.parent if common_dir.name == ".git" and not is_bare else root
