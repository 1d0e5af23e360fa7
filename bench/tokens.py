"""The estimate of tokens against published encodings.

``python bench/tokens.py --node-modules FOLDER FILE…``: FOLDER is where ``npm install gpt-tokenizer`` put it.
Each file is numbered as in a pack; told are its tokens by two encodings and by the estimate, and their ratio.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from journeyman.context.pack.tokens import raw_tokens

COUNT = """
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
const kinds = ["cl100k_base", "o200k_base"].map(name => require("gpt-tokenizer/encoding/" + name));
const options = { disallowedSpecial: new Set() };
console.log(JSON.stringify(texts.map(text => kinds.map(kind => kind.encode(text, options).length))));
"""


def numbered(path: Path) -> str:
    lines = path.read_text("utf-8", "replace").splitlines()
    return f"{path.name} (whole)\n" + "\n".join(f"{number}|{line}" for number, line in enumerate(lines, 1))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--node-modules", type=Path, required=True)
    parser.add_argument("files", type=Path, nargs="+")
    options = parser.parse_args()
    texts = [numbered(path) for path in options.files]
    done = subprocess.run(
        ("node", "-e", COUNT),
        cwd=options.node_modules,
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    ratios = []
    for path, text, counts in zip(options.files, texts, json.loads(done.stdout), strict=True):
        estimate = raw_tokens(text)
        ratios.append(estimate / max(counts))
        print(f"{path}: {counts[0]} {counts[1]}, estimated {estimate:.0f} ({ratios[-1]:.2f})")
    print(f"estimated / counted: median {statistics.median(ratios):.3f}, least {min(ratios):.3f}")


if __name__ == "__main__":
    main()
