"""A stop as a person meets it: what they typed, what they read, and what each pasted command then does."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Any

from journeyman.domain.stops import STOP_REASONS, is_command
from tests.support.jm import shim
from tests.support.project import Answer, Project, write

UNCONFINED = "programs run with all your rights: your files, your home and the network are open to them"
TEXTS = Path(__file__).parents[1] / "acceptance" / "stops" / "texts"
RECORD = "JM_RECORD_STOPS"
"""Set, the tests write the transcripts instead of comparing with them: read what comes of it."""
JSON = ("--output-format", "json")
CASES: dict[str, Callable[[Stage], None]] = {}


def stops_with(code: str) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
    """Registers the way to provoke a code."""

    def register(case: Callable[[Stage], None]) -> Callable[[Stage], None]:
        assert code not in CASES, f"{code} is provoked twice"
        CASES[code] = case
        return case

    return register


@dataclass
class Stage:
    """A repository, what the test knows of the run, and the transcript of what happened."""

    folder: Path
    project: Project
    env: dict[str, str]
    known: dict[str, str] = field(default_factory=dict)
    code: str | None = None
    exit_code: int | None = None
    before_pasting: Callable[[], object] = lambda: None
    """Mends what stood in the way, as a person does before trying again."""
    transcript: list[str] = field(default_factory=list)

    def start_over(self, files: dict[str, str]) -> Project:
        """Another repository instead of the usual one."""
        shutil.rmtree(self.project.root)
        self.project = Project(self.project.root, files)
        return self.project

    def replay(self, *attempts: dict[str, Any], **more: Any) -> str:
        """A worker that plays these attempts."""
        return self.project.session(list(attempts), **more)

    def edits(self, path: str, text: str) -> str:
        """A worker that writes one file."""
        return self.replay({"edits": [write(path, text)]})

    def install(self, program: str) -> None:
        """Put a program that does nothing on the PATH of whoever pastes."""
        path = self.folder / "bin" / program
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)

    def jm(self, *arguments: str, **more: Any) -> Answer:
        """A command that is no part of the transcript."""
        return self.project.jm(*arguments, env=self.env, **more)

    def run(self, *flags: str, worker: str, task: str = "Do it") -> None:
        """``jm run`` that stops with a receipt."""
        self.ended(self.jm("run", task, "--worker", worker, *flags))

    def ended(self, answer: Answer) -> None:
        """A run that has stopped: its receipt is all of stdout."""
        assert "Traceback" not in answer.err, answer.err
        report = self.jm("report", "--json").json
        self.code, self.exit_code = report["stop_reason"], answer.code
        self.known["run"] = report["run_id"]
        for fact in report["facts"]:  # what the model's server called the request
            if fact.startswith("request "):
                self.known["request"] = fact.removeprefix("request ")
        self._told(answer.out, report["checks"], self.jm("report", "--decisions", "--json").json)
        self._paste_all(report["next_actions"])

    def refused(self, *arguments: str, cwd: Path | None = None, **env: str) -> None:
        """A command that stops before there is a run, or beside one; the words are on stderr."""
        if not {"--json", "json"} & set(arguments):
            arguments += JSON if arguments[0] in {"run", "resume"} else ("--json",)
        place = cwd or self.project.root
        answer = self.project.jm(*arguments, env={**self.env, **env}, cwd=place)
        self.refusal(answer, place, env)

    def refusal(self, answer: Answer, place: Path | None = None, env: dict[str, str] | None = None) -> None:
        """What such a command said."""
        assert "Traceback" not in answer.err, answer.err
        stop = answer.json
        self.code, self.exit_code = stop["stop_reason"], answer.code
        self._told(answer.err)
        self._paste_all(stop["next_actions"], place, env)

    def _told(self, text: str, checks: list[Any] = (), decisions: list[Any] = ()) -> None:  # type: ignore[assignment]
        lines = text.rstrip("\n").splitlines()
        for check in checks:
            shown = f"  {check['duration_s']:.1f} s"
            lines = [_timed(line, check["check"], shown) for line in lines]
        for decision in decisions:
            took = decision["inputs"].get("duration_s")
            if took is not None:
                ending = f"; {took:.1f} s"
                lines = [
                    line.removesuffix(ending) + "; {seconds}"
                    if "tried" in line and line.endswith(ending)
                    else line
                    for line in lines
                ]
        for cache in (Path(os.environ["HOME"]) / ".cache", self.folder / "cache"):
            for place in cache.glob("journeyman/worktrees/*"):  # named after the repository's path
                self.known["place"] = place.name
        self.transcript = [self._plain(line) for line in lines]

    def _plain(self, text: str) -> str:
        """The text with what differs from machine to machine under its name."""
        for name, value in sorted(self.known.items(), key=lambda item: -len(item[1])):
            text = text.replace(value, f"{{{name}}}")
        return text

    def _paste_all(
        self, commands: list[str], place: Path | None = None, env: dict[str, str] | None = None
    ) -> None:
        assert len(commands) <= 3, commands
        self.before_pasting()
        changing = [command for command in commands if not command.startswith(("jm report", "jm doctor"))]
        for command in commands:
            kept = self._keep() if command in changing[:-1] else None
            self._paste(command, place or self.project.root, {**self.env, **(env or {})})
            if kept is not None:
                self._bring_back(kept)

    def _paste(self, command: str, place: Path, env: dict[str, str]) -> None:
        """Run it as pasted into a shell there, with an answer on standard input for who reads one."""
        assert is_command(command), command
        done = subprocess.run(
            ("/bin/sh", "-c", command),
            cwd=place,
            env={**os.environ, **env, "PATH": f"{self.folder / 'bin'}:{env.get('PATH', os.environ['PATH'])}"},
            input=b"left\n",
            capture_output=True,
            timeout=120,
            check=False,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in out + err, f"{command}: {out}{err}"
        assert done.returncode in _documented(command), f"{command}: exit {done.returncode}: {out}{err}"
        assert not {"usage", "bad-"} & {err.split(":")[0]}, err
        self.transcript += [
            "",
            f"$ {self._plain(command)}",
            f"[exit {done.returncode}] {self._gist(command, out, err)}",
        ]

    def _gist(self, command: str, out: str, err: str) -> str:
        if command.startswith("jm doctor") and out:
            bad = [line for line in out.splitlines() if line.startswith("✗")]
            return self._plain(" / ".join(bad) or "all is well")
        if command == "jm status":
            return self._plain(" ".join(out.split()[:2]))
        shown = "\n".join(line for line in (out or err).splitlines() if line.strip())
        return self._plain(shown.splitlines()[0] if shown else "")

    def _keep(self) -> Path:
        kept = self.folder / "kept"
        for place in (self.project.root, Path(os.environ["HOME"])):
            shutil.copytree(place, kept / place.name, symlinks=True)
        return kept

    def _bring_back(self, kept: Path) -> None:
        for place in (self.project.root, Path(os.environ["HOME"])):
            shutil.rmtree(place)
            shutil.copytree(kept / place.name, place, symlinks=True)
        shutil.rmtree(kept)

    def compare(self, code: str) -> None:
        """That it was this stop, with exactly the recorded words."""
        reason = STOP_REASONS[code]
        assert (self.code, self.exit_code) == (code, reason.exit_code), self.transcript
        file, text = TEXTS / f"{code}.txt", "\n".join((*self.transcript, ""))
        if os.environ.get(RECORD):
            file.write_text(text)
        recorded = file.read_text()
        told = unified_diff(recorded.splitlines(), text.splitlines(), "recorded", "told", lineterm="")
        assert text == recorded, "\n".join(told)


def stage(folder: Path) -> Stage:
    """A stage with the usual small repository, ``jm`` on the PATH, and no sandbox: its words vary."""
    project = Project(folder / "project")
    (folder / "bin").mkdir()
    shim(folder / "bin" / "jm")
    known = {"tmp": str(folder), "home": os.environ["HOME"], "unconfined": UNCONFINED}
    return Stage(folder, project, {"JOURNEYMAN_SANDBOX": "off"}, known)


def _timed(line: str, check: str, shown: str) -> str:
    is_its = line.strip()[2:].startswith(f"{check}  ") and line.endswith(shown)
    return line.removesuffix(shown) + "  {seconds}" if is_its else line


def _documented(command: str) -> frozenset[int]:
    """Exit codes with which a pasted command has worked: a resume may stop again, doctor may find a fault."""
    if command.startswith("jm resume"):
        return frozenset(reason.exit_code for reason in STOP_REASONS.values() if reason.exit_code != 70) | {0}
    return frozenset({0, 2}) if command.startswith("jm doctor") else frozenset({0})
