"""``make demo-agent``: the demo, its second task by the built-in agent over a simulated model on loopback."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.simmodel import SimModel
from journeyman.cli.console import print_error
from journeyman.cli.demo import BugWorker, work_demo
from journeyman.domain.errors import JourneymanError
from journeyman.domain.stops import stop_reason

SESSION = Path(__file__).with_name("demo_session.yaml")
"""What the model knows of the second task."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.demo_agent", description=__doc__)
    parser.add_argument("--directory", type=Path, help="where to make the repository; default: a temp folder")
    directory = parser.parse_args().directory
    with SimModel(SESSION) as server:
        worker = BugWorker(
            "by the built-in agent; its model is simulated, on loopback",
            ("--worker", "agent", "--model", "openai:simulated"),
            {"OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": "none"},
        )
        try:
            return work_demo(directory, worker)
        except JourneymanError as error:
            print_error(error)
            return stop_reason(error.code).exit_code


if __name__ == "__main__":
    sys.exit(main())
