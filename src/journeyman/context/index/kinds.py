"""What a file is for, told by its path; and which files are nobody's business."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache


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


EXPORTERS = ("__init__.py", "index.ts", "index.js", "mod.rs", "lib.rs")
"""Files that say what their folder shows to others."""
PACKAGE_FILES = (*EXPORTERS, "index.tsx", "main.rs")
"""And those that may, beside what else they hold."""
_FOLDERS = {
    FileKind.VENDORED: """
        vendor vendored _vendor _vendored third_party thirdparty node_modules external extern
        typeshed
    """,
    FileKind.GENERATED: """
        dist build generated __generated__ gen autogen
    """,
    FileKind.TEST: """
        test tests __tests__ spec specs e2e testing testdata fixtures __fixtures__ testutils
    """,
    FileKind.DOC: """
        doc docs documentation website site changelog changelogs news
    """,
    FileKind.EXAMPLE: """
        example examples sample samples demo demos bench benches benchmark benchmarks tutorial
        tutorials cookbook notebooks playground
    """,
    FileKind.CONFIG: """
        .github .gitlab .circleci ci scripts tools requirements release packaging
    """,
}
_KIND_OF_FOLDER = {name: kind for kind, names in _FOLDERS.items() for name in names.split()}
_AT_THE_TOP = frozenset(("build",))
"""Deeper down, it is a package that builds."""
_ORDER = tuple(_FOLDERS)
"""Of several kinds, the first of these is the file's."""
_NO_PLACE = len(_ORDER)
_TEST_FOLDER = re.compile(r"(^|[-_.])tests?([-_.]|$)|^test(data|ing|utils)")
_DOC_SUFFIXES = frozenset((".md", ".rst", ".txt", ".adoc", ".mdx"))
_CONFIG_SUFFIXES = frozenset(
    (".toml", ".cfg", ".ini", ".yaml", ".yml", ".json", ".lock", ".mod", ".sum", ".in")
)
_DATA_SUFFIXES = frozenset(
    (".csv", ".tsv", ".svg", ".po", ".ipynb", ".xml", ".html", ".css", ".sql", ".snap")
)
_TEST_NAME = re.compile(r"^(test_.*|tests|conftest|.*_tests?|.*[.-](test|spec)(-d)?|.*(?<=[a-z])Tests?)$")
_TEST_PART = re.compile(r"(^tests?_|_tests?$|\.test$|\.spec$|-test$|\.test-d$|Tests?$)")
_GENERATED_NAME = re.compile(
    r"(_pb2(_grpc)?\.pyi?|\.pb\.go|\.generated\.\w+|_generated\.\w+|\.min\.(js|css))$"
)
_PROGRAM_OF_THE_PROJECT = frozenset(
    ("setup.py", "noxfile.py", "conf.py", "build.rs", "tasks.py", "fabfile.py")
)
_SECRET = re.compile(
    r"""(^|/)(
        \.env(\.(?!example$|sample$|template$|dist$)[^/]*)?
      | (?!(?:[^/]*[._-])?(?:example|sample|template|dist)\.env$)[^/]+\.env
      | [^/]+\.tfvars(\.json)? | [^/]*\.tfstate(\.backup)? | kubeconfig | \.dockercfg | \.s3cfg
      | \.?vault[-_.]?pass(word)?(\.txt)? | passwords?\.txt
      | [._]?netrc | \.pgpass | \.htpasswd | \.npmrc | \.pypirc | \.git-credentials
      | id_(rsa|dsa|ecdsa|ed25519)(_sk)?
      | [^/]*\.(pem|key|p12|pfx|jks|keystore|kdbx|asc|gpg|ovpn|ppk)
      | credentials(\.(json|ya?ml|ini|toml|txt|csv))?
      | [^/]*(client_secret|service.?account)[^/]*\.json
      | secrets?\.(json|ya?ml|toml|ini|env|txt)
      | \.(aws|ssh|gnupg|docker|kube)/.*
    )$""",
    re.VERBOSE | re.IGNORECASE,
)


@lru_cache(maxsize=100_000)
def is_secret(path: str) -> bool:
    """Whether a file's name says that it holds keys or passwords: it is never read."""
    return _SECRET.search(path) is not None


@lru_cache(maxsize=100_000)
def file_kind(path: str) -> FileKind:
    """What a file is for, by the names of its folders and its own."""
    folder, _, name = path.rpartition("/")
    stem = name_stem(name)
    suffix = name[len(stem) :].lower()
    places = [_folders_place(folder)] if folder else []
    # Every tree's every file comes here: the patterns are tried only where they could match.
    if ("pb" in name or "generated" in name or ".min." in name) and _GENERATED_NAME.search(name):
        places.append(_ORDER.index(FileKind.GENERATED))
    if ("est" in stem or "spec" in stem) and _TEST_NAME.match(stem):
        places.append(_ORDER.index(FileKind.TEST))
    if suffix in _DOC_SUFFIXES:
        places.append(_ORDER.index(FileKind.DOC))
    first = min(places, default=_NO_PLACE)
    return _ORDER[first] if first < _NO_PLACE else _kind_by_name(name, suffix)


def name_stem(name: str) -> str:
    """A file's own name without its last ending."""
    dot = name.rfind(".")
    return name[:dot] if 0 < dot < len(name) - 1 else name


@lru_cache(maxsize=20_000)
def _folders_place(folder: str) -> int:
    """The first place in ``_ORDER`` of what a folder and those around it say."""
    around, _, name = folder.rpartition("/")
    kind = None if around and name in _AT_THE_TOP else _folder_kind(name.lower())
    own = _NO_PLACE if kind is None else _ORDER.index(kind)
    return min(own, _folders_place(around)) if around else own


def _folder_kind(name: str) -> FileKind | None:
    if name.startswith("template-"):
        return FileKind.EXAMPLE
    return _KIND_OF_FOLDER.get(name) or (FileKind.TEST if _TEST_FOLDER.search(name) else None)


def _kind_by_name(name: str, suffix: str) -> FileKind:
    if suffix in _CONFIG_SUFFIXES or name in _PROGRAM_OF_THE_PROJECT:
        return FileKind.CONFIG
    if suffix in _DATA_SUFFIXES or not suffix:
        return FileKind.DATA
    return FileKind.SOURCE


def bare_stem(path: str) -> str:
    """A file's name without its ending and without what marks a test."""
    stem = path.rsplit("/", 1)[-1]
    stem = stem.rsplit(".", 1)[0] if "." in stem[1:] else stem
    return _TEST_PART.sub("", stem).lower()
