"""What a file is for, told by its path; and which files are nobody's business."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from pathlib import PurePosixPath


class FileKind(StrEnum):
    """What a file is for."""

    SOURCE = "source"
    TEST = "test"
    CONFIG = "config"
    DOC = "doc"
    EXAMPLE = "example"
    GENERATED = "generated"
    VENDORED = "vendored"
    DATA = "data"


_TEST_FOLDERS = frozenset(
    "test tests __tests__ spec specs e2e testing testdata fixtures __fixtures__ test_utils testutils".split()
)
_DOC_FOLDERS = frozenset("doc docs documentation website site changelog changelogs news".split())
_EXAMPLE_FOLDERS = frozenset(
    "example examples sample samples demo demos bench benches benchmark benchmarks tutorial tutorials"
    " cookbook notebooks playground".split()
)
_VENDORED_FOLDERS = frozenset(
    "vendor vendored _vendor _vendored third_party thirdparty node_modules external extern".split()
)
_GENERATED_FOLDERS = frozenset("dist build generated __generated__ gen autogen".split())
_CONFIG_FOLDERS = frozenset(".github .gitlab .circleci ci scripts tools requirements release packaging".split())
_DOC_SUFFIXES = frozenset((".md", ".rst", ".txt", ".adoc", ".mdx"))
_CONFIG_SUFFIXES = frozenset((".toml", ".cfg", ".ini", ".yaml", ".yml", ".json", ".lock", ".mod", ".sum", ".in"))
_DATA_SUFFIXES = frozenset((".csv", ".tsv", ".svg", ".po", ".ipynb", ".xml", ".html", ".css", ".sql", ".snap"))
_TEST_NAME = re.compile(r"^(test_.*|tests|conftest|.*_tests?|.*[.-](test|spec)(-d)?|.*(?<=[a-z])Tests?)$")
_TEST_PART = re.compile(r"(^tests?_|_tests?$|\.test$|\.spec$|-test$|\.test-d$|Tests?$)")
_GENERATED_NAME = re.compile(r"(_pb2(_grpc)?\.pyi?|\.pb\.go|\.generated\.\w+|_generated\.\w+|\.min\.(js|css))$")
_PROGRAM_OF_THE_PROJECT = frozenset(("setup.py", "noxfile.py", "conf.py", "build.rs", "tasks.py", "fabfile.py"))
_SECRET = re.compile(
    r"""(^|/)(
        \.env(\.(?!example$|sample$|template$|dist$)[^/]*)? | \.?netrc | _netrc | \.pgpass | \.htpasswd | \.npmrc
      | \.pypirc | \.git-credentials | id_(rsa|dsa|ecdsa|ed25519)(_sk)? | [^/]*\.(pem|key|p12|pfx|jks|keystore|kdbx
      | asc|gpg|ovpn|ppk) | credentials(\.(json|ya?ml|ini|toml|txt|csv))? | [^/]*(client_secret|service.?account)
      [^/]*\.json | secrets?\.(json|ya?ml|toml|ini|env|txt) | \.(aws|ssh|gnupg|docker)/.*
    )$""",
    re.VERBOSE | re.IGNORECASE,
)


def is_secret(path: str) -> bool:
    """Whether a file's name says that it holds keys or passwords: it is never read."""
    return _SECRET.search(path) is not None


@lru_cache(maxsize=100_000)
def file_kind(path: str) -> FileKind:
    """What a file is for, by the names of its folders and its own."""
    pure = PurePosixPath(path)
    folders = {part.lower() for part in pure.parts[:-1]}
    suffix = pure.suffix.lower()
    if folders & _VENDORED_FOLDERS:
        return FileKind.VENDORED
    if folders & _GENERATED_FOLDERS or _GENERATED_NAME.search(pure.name):
        return FileKind.GENERATED
    if folders & _TEST_FOLDERS or _TEST_NAME.match(pure.stem):
        return FileKind.TEST
    if suffix in _DOC_SUFFIXES or folders & _DOC_FOLDERS:
        return FileKind.DOC
    if folders & _EXAMPLE_FOLDERS or any(folder.startswith("template-") for folder in folders):
        return FileKind.EXAMPLE
    if suffix in _CONFIG_SUFFIXES or folders & _CONFIG_FOLDERS or pure.name in _PROGRAM_OF_THE_PROJECT:
        return FileKind.CONFIG
    if suffix in _DATA_SUFFIXES or not suffix:
        return FileKind.DATA
    return FileKind.SOURCE


def bare_stem(path: str) -> str:
    """A file's name without its ending and without what marks a test."""
    stem = PurePosixPath(path).name
    stem = stem.rsplit(".", 1)[0] if "." in stem[1:] else stem
    return _TEST_PART.sub("", stem).lower()
