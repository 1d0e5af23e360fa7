"""Stops by a worker: programs of every kind that fail in every way."""

from __future__ import annotations

import json
import sys

from tests.support.project import CHECKS
from tests.support.stops import Stage, stops_with

ONCE = "[autonomy]\ntransient_retries = 0\n"


def program(stage: Stage, *command: str, more: str = "", kind: str = "command") -> None:
    """Configures the worker ``w`` and lets it do the task."""
    table = f"[workers.w]\ntype = '{kind}'\ncommand = {json.dumps(command)}\n{more}"
    stage.project.write({"journeyman.toml": CHECKS + ONCE + table})
    stage.project.commit("a worker")
    stage.run(worker="w")


def coding_cli(stage: Stage, script: str, more: str = "") -> None:
    """The same with a coding CLI, played by a program that prints what the real one does."""
    start = "import json, os, sys, time\ndef say(**event): print(json.dumps(event), flush=True)\n"
    start += "if '--version' in sys.argv: print('1.0 (played)'); sys.exit()\n"
    init = "say(type='system', subtype='init', session_id='sess-1')\n"
    stage.known["python"] = sys.executable
    program(stage, sys.executable, "-c", start + init + script, more=more, kind="claude_code")


def said(text: str) -> str:
    """The end of a call that came to nothing."""
    return f"say(type='result', is_error=True, terminal_reason='completed', num_turns=1, result={text!r})\n"


@stops_with("worker-failed")
def _(stage: Stage) -> None:
    program(stage, "sh", "-c", "echo precious > new.txt; echo told you >&2; exit 3")


@stops_with("worker-missing")
def _(stage: Stage) -> None:
    program(stage, "no-such-agent", "{prompt_file}")


@stops_with("worker-timeout")
def _(stage: Stage) -> None:
    program(stage, "sh", "-c", "echo precious > new.txt; exec sleep 60", more="timeout_s = 0.5\n")


@stops_with("worker-crashed")
def _(stage: Stage) -> None:
    program(stage, "sh", "-c", "echo half > c.txt; kill -9 $$")


@stops_with("worker-silent")
def _(stage: Stage) -> None:
    coding_cli(stage, "time.sleep(60)\n", more="silence_s = 1\n")


@stops_with("worker-unauthorized")
def _(stage: Stage) -> None:
    coding_cli(stage, said("Invalid API key · Please run /login"))


@stops_with("worker-quota")
def _(stage: Stage) -> None:
    coding_cli(stage, said("You've hit your usage limit"))


@stops_with("worker-network")
def _(stage: Stage) -> None:
    coding_cli(stage, said("API Error: Unable to connect to API (ECONNREFUSED)"))


@stops_with("worker-garbled")
def _(stage: Stage) -> None:
    coding_cli(stage, "print('<html>'); print('no JSON')\n")


@stops_with("no-worker")
def _(stage: Stage) -> None:
    stage.refused("run", "Add a feature that needs thinking")
