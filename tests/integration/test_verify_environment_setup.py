"""The set-up command: once in each fresh tree, with its log kept, and never in the user's own environment."""

from __future__ import annotations

import sys

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Network
from journeyman.domain.settings import WorkspaceSettings
from journeyman.verify.setup_command import setup_environment
from tests.support.linked_checkout import CountingRunner, LinkedCheckout

COUNT = WorkspaceSettings(setup="echo run >> ../count; echo installing; echo done >&2")


def count(checkout: LinkedCheckout) -> int:
    return len((checkout.tree.parent / "count").read_text().splitlines())


def test_it_runs_once_in_a_tree(tmp_path):
    checkout = LinkedCheckout(tmp_path, {"a.txt": ""})
    first = checkout.prepare(settings=COUNT)
    again = checkout.prepare(settings=COUNT)
    assert count(checkout) == 1
    assert first.proofs[0].startswith("set up with: echo run")
    assert again.proofs[0].startswith("set up earlier with: echo run")
    assert first.setup_digest == again.setup_digest != ""
    assert "installing" in (checkout.logs / "setup.log").read_text()
    assert checkout.git("status", "--porcelain", cwd=checkout.tree) == ""


def test_another_command_or_another_tree_of_the_name_runs_it_again(tmp_path):
    checkout = LinkedCheckout(tmp_path, {"a.txt": ""})
    checkout.prepare(settings=COUNT)
    checkout.prepare(settings=WorkspaceSettings(setup=f"{COUNT.setup} # changed"))
    assert count(checkout) == 2
    checkout.git("worktree", "remove", "--force", str(checkout.tree))
    checkout.worktree("verify")
    checkout.prepare(settings=WorkspaceSettings(setup=f"{COUNT.setup} # changed"))
    assert count(checkout) == 3


def test_it_runs_again_when_what_it_made_was_cleaned_away(tmp_path):
    checkout = LinkedCheckout(tmp_path, {"src/a.txt": "", ".gitignore": "*.so\n.venv\n__pycache__\n"})
    building = "mkdir -p .venv/lib src/__pycache__; touch .venv/lib/x src/fast.so"
    settings = WorkspaceSettings(setup=f"{COUNT.setup}; {building}")
    checkout.prepare(settings=settings)
    checkout.prepare(settings=settings)
    assert count(checkout) == 1
    checkout.git("clean", "-fdxq", "-e", "*.so", "-e", ".venv", cwd=checkout.tree)
    checkout.prepare(settings=settings)
    assert count(checkout) == 1
    checkout.git("clean", "-fdxq", "-e", ".venv", cwd=checkout.tree)
    checkout.prepare(settings=settings)
    assert count(checkout) == 2
    assert (checkout.tree / "src/fast.so").exists()
    checkout.git("clean", "-fdxq", "-e", "*.so", cwd=checkout.tree)
    checkout.prepare(settings=settings)
    assert count(checkout) == 3


def test_links_of_an_earlier_run_are_taken_back_before_it_runs(tmp_path):
    checkout = LinkedCheckout(tmp_path, {"a.txt": ""})
    site = checkout.venv()
    checkout.prepare()
    assert (checkout.tree / ".venv/lib").is_symlink()
    checkout.prepare(settings=WorkspaceSettings(setup="mkdir -p .venv/lib && touch .venv/lib/mine"))
    assert (checkout.tree / ".venv/lib/mine").exists()
    assert not (checkout.root / ".venv/lib/mine").exists()
    assert site.is_dir()


def test_it_is_confined_to_the_tree_with_network(tmp_path):
    checkout = LinkedCheckout(tmp_path, {"a.txt": ""})
    runner = CountingRunner()
    checkout.prepare(runner, WorkspaceSettings(setup=("true", "it"), setup_timeout_s=7))
    (command,) = runner.ran
    assert command.argv == ("true", "it")
    assert (command.cwd, command.timeout_s) == (checkout.tree, 7)
    assert command.confinement is not None
    assert command.confinement.writable == (checkout.tree,)
    assert command.confinement.network is Network.ON


def test_a_failure_tells_the_end_of_the_output_and_is_not_remembered(tmp_path):
    checkout = LinkedCheckout(tmp_path, {"a.txt": ""})
    failing = WorkspaceSettings(setup="seq 50; echo 'no such package: leftpad' >&2; exit 3")
    for _ in range(2):
        with pytest.raises(JourneymanError) as caught:
            checkout.prepare(settings=failing)
        assert caught.value.code == "setup-failed"
        assert "ended with exit code 3" in caught.value.message
        assert caught.value.facts[-2] == "no such package: leftpad"
        assert str(checkout.logs / "setup.log") in caught.value.facts[-1]


def test_a_time_out_is_told(tmp_path):
    checkout = LinkedCheckout(tmp_path, {"a.txt": ""})
    slow = WorkspaceSettings(setup="sleep 60", setup_timeout_s=0.3)
    with pytest.raises(JourneymanError, match=r"did not finish in 0\.3 s"):
        checkout.prepare(settings=slow)


def test_what_it_installs_is_used_in_place_of_the_users(tmp_path):
    checkout = LinkedCheckout(tmp_path, {"src/demo/__init__.py": "", "setup.py": "", ".gitignore": ".venv\n"})
    checkout.venv()
    environment = checkout.prepare(
        settings=WorkspaceSettings(setup=f"{sys.executable} -m venv --without-pip .venv")
    )
    assert not (checkout.tree / ".venv/lib").is_symlink()
    assert environment.env["VIRTUAL_ENV"] == f"{checkout.tree}/.venv"
    assert "UV_NO_SYNC" not in environment.env
    assert "demo is imported from src/demo/__init__.py of this tree by .venv/bin/python" in environment.proofs


def test_its_environment_does_not_lead_into_the_checkout(tmp_path):
    checkout = tmp_path / "project"
    env = {
        "PATH": f"{checkout}/.venv/bin:/usr/bin",
        "VIRTUAL_ENV": f"{checkout}/.venv",
        "PYTHONPATH": f"{checkout}/src",
        "HOME": "/home/me",
    }
    assert setup_environment(env, checkout) == {"PATH": "/usr/bin", "PYTHONPATH": "", "HOME": "/home/me"}
