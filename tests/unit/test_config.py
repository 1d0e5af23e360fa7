from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from journeyman.config import Loaded, Surroundings, leaves, load_settings, schema
from journeyman.domain.checks import Check, Requirement, Tier
from journeyman.domain.errors import JourneymanError
from journeyman.domain.scope import LockfilePolicy


def load(root: Path, toml: str = "", *, environ: dict[str, str] | None = None, **layers: Any) -> Loaded:
    (root / "journeyman.toml").write_text(toml)
    surroundings = Surroundings(environ or {}, root, root / "cache", root / "user.toml")
    return load_settings(
        root, surroundings, flags=layers.get("flags", {}), detected=layers.get("detected", ())
    )


def test_layers_win_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "user.toml").write_text("[budget]\nminutes = 1\n[verify]\nrequire = 'green'\nslots = 7\n")
    loaded = load(
        tmp_path,
        "[budget]\nminutes = 2\n",
        environ={"JOURNEYMAN_BUDGET__MINUTES": "3", "JOURNEYMAN_RUN": "x"},
        flags={"scope": {"lockfiles": "allow"}},
        detected=(Check("lint", "ruff check ."),),
    )
    settings = loaded.settings
    assert settings.budget.minutes == 3
    assert settings.verify.require is Requirement.GREEN
    assert settings.scope.lockfiles is LockfilePolicy.ALLOW
    assert settings.checks == (Check("lint", "ruff check ."),)
    assert loaded.sources["budget.minutes"] == "environment"
    assert loaded.sources["scope.lockfiles"] == "flag"
    assert loaded.sources["verify.slots"].endswith("user.toml")
    assert loaded.sources["checks"] == "detected"


USER = """
[budget]
usd = 5
tokens = inf
minutes = 30
[workers.own]
type = "command"
max_turns = 3
[autonomy]
max_auto_iterations = 2
auto_create_tests = false
stop_conditions = ["uncertainty_high"]
[scope]
lockfiles = "ask"
protected = ["secrets/"]
[workspace]
canary = true
"""


@pytest.mark.parametrize(
    ("toml", "key", "value", "ignored"),
    [
        ("[budget]\nusd = 50\n", "budget.usd", 5, "budget.usd = 50, which is looser than your own 5"),
        ("[budget]\nusd = inf\n", "budget.usd", 5, "budget.usd = inf, which is looser than your own 5"),
        ("[budget]\nusd = 2\n", "budget.usd", 2, None),
        ("[budget]\ntokens = 9\n", "budget.tokens", 9, None),
        ("[budget]\nminutes = 30.5\n", "budget.minutes", 30, "budget.minutes = 30.5, which is looser"),
        ("[budget]\nrequests = 900\n", "budget.requests", 900, None),
        ("[autonomy]\nmax_auto_iterations = 9\n", "autonomy.max_auto_iterations", 2, "= 9, which is looser"),
        ("[autonomy]\nauto_create_tests = true\n", "autonomy.auto_create_tests", False, "= true, which"),
        (
            "[scope]\nlockfiles = 'allow'\n",
            "scope.lockfiles",
            "ask",
            '= "allow", which is looser than your own "ask"',
        ),
        ("[scope]\nlockfiles = 'deny'\n", "scope.lockfiles", "deny", None),
        (
            "[workspace]\ncanary = false\n",
            "workspace.canary",
            True,
            "= false, which is looser than your own true",
        ),
        ("[scope]\nprotected = ['docs/']\n", "scope.protected", ("secrets/", "docs/"), None),
        ("[autonomy]\nstop_conditions = []\n", "autonomy.stop_conditions", ("uncertainty_high",), None),
        ("[verify]\nrequire = 'no-new-failures'\n", "verify.require", "no-new-failures", None),
    ],
)
def test_a_repository_tightens_what_its_user_set_and_never_loosens_it(
    tmp_path: Path, toml: str, key: str, value: object, ignored: str | None
) -> None:
    (tmp_path / "user.toml").write_text(USER)
    loaded = load(tmp_path, toml)
    assert dict(leaves(loaded.settings))[key] == value
    assert (ignored is None) == (loaded.ignored == ())
    assert ignored is None or ignored in loaded.ignored[0]
    assert ignored is None or loaded.sources[key].endswith("user.toml")


def test_what_a_repository_may_not_loosen_its_user_may_by_flag_or_variable(tmp_path: Path) -> None:
    (tmp_path / "user.toml").write_text(USER)
    flags = {"budget": {"usd": 70}}
    loaded = load(tmp_path, "[budget]\nusd = 50\n", flags=flags, environ={"JOURNEYMAN_BUDGET__MINUTES": "90"})
    assert (loaded.settings.budget.usd, loaded.settings.budget.minutes) == (70, 90)


def test_limits_of_a_worker_are_its_users_too(tmp_path: Path) -> None:
    (tmp_path / "user.toml").write_text(USER)
    loaded = load(tmp_path, "[workers.own]\nmax_turns = 30\nmax_budget_usd = 3.0\n")
    worker = loaded.settings.workers["own"]
    assert (worker.max_turns, worker.max_budget_usd) == (3, 3.0)
    assert loaded.ignored == (
        "journeyman.toml says workers.own.max_turns = 30, which is looser than your own 3: yours holds",
    )


