"""Python's tests: pytest, Django's runner or unittest where the tests are written for it, else tox or nox."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from journeyman.domain.checks import Check, Tier
from journeyman.domain.process import Network
from journeyman.verify.detect.candidates import Candidate, Directness, Purpose, RepositoryFiles
from journeyman.verify.detect.python_config import configured_in
from journeyman.verify.programs import find_venv
from journeyman.verify.python_layout import find_import_roots

_TEST_FOLDERS = ("tests", "test", "testing")
_TIMEOUT_S = 1800.0
_WRAPPER_TIMEOUT_S = 3600.0
_FILES_READ = 40
_DJANGO = "manage.py"


def detect_python_tests(repository: RepositoryFiles) -> list[Candidate]:
    """Pytest or unittest, and as a fallback tox and nox."""
    direct = _direct(repository)
    return [*direct, *_wrappers(repository, only_cover=not direct)]


def _direct(repository: RepositoryFiles) -> list[Candidate]:
    configured = configured_in(repository.files, "pytest")
    if not configured and "django" in repository.files.text(_DJANGO):
        return _django(repository)
    test_files = find_test_files(repository.root)
    if not configured and not test_files:
        return []
    source = configured or test_files[0].relative_to(repository.root).as_posix()
    texts = [_text(path) for path in islice(test_files, _FILES_READ)]
    wants_pytest = configured is not None or any("pytest" in text for text in texts)
    if repository.has("pytest"):
        _note_foreign(repository, "pytest")
        return [_tests("pytest", ("pytest", "-q"), source)]
    if not wants_pytest and any("TestCase" in text for text in texts):
        return _unittest(repository, source, test_files[0])
    # Under unittest, pytest-style tests are none at all, and none passes: no check is the honest answer.
    because = f"{source} configures it" if configured else f"{source} is a test"
    if repository.runnable("pytest", because=because, install="pip install pytest"):
        return [_tests("pytest", ("pytest", "-q"), source)]
    return []


def _django(repository: RepositoryFiles) -> list[Candidate]:
    """Tests of a Django project find their settings and database by its own runner only."""
    python = _python(repository, f"{_DJANGO} is here")
    return [_tests("django", (python, _DJANGO, "test", "--no-input"), _DJANGO)] if python else []


def _python(repository: RepositoryFiles, because: str) -> str | None:
    python = next((name for name in ("python", "python3") if repository.has(name)), None)
    if python is None:
        repository.runnable("python3", because=because, install="install Python 3")
    return python


def _unittest(repository: RepositoryFiles, source: str, test_file: Path) -> list[Candidate]:
    python = _python(repository, f"{source} is a unittest")
    if python is None:
        return []
    folder = test_file.relative_to(repository.root).parts[0]
    if not (repository.root / folder).is_dir():
        where: tuple[str, ...] = ()
    elif (repository.root / folder / "__init__.py").is_file():
        where = ("-s", folder, "-t", ".")
    else:
        where = ("-s", folder)
    return [_tests("unittest", (python, "-m", "unittest", "discover", *where), source)]


def find_test_files(root: Path) -> list[Path]:
    """Files that look like Python tests: at the root, in its usual test folders, else in its packages'."""
    found = sorted(path for pattern in ("test_*.py", "*_test.py") for path in root.glob(pattern))
    for folder in _TEST_FOLDERS:
        if (root / folder).is_dir():
            patterns = ("test_*.py", "*_test.py", "*/test_*.py", "*/*_test.py", "*/*/test_*.py")
            found += sorted({path for pattern in patterns for path in (root / folder).glob(pattern)})
    return found or _tests_of_packages(root)


def _tests_of_packages(root: Path) -> list[Path]:
    """Tests that are part of the package, as ``bs4/tests/test_*.py`` or ``networkx/classes/tests/…``."""
    packages = [
        root / place.folder / name.replace(".", "/")
        for place in find_import_roots(root)
        for name in place.names
    ]
    patterns = ("tests/test_*.py", "test/test_*.py", "*/tests/test_*.py", "*/test/test_*.py")
    return sorted({path for folder in packages for pattern in patterns for path in folder.glob(pattern)})


def _wrappers(repository: RepositoryFiles, *, only_cover: bool) -> list[Candidate]:
    files = repository.files
    found = []
    tox = files.exists("tox.ini", "tox.toml") or ("pyproject.toml" if configured_in(files, "tox") else None)
    if tox == "tox.ini" and not {"tox", "testenv"} & set(files.ini("tox.ini")):
        tox = None
    for tool, source in (("tox", tox), ("nox", files.exists("noxfile.py"))):
        if source is None:
            continue
        if not repository.has(tool):
            if only_cover:
                repository.runnable(tool, because=f"{source} configures it", install=f"pip install {tool}")
            continue
        check = Check(
            Purpose.TESTS.value,
            (tool,),
            Tier.FULL,
            timeout_s=_WRAPPER_TIMEOUT_S,
            network=Network.ON,
            source=source,
        )
        found.append(Candidate(Purpose.TESTS, tool, check, Directness.WRAPPER, "python"))
    return found[:1]


def _note_foreign(repository: RepositoryFiles, tool: str) -> None:
    venv = find_venv(repository.root)
    if venv and not (repository.root / venv / "bin" / tool).is_file():
        repository.note(f"{tool} comes from PATH, not from {venv}: it may not see the project's dependencies")


def _tests(tool: str, run: tuple[str, ...], source: str) -> Candidate:
    check = Check(
        Purpose.TESTS.value,
        run,
        Tier.AFFECTED,
        timeout_s=_TIMEOUT_S,
        network=Network.LOOPBACK,
        source=source,
    )
    return Candidate(Purpose.TESTS, tool, check, ecosystem="python")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(20_000).decode("utf-8", "replace")
    except OSError:
        return ""
