"""Real git repositories for tests, and workspaces on them; nothing of the machine's git configuration counts."""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from journeyman.sandbox.processes import ProcessRunner
from journeyman.workspace import Repository, Workspace, open_repository

RUN_ID = "20261123-154210-7k2m"


def user_env(home: Path) -> dict[str, str]:
    home.mkdir(parents=True, exist_ok=True)
    return {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}


@dataclass
class Checkout:
    """A user's checkout at ``root`` and a HOME of its own."""

    root: Path
    home: Path
    env: dict[str, str] = field(init=False)

    def __post_init__(self):
        self.env = user_env(self.home)

    def git(
        self, *arguments: str, cwd: Path | None = None, check: bool = True, stdin: bytes | None = None
    ) -> str:
        identity = (
            "-c",
            "user.name=Ada",
            "-c",
            "user.email=ada@example.invalid",
            "-c",
            "protocol.file.allow=always",
        )
        done = subprocess.run(  # noqa: PLW1510 - what failed is shown
            ("git", *identity, *arguments),
            cwd=cwd or self.root,
            env=self.env,
            capture_output=True,
            input=stdin,
        )
        assert not check or done.returncode == 0, done.stderr
        return os.fsdecode(done.stdout).strip("\n")

    def write(self, name: str, content: str | bytes = "x\n", cwd: Path | None = None) -> Path:
        path = (cwd or self.root) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def commit(self, message: str = "c") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def state(self) -> dict[str, object]:
        """Everything of the user's that a run must leave alone."""
        git_dir = Path(self.git("rev-parse", "--absolute-git-dir"))
        return {
            "index": hashlib.sha256((git_dir / "index").read_bytes()).hexdigest(),
            "head": (git_dir / "HEAD").read_text(),
            "status": self.git(
                "--no-optional-locks", "status", "--porcelain=v2", "-z", "--ignored", "--branch"
            ),
            "reflog": self.git("reflog", check=False),
            "stash": self.git("stash", "list"),
            "branches": [
                line
                for line in self.git("for-each-ref").splitlines()
                if "refs/journeyman/" not in line and "refs/heads/journeyman/" not in line
            ],
            "files": {
                str(path): path.read_bytes()
                for path in sorted(self.root.rglob("*"))
                if path.is_file() and not path.is_symlink() and ".git" not in path.parts
            },
            "config": self.git("config", "--list", "--local"),
        }

    async def repository(self, path: Path | None = None) -> Repository:
        return await open_repository(path or self.root, ProcessRunner(), self.env)

    async def workspace(
        self, path: Path | None = None, run_id: str = RUN_ID, litter: tuple[str, ...] = ()
    ) -> Workspace:
        repository = await self.repository(path)
        return Workspace(
            repository,
            runner=ProcessRunner(),
            env=self.env,
            run_id=run_id,
            title="Fix the off-by-one",
            base_commit=repository.head,
            cache_root=self.cache,
            state_dir=self.home / "state" / run_id,
            litter=litter,
        )

    @property
    def cache(self) -> Path:
        return self.home / ".cache" / "journeyman"


def make_checkout(tmp_path: Path, *init: str, name: str = "repo") -> Checkout:
    """A repository with one commit of ``a.txt`` and ``src/b.py``."""
    checkout = Checkout(tmp_path / name, tmp_path / "home")
    checkout.root.mkdir()
    checkout.git("init", "-q", "-b", "main", *init)
    checkout.write("a.txt", "one\n")
    checkout.write("src/b.py", "b = 1\n")
    checkout.commit("first")
    return checkout


def listing(root: Path) -> dict[str, bytes | str]:
    """Files and links below ``root``, without git's."""
    found: dict[str, bytes | str] = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name != ".git"]
        for name in (*files, *(name for name in folders if Path(folder, name).is_symlink())):
            path = Path(folder, name)
            key = str(path.relative_to(root))
            if key != ".git":
                found[key] = f"-> {path.readlink()}" if path.is_symlink() else path.read_bytes()
    return found