def test_a_limit_of_the_wrong_type_is_an_error_and_not_compared(tmp_path: Path) -> None:
    (tmp_path / "user.toml").write_text(USER)
    with pytest.raises(JourneymanError, match=r"budget\.usd in journeyman\.toml"):
        load(tmp_path, "[budget]\nusd = 'much'\n")


def test_configured_checks_replace_the_detected_ones(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        "[[checks]]\nname = 't'\nrun = ['make', 'test']\ntier = 2\n",
        detected=(Check("lint", "ruff"),),
    )
    assert loaded.settings.checks == (Check("t", ("make", "test"), Tier.FULL),)


def test_pyproject_can_hold_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.journeyman.budget]\nminutes = 9\n")
    surroundings = Surroundings({}, tmp_path, tmp_path, tmp_path / "user.toml")
    loaded = load_settings(tmp_path, surroundings, flags={}, detected=())
    assert loaded.settings.budget.minutes == 9


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[buget]\nminutes = 1\n", "unknown key 'buget' in journeyman.toml; did you mean 'budget'?"),
        (
            "[budget]\nminuts = 1\n",
            "unknown key 'budget.minuts' in journeyman.toml; did you mean 'budget.minutes'?",
        ),
        (
            "[[checks]]\nname='a'\nrun='b'\nfixx='c'\n",
            "unknown key 'checks.0.fixx' in journeyman.toml; did you mean 'checks.0.fix'?",
        ),
        (
            "[workers.w]\ntype='command'\ncomand=[]\n",
            "unknown key 'workers.w.comand' in journeyman.toml; did you mean 'workers.w.command'?",
        ),
        (
            "[budget]\nminutes = 'x'\n",
            "budget.minutes in journeyman.toml: input should be a valid number, unable to parse string as a number",
        ),
        (
            "[verify]\nrequire = 'blue'\n",
            "verify.require in journeyman.toml: input should be 'no-new-failures' or 'green'",
        ),
        (
            "budget = 3\n",
            "budget in journeyman.toml: input should be a dictionary or an instance of BudgetSettings",
        ),
        ("[[checks]]\nname='a'\nrun='b'\n[[checks]]\nname='a'\nrun='c'\n", "two checks are named 'a'"),
        ("[[checks]]\nname='a'\nrun=''\n", "the check 'a' has no name or nothing to run"),
        (
            "[budget]\nminutes = nan\n",
            "budget.minutes in journeyman.toml: must be more than 0, and at most 1,000,000,000",
        ),
        (
            "[autonomy]\nverify_auto_retry = -1\n",
            "autonomy.verify_auto_retry in journeyman.toml: must be 0 or more, and at most 1,000,000,000",
        ),
        (
            "[[checks]]\nname='a'\nrun='b'\ntimeout_s=0\n",
            "checks.0.timeout_s in journeyman.toml: must be more than 0, and at most 1,000,000,000",
        ),
        (
            "[fast_path]\nrisky_patterns = ['(']\n",
            (
                "fast_path.risky_patterns in journeyman.toml: no regular expression: "
                "missing ), unterminated subpattern at position 0"
            ),
        ),
        (
            "[autonomy]\nstop_conditions = ['never']\n",
            (
                "autonomy.stop_conditions.0 in journeyman.toml: input should be 'requires_product_decision', "
                "'scope_violation', 'uncertainty_high' or 'changes_exceed_threshold'"
            ),
        ),
        (
            "[workers.w]\ntype = 'codecs'\n",
            (
                "workers.w.type in journeyman.toml: input should be 'agent', 'autofix', 'replay', 'command', "
                "'claude_code', 'codex' or 'opencode'"
            ),
        ),
        ("sandbox = 'off'\n", "journeyman.toml says sandbox = 'off'; a repository may only require one"),
        (
            "[context]\nrerank = true\n",
            "unknown key 'context.rerank' in journeyman.toml",
        ),
        ("[[checks]]\nname='a'\n", "checks.0.run in journeyman.toml: field required"),
    ],
)
def test_a_bad_configuration_says_where_and_what(tmp_path: Path, toml: str, message: str) -> None:
    with pytest.raises(JourneymanError) as caught:
        load(tmp_path, toml)
    assert (caught.value.code, caught.value.message) == ("bad-config", message)


def test_broken_toml_and_unknown_variables_are_errors(tmp_path: Path) -> None:
    with pytest.raises(JourneymanError, match="not valid TOML"):
        load(tmp_path, "[")
    with pytest.raises(JourneymanError, match=r"unknown key 'buget' in environment; did you mean 'budget'"):
        load(tmp_path, environ={"JOURNEYMAN_BUGET__MINUTES": "1"})


def test_the_schema_and_the_leaves_cover_every_setting(tmp_path: Path) -> None:
    assert "checks" in schema()["properties"]
    names = [name for name, _ in leaves(load(tmp_path).settings)]
    assert "budget.minutes" in names
    assert "phases.plan.worker" in names
