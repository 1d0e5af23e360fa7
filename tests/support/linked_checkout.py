"""A user's checkout with a worktree beside it, for tests of what the worktree's checks get to see."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from journeyman.domain.process import Command, CommandResult, CommandRunner, Confinement, OnLine
from journeyman.domain.settings import WorkspaceSettings
from journeyman.verify.environment import CheckEnvironment, prepare_environment
from tests.support.plain_runner import PlainRunner


class CountingRunner(PlainRunner):
    """A plain runner that remembers what it ran."""

    def __init__(self) -> None:
        self.ran: list[Command] = []

    async def run(self, command: Command, on_line: OnLine | None = None) -> CommandResult:
        self.ran.append(command)
        return await super().run(command, on_line)


class LinkedCheckout:
    """``root`` is the user's, ``tree`` a fresh worktree of its HEAD."""

    def __init__(self, folder: Path, files: dict[str, str]) -> None:
        self.folder = folder
        self.root = folder / "home/user/project"
        self.logs = folder / "logs"
        self.env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder / "home/user")}
        self.root.mkdir(parents=True)
        self.logs.mkdir()
        self.git("init", "--quiet")
        self.write(self.root, files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "start")
        self.tree = self.worktree("verify")

    @property
    def git_dir(self) -> Path:
        return self.root / ".git"

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        env = {**self.env, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
        command = ("git", "-c", "user.name=T", "-c", "user.email=t@example.org", *arguments)
        return subprocess.run(
            command, cwd=cwd or self.root, env=env, check=True, capture_output=True, text=True
        ).stdout

    def worktree(self, name: str) -> Path:
        tree = self.folder / "cache" / name
        self.git("worktree", "add", "--quiet", "--detach", str(tree))
        return tree

    def write(self, base: Path, files: dict[str, str]) -> None:
        for name, text in files.items():
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            (base / name).write_text(text)

    def venv(self, name: str = ".venv") -> Path:
        """A real virtual environment in the user's checkout; its site-packages."""
        folder = self.root / name
        command = (sys.executable, "-m", "venv", "--without-pip", str(folder))
        subprocess.run(command, check=True, capture_output=True)
        (site,) = folder.glob("lib/python3*/site-packages")
        return site

    def script(self, name: str, text: str, venv: str = ".venv") -> Path:
        """A console script of the environment, as pip writes them."""
        path = self.root / venv / "bin" / name
        path.write_text(f"#!{self.root / venv}/bin/python\n{text}\n")
        path.chmod(0o755)
        return path

    def prepare(
        self,
        runner: CommandRunner | None = None,
        settings: WorkspaceSettings | None = None,
        tree: Path | None = None,
        **env: str,
    ) -> CheckEnvironment:
        work = prepare_environment(
            tree or self.tree,
            self.root,
            settings or WorkspaceSettings(),
            {**self.env, **env},
            runner or PlainRunner(),
            git_common_dir=self.git_dir,
            log_dir=self.logs,
        )
        return asyncio.run(work)

    def check(self, environment: CheckEnvironment, *argv: str, runner: CommandRunner | None = None) -> str:
        """What a check prints when run the way checks are."""
        command = Command(
            argv=argv,
            cwd=environment.tree,
            env=environment.env,
            timeout_s=60,
            confinement=Confinement(writable=(environment.tree,), readable=environment.readable),
        )
        result = asyncio.run((runner or PlainRunner()).run(command))
        assert result.ok, result.text
        return result.stdout.decode().strip()

    def node_package(self, folder: str) -> None:
        """An installed package in the checkout, with an index.js that names its place."""
        name = folder.rsplit("node_modules/", 1)[-1]
        text = f"module.exports = {{name: {json.dumps(name)}, file: __filename}}\n"
        self.write(
            self.root, {f"{folder}/package.json": json.dumps({"name": name}), f"{folder}/index.js": text}
        )

    def node_link(self, link: str, target: str) -> None:
        """A symlink in the checkout, as npm makes them for workspaces: relative."""
        path = self.root / link
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(os.path.relpath(self.root / target, path.parent))
