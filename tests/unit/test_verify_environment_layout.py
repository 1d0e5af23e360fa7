"""Where a tree's importable packages are, from its configuration and from its folders."""

from __future__ import annotations

import pytest

from journeyman.verify.programs import script_interpreter
from journeyman.verify.python_layout import find_import_roots

LAYOUTS: dict[str, tuple[dict[str, str], dict[str, tuple[str, ...]]]] = {
    "src": ({"src/demo/__init__.py": "", "src/single.py": ""}, {"src": ("demo", "single")}),
    "src beside a root package": (
        {"src/demo/__init__.py": "", "helpers/__init__.py": ""},
        {"src": ("demo",)},
    ),
    "flat": (
        {"demo/__init__.py": "", "tests/__init__.py": "", "docs/conf.py": "", "setup.py": ""},
        {"": ("demo",)},
    ),
    "no package": ({"README.md": "", "script.py": ""}, {}),
    "one module": ({"my_tool.py": "", "pyproject.toml": '[project]\nname = "my-tool"'}, {"": ("my_tool",)}),
    "py-modules": (
        {"six.py": "", "other.py": "", "setup.cfg": "[options]\npy_modules = six\n"},
        {"": ("six",)},
    ),
    "setuptools where": (
        {"lib/demo/__init__.py": "", "pyproject.toml": '[tool.setuptools.packages.find]\nwhere = ["lib"]'},
        {"lib": ("demo",)},
    ),
    "package_dir in setup.cfg": (
        {"lib/demo/__init__.py": "", "setup.cfg": "[options]\npackage_dir =\n    = lib\n"},
        {"lib": ("demo",)},
    ),
    "package_dir in setup.py": (
        {"lib/demo/__init__.py": "", "setup.py": 'setup(package_dir={"": "lib"})'},
        {"lib": ("demo",)},
    ),
    "poetry from": (
        {
            "python/demo/__init__.py": "",
            "pyproject.toml": '[tool.poetry]\npackages = [{include = "demo", from = "python"}]',
        },
        {"python": ("demo",)},
    ),
    "hatch packages": (
        {
            "code/demo/__init__.py": "",
            "pyproject.toml": '[tool.hatch.build.targets.wheel]\npackages = ["code/demo"]',
        },
        {"code": ("demo",)},
    ),
    "namespace package": (
        {"src/corp/billing/__init__.py": "", "src/corp/util.py": ""},
        {"src": ("corp.billing", "corp.util")},
    ),
    "a root that leaves the tree": (
        {"demo/__init__.py": "", "pyproject.toml": '[tool.setuptools.packages.find]\nwhere = ["../x"]'},
        {"": ("demo",)},
    ),
    "a package named like a helper folder": (
        {"testing/__init__.py": "", "pyproject.toml": '[project]\nname = "testing"'},
        {"": ("testing",)},
    ),
}


@pytest.mark.parametrize("case", LAYOUTS)
def test_import_roots(tmp_path, case):
    files, expected = LAYOUTS[case]
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert {root.folder: root.names for root in find_import_roots(tmp_path)} == expected


def test_a_root_that_would_hide_the_standard_library(tmp_path):
    for name in ("demo/__init__.py", "types.py", "logging/__init__.py", "json/data.txt", "test/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (root,) = find_import_roots(tmp_path)
    assert root.clashes(tmp_path) == ("logging", "types")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("#!/opt/venv/bin/python3.12\n", "/opt/venv/bin/python3.12"),
        ("#!/opt/venv/bin/python -I\n", "/opt/venv/bin/python"),
        ("#!/bin/sh\n'''exec' /long/path/bin/python3 \"$0\" \"$@\"\n' '''\n", "/long/path/bin/python3"),
        ("#!/bin/sh\n'''exec' \"/with space/bin/python\" \"$0\" \"$@\"\n' '''\n", "/with space/bin/python"),
        ("#!/usr/bin/env bash\n", None),
        ("#!/bin/sh\nexec foo\n", None),
        ("\x7fELF", None),
        ("", None),
        ("#!\n", None),
    ],
)
def test_the_python_behind_a_console_script(tmp_path, head, expected):
    script = tmp_path / "pytest"
    script.write_text(head)
    found = script_interpreter(script, "/nowhere")
    assert (str(found) if found else None) == expected


def test_a_python_relative_to_its_script(tmp_path):
    script = tmp_path / "pytest"
    script.write_text(
        "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n' '''\n"
    )
    assert script_interpreter(script, "/nowhere") == tmp_path / "python"
