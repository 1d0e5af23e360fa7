"""``python -m bench.simmodel --session FILE``: serve until told to stop."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from bench.simmodel.server import SimModel
from journeyman.domain.errors import JourneymanError


def main() -> int:
    """Print the base URLs as one JSON line on stdout, and serve."""
    options = _parser().parse_args()
    try:
        sim = SimModel(
            Path(options.session),
            port=options.port,
            ttft_s=options.ttft,
            tokens_per_s=options.tokens_per_s,
            time_scale=options.time_scale,
            faults=options.fault,
            log=options.log,
            cache_minimum_tokens=options.cache_min,
        )
    except (JourneymanError, ValueError, OSError) as error:
        print(f"simmodel: {error}", file=sys.stderr)
        return 2
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with sim:
        print(json.dumps({"url": sim.url, "openai": f"{sim.url}/v1", "pid": os.getpid()}), flush=True)
        stop.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.simmodel", description=__doc__)
    parser.add_argument("--session", required=True, help="what the model knows: a YAML or JSON file")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--ttft", type=float, default=0.0, help="seconds to the first token")
    parser.add_argument("--tokens-per-s", type=float, default=0.0, help="0: no limit")
    parser.add_argument("--time-scale", type=float, default=1.0, help="times all waiting")
    parser.add_argument(
        "--fault", nargs="+", action="extend", default=[], help="NAME[:SECONDS][@N[xK|+]], for example 429@2"
    )
    parser.add_argument("--log", type=Path, help="a file for one JSON line a request")
    parser.add_argument("--cache-min", type=int, default=0, help="prefixes of fewer tokens are not cached")
    return parser


if __name__ == "__main__":
    sys.exit(main())
