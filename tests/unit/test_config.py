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
        ("sandbox = 'off'\n", "journeyman.toml says sandbox = 'off'; a repository may only require one"),
        (
            "[context]\nrerank = true\n",
            "journeyman.toml says context.rerank = true; a repository may not spend your money",
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
