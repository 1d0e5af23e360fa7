"""Checks must import this tree's Python code, whatever is installed where: shown, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import CommandRunner
from journeyman.domain.settings import WorkspaceSettings
from tests.support.linked_checkout import CountingRunner, LinkedCheckout
from tests.support.plain_runner import PlainRunner
from tests.support.sandbox import sandbox_runner

SRC = {"src/demo/__init__.py": "", "pyproject.toml": "[project]\nname = 'demo'\n", ".gitignore": ".venv/\n"}
FLAT = {"demo/__init__.py": "", "pyproject.toml": "[project]\nname = 'demo'\n", ".gitignore": ".venv/\n"}
WHERE = "import demo; print(demo.__file__)"

FINDER = """
import sys
from importlib.machinery import PathFinder
from importlib.util import spec_from_file_location
MAPPING = {{"demo": {place!r}}}
class _EditableFinder:
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        place = MAPPING.get(fullname)
        return place and spec_from_file_location(
            fullname, place + "/__init__.py", submodule_search_locations=[place])
def install():
    sys.meta_path.{how}
"""


@pytest.fixture(params=["plain", pytest.param("bubblewrap", marks=pytest.mark.bubblewrap)])
def runner(request: pytest.FixtureRequest, tmp_path: Path) -> CommandRunner:
    return PlainRunner() if request.param == "plain" else sandbox_runner(tmp_path / "home/user")


def editable_finder(checkout: LinkedCheckout, package: str, how: str) -> None:
    """What ``pip install -e .`` leaves behind when the backend maps packages one by one."""
    site = checkout.venv()
    finder = FINDER.format(place=str(checkout.root / package), how=how)
    (site / "__editable___demo_finder.py").write_text(finder)
    (site / "__editable__.demo-1.pth").write_text("import __editable___demo_finder as f; f.install()\n")


def refusal(checkout: LinkedCheckout, runner: CommandRunner | None = None) -> JourneymanError:
    with pytest.raises(JourneymanError) as caught:
        checkout.prepare(runner)
    assert caught.value.code == "wrong-tree"
    return caught.value


def test_an_editable_install_by_path_is_shadowed_and_proven(tmp_path, runner):
    checkout = LinkedCheckout(tmp_path, SRC)
    (checkout.venv() / "demo.pth").write_text(f"{checkout.root}/src\n")
    checkout.script("pytest", WHERE)
    environment = checkout.prepare(runner)
    assert checkout.check(environment, "pytest", runner=runner) == f"{checkout.tree}/src/demo/__init__.py"
    (proof,) = [line for line in environment.proofs if "imported" in line]
    assert proof.startswith("demo is imported from src/demo/__init__.py of this tree by .venv/bin/python")
    if runner.backend == "none":
        assert proof.endswith(f"shadowing {checkout.root}/src/demo/__init__.py")
    assert checkout.root not in environment.readable


def test_an_editable_install_by_finder_is_shadowed_and_proven(tmp_path, runner):
    checkout = LinkedCheckout(tmp_path, FLAT)
    editable_finder(checkout, "demo", "append(_EditableFinder)")
    checkout.script("pytest", WHERE)
    environment = checkout.prepare(runner)
    assert checkout.check(environment, "pytest", runner=runner) == f"{checkout.tree}/demo/__init__.py"
    assert any("demo is imported from demo/__init__.py of this tree" in line for line in environment.proofs)


def test_a_finder_that_comes_first_is_refused(tmp_path, runner):
    checkout = LinkedCheckout(tmp_path, SRC)
    editable_finder(checkout, "src/demo", "insert(0, _EditableFinder)")
    error = refusal(checkout, runner)
    assert error.message == "the checks would import demo from your checkout, not from this tree"
    assert f"finds it at {checkout.root}/src/demo/__init__.py" in error.facts[0]
    assert any("__editable___demo_finder.py" in fact for fact in error.facts)
    assert "[workspace]" in (error.hint or "")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sitecustomize.py", "import sys; sys.path.insert(0, {src!r})"),
        ("demo.pth", "import sys; sys.path.insert(0, {src!r})"),
    ],
)
def test_start_up_code_that_puts_the_checkout_first_is_refused(tmp_path, name, text):
    checkout = LinkedCheckout(tmp_path, SRC)
    (checkout.venv() / name).write_text(text.format(src=str(checkout.root / "src")) + "\n")
    error = refusal(checkout)
    assert any(fact.endswith(name) for fact in error.facts)


def test_another_copy_first_on_the_path_is_refused(tmp_path):
    checkout = LinkedCheckout(tmp_path, SRC)
    other = tmp_path / "other"
    checkout.write(other, {"demo/__init__.py": ""})
    (checkout.venv() / "x.pth").write_text(f"import sys; sys.path.insert(0, {str(other)!r})\n")
    assert "from elsewhere" in refusal(checkout).message


def test_an_installed_copy_is_shadowed(tmp_path):
    checkout = LinkedCheckout(tmp_path, SRC)
    site = checkout.venv()
    checkout.write(site, {"demo/__init__.py": ""})
    environment = checkout.prepare()
    copy = checkout.tree / site.relative_to(checkout.root) / "demo/__init__.py"
    assert environment.proofs[-1].endswith(f"shadowing {copy}")
    assert checkout.check(environment, "python", "-c", WHERE) == f"{checkout.tree}/src/demo/__init__.py"


def test_the_current_directory_proves_nothing(tmp_path):
    """A flat package is found from ``python -`` through the current directory, but not from ``pytest``."""
    checkout = LinkedCheckout(tmp_path, {**FLAT, "types.py": ""})
    (checkout.venv() / "demo.pth").write_text(f"import sys; sys.path.append({str(checkout.root)!r})\n")
    refusal(checkout)


def test_a_root_that_hides_the_standard_library_is_not_put_on_the_path(tmp_path):
    checkout = LinkedCheckout(tmp_path, {**FLAT, "types.py": ""})
    checkout.venv()
    environment = checkout.prepare()
    assert "PYTHONPATH" not in environment.env
    assert any("types" in warning and "standard library" in warning for warning in environment.warnings)


def test_pytest_in_another_environment_is_asked_too(tmp_path):
    checkout = LinkedCheckout(tmp_path, SRC)
    site = checkout.venv("../tools")
    checkout.venv()
    checkout.script("pytest", WHERE, venv="../tools")
    (site / "x.pth").write_text(f"import sys; sys.path.insert(0, {str(checkout.root / 'src')!r})\n")
    path = f"{checkout.root.parent}/tools/bin:{checkout.env['PATH']}"
    with pytest.raises(JourneymanError, match="would import demo from your checkout") as caught:
        checkout.prepare(PATH=path)
    assert "tools/bin/python" in caught.value.facts[0]


def test_one_interpreter_is_asked_once(tmp_path):
    checkout = LinkedCheckout(tmp_path, SRC)
    checkout.venv()
    checkout.script("pytest", WHERE)
    runner = CountingRunner()
    checkout.prepare(runner)
    assert [command.argv[0] for command in runner.ran] == [str(checkout.tree / ".venv/bin/python")]


def test_without_python_packages_nothing_is_started(tmp_path):
    checkout = LinkedCheckout(tmp_path, {"README.md": "", "script.py": ""})
    runner = CountingRunner()
    environment = checkout.prepare(runner)
    assert runner.ran == []
    assert (environment.proofs, environment.warnings) == ((), ())


def test_the_canary_can_be_switched_off_aloud(tmp_path):
    checkout = LinkedCheckout(tmp_path, SRC)
    runner = CountingRunner()
    environment = checkout.prepare(runner, WorkspaceSettings(canary=False))
    assert runner.ran == []
    assert "workspace.canary is off" in environment.warnings[0]


def test_chatter_at_start_up_does_not_hide_the_answer(tmp_path):
    checkout = LinkedCheckout(tmp_path, SRC)
    (checkout.venv() / "x.pth").write_text("import sys; sys.stdout.write('hello, no newline')\n")
    assert "demo is imported" in checkout.prepare().proofs[-1]


def test_an_interpreter_that_cannot_start_is_told(tmp_path):
    checkout = LinkedCheckout(tmp_path, SRC)
    (checkout.venv() / "sitecustomize.py").write_text("import os; os.write(2, b'broken here'); os._exit(3)\n")
    with pytest.raises(JourneymanError) as caught:
        checkout.prepare()
    assert caught.value.code == "setup-failed"
    assert "broken here" in caught.value.facts


def test_a_namespace_package_proves_its_parts_and_warns_of_the_rest(tmp_path):
    files = {"src/corp/billing/__init__.py": "", "src/corp/util.py": "", "setup.py": ""}
    checkout = LinkedCheckout(tmp_path, files)
    (checkout.venv() / "corp.pth").write_text(f"{checkout.root}/src\n")
    environment = checkout.prepare()
    proven = [line.split()[0] for line in environment.proofs if "imported" in line]
    assert proven == ["corp.billing", "corp.util"]
    assert f"also reaches into your checkout ({checkout.root}/src/corp)" in environment.warnings[0]


def test_an_installed_portion_of_a_namespace_package_is_no_stray(tmp_path):
    checkout = LinkedCheckout(tmp_path, {"src/corp/billing/__init__.py": "", "setup.py": ""})
    checkout.write(checkout.venv(), {"corp/other/__init__.py": ""})
    checkout.script("pytest", WHERE)
    assert checkout.prepare().warnings == ()


def test_nothing_is_imported_to_find_out(tmp_path):
    checkout = LinkedCheckout(tmp_path, {**SRC, "src/demo/__init__.py": "open('/nonexistent')"})
    checkout.venv()
    assert "demo is imported" in checkout.prepare().proofs[-1]


def test_the_check_environment_has_the_trees_own_tools_first(tmp_path):
    checkout = LinkedCheckout(tmp_path, SRC)
    checkout.venv()
    active = checkout.root / ".venv"
    environment = checkout.prepare(
        PATH=f"{active}/bin:{checkout.root}/scripts:{checkout.env['PATH']}",
        VIRTUAL_ENV=str(active),
        PYTHONPATH=f"{checkout.root}/src:/opt/extra",
        PYTHONHOME="/nowhere",
    )
    tree = checkout.tree
    assert environment.env["PATH"] == f"{tree}/.venv/bin:{checkout.env['PATH']}"
    assert environment.env["VIRTUAL_ENV"] == f"{tree}/.venv"
    assert environment.env["PYTHONPATH"] == f"{tree}/src:/opt/extra"
    assert "PYTHONHOME" not in environment.env
    assert environment.env["UV_NO_SYNC"] == "1"


def test_an_environment_of_another_name_is_linked_too(tmp_path):
    checkout = LinkedCheckout(tmp_path, SRC)
    checkout.venv("venv")
    environment = checkout.prepare()
    assert environment.env["VIRTUAL_ENV"] == f"{checkout.tree}/venv"
    assert checkout.git("status", "--porcelain", cwd=checkout.tree) == ""


def test_editable_dependencies_and_the_base_python_stay_visible(tmp_path):
    checkout = LinkedCheckout(tmp_path, SRC)
    site = checkout.venv()
    dependency = tmp_path / "home/user/dependency"
    checkout.write(dependency, {"helper.py": ""})
    (site / "dependency.pth").write_text(f"{dependency}\n")
    environment = checkout.prepare()
    assert {checkout.root / ".venv", dependency} <= set(environment.readable)


def test_mypy_is_told_of_typed_packages_only(tmp_path):
    checkout = LinkedCheckout(tmp_path, {**SRC, "src/demo/py.typed": ""})
    assert checkout.prepare().env["MYPYPATH"] == f"{checkout.tree}/src"
    plain = LinkedCheckout(tmp_path / "b", SRC)
    assert "MYPYPATH" not in plain.prepare().env


def test_a_version_module_that_the_build_writes_is_carried_over(tmp_path):
    files = {
        **SRC,
        "pyproject.toml": '[tool.setuptools_scm]\nversion_file = "src/demo/_version.py"\n',
        ".gitignore": "_version.py\n",
    }
    checkout = LinkedCheckout(tmp_path, files)
    checkout.write(checkout.root, {"src/demo/_version.py": "version = '1'\n"})
    environment = checkout.prepare()
    assert (checkout.tree / "src/demo/_version.py").read_text() == "version = '1'\n"
    assert "src/demo/_version.py is copied from your checkout" in " ".join(environment.proofs)
    assert checkout.git("status", "--porcelain", cwd=checkout.tree) == ""


def test_a_version_module_that_git_would_commit_is_not_carried_over(tmp_path):
    files = {**SRC, "pyproject.toml": '[tool.setuptools_scm]\nversion_file = "src/demo/_version.py"\n'}
    checkout = LinkedCheckout(tmp_path, files)
    checkout.write(checkout.root, {"src/demo/_version.py": "version = '1'\n"})
    checkout.prepare()
    assert not (checkout.tree / "src/demo/_version.py").exists()


def test_compiled_modules_that_only_the_checkout_has_are_told(tmp_path):
    checkout = LinkedCheckout(tmp_path, SRC)
    checkout.write(checkout.root, {"src/demo/_fast.cpython-311-x86_64-linux-gnu.so": ""})
    assert "src/demo/_fast.cpython-311-x86_64-linux-gnu.so" in checkout.prepare().warnings[0]


def test_ignored_files_of_a_package_that_only_the_checkout_has_are_told(tmp_path):
    checkout = LinkedCheckout(tmp_path, {**SRC, ".gitignore": ".venv/\n*.mo\n*.pyc\n__pycache__/\n"})
    built = {f"src/demo/locale/{language}/demo.mo": "" for language in ("de", "en", "fr", "it", "ja")}
    litter = {"src/demo/__pycache__/demo.pyc": "", "src/demo/.cache/x.mo": "", "src/demo/a.py~": ""}
    checkout.write(checkout.root, {**built, **litter, "src/demo/new.py": "", "elsewhere.mo": ""})
    (warning,) = checkout.prepare().warnings
    assert warning == (
        "built in your checkout, not in git and so not in this tree: src/demo/locale/de/demo.mo, "
        "src/demo/locale/en/demo.mo, src/demo/locale/fr/demo.mo and 2 more; what the checks need of it, "
        "[workspace] setup has to build here"
    )
