"""What makes a cached result void: another tool, another package, another setting; not another place."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from journeyman.domain.checks import Check
from journeyman.domain.settings import WorkspaceSettings
from journeyman.verify.environment import CheckEnvironment
from journeyman.verify.fingerprint import environment_fingerprint
from tests.support.linked_checkout import LinkedCheckout

FILES = {"src/demo/__init__.py": "", "pyproject.toml": "[project]\nname = 'demo'\n"}
PYTEST = Check("tests", ("pytest", "-q"))


@pytest.fixture
def checkout(tmp_path: Path) -> LinkedCheckout:
    made = LinkedCheckout(tmp_path, FILES)
    made.venv()
    made.script("pytest", "pass")
    made.node_package("node_modules/dep")
    made.write(made.root, {"node_modules/.package-lock.json": "{}"})
    return made


def test_it_is_the_same_in_every_tree_of_a_checkout(checkout):
    other = checkout.worktree("base")
    for check in (PYTEST, Check("lint", "python -m demo && pytest || true"), Check("x", "make test")):
        here = environment_fingerprint(checkout.prepare(), check)
        assert here == environment_fingerprint(checkout.prepare(tree=other), check)
        assert here == environment_fingerprint(checkout.prepare(), check)


def test_an_environment_made_in_each_tree_is_the_same_too(tmp_path):
    checkout = LinkedCheckout(tmp_path, FILES)
    setup = WorkspaceSettings(setup="python3 -m venv --without-pip .venv")
    other = checkout.worktree("base")
    path = f"{Path(sys.executable).parent}:{checkout.env['PATH']}"
    check = Check("tests", "python -m unittest")
    environments = [checkout.prepare(settings=setup, tree=tree, PATH=path) for tree in (checkout.tree, other)]
    here, there = (environment_fingerprint(environment, check) for environment in environments)
    assert here == there
    (site,) = checkout.tree.glob(".venv/lib/python3*/site-packages")
    (site / "extra-2.dist-info").mkdir()
    assert environment_fingerprint(environments[0], check) != there


def site_of(checkout: LinkedCheckout) -> Path:
    (site,) = checkout.root.glob(".venv/lib/python3*/site-packages")
    return site


CHANGES: dict[str, Callable[[LinkedCheckout], object]] = {
    "the tool": lambda checkout: checkout.script("pytest", "pass  # another version"),
    "an installed package": lambda checkout: (site_of(checkout) / "extra-1.dist-info").mkdir(),
    "a path file": lambda checkout: (site_of(checkout) / "extra.pth").write_text("/opt/x\n"),
    "node's packages": lambda checkout: checkout.write(
        checkout.root, {"node_modules/.package-lock.json": '{"packages": {}}'}
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_it_changes_with(checkout, what):
    before = environment_fingerprint(checkout.prepare(), PYTEST)
    CHANGES[what](checkout)
    assert environment_fingerprint(checkout.prepare(), PYTEST) != before


def test_it_changes_with_settings_and_ignores_the_session(checkout):
    def changed(**env: str) -> str:
        return environment_fingerprint(checkout.prepare(**env), PYTEST)

    before = changed()
    assert changed(TZ="Asia/Tokyo") != before
    assert changed(PYTHONPATH="/opt/extra") != before
    assert changed(TERM="dumb", JOURNEYMAN_RUN="abc", SSH_TTY="/dev/pts/1") == before
    environment: CheckEnvironment = checkout.prepare()
    assert environment_fingerprint(replace(environment, setup_digest="x"), PYTEST) != before


def test_a_command_nobody_can_parse_is_no_error(checkout):
    environment = checkout.prepare()
    assert environment_fingerprint(environment, Check("x", "echo 'unbalanced"))
    assert environment_fingerprint(environment, Check("x", ("./script.sh",)))
