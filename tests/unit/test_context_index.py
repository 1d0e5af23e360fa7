from __future__ import annotations

import pytest

from journeyman.context.index.imports import Resolver
from journeyman.context.index.kinds import FileKind, file_kind, is_secret
from journeyman.context.index.parse import parse_file
from journeyman.context.index.words import terms_in
from journeyman.context.pack.tokens import estimate_tokens, raw_tokens

LANGUAGE_CASES = [
    (
        "a.py",
        "import os.path\nfrom .b import (c,\n    D)\n\n@wraps\ndef f(x):\n    def inner(): ...\n\nclass K:\n    def m(self): ...\n\nLIMIT = 3\n",
        ["f:5-7", "f.inner:7-7", "K:9-10", "K.m:10-10", "LIMIT:12-12"],
        ("os.path", ".b", ".b.c"),
    ),
    (
        "a.js",
        'import x from "./x"\nconst y = require("y")\nexport const go = (a) => {\n  return a\n}\nclass K {\n  m() {}\n}\n',
        ["y:2-2", "go:3-5", "K:6-8", "K.m:7-7"],
        ("./x", "y"),
    ),
    (
        "a.ts",
        "interface I { a: string }\nexport function f<T>(a: T): T {\n  return a\n}\nexport type U = string | number\n",
        ["I:1-1", "f:2-4", "U:5-5"],
        (),
    ),
    ("a.tsx", "export function App() {\n  return <p>hi</p>\n}\n", ["App:1-3"], ()),
    (
        "a.go",
        'package a\n\nimport (\n\t"fmt"\n\tx "example.org/m/y"\n)\n\n// Go runs.\nfunc (s *S) Go() {}\n\ntype S struct{}\n',
        ["Go:8-9", "S:11-11"],
        ("fmt", "example.org/m/y"),
    ),
    (
        "a.rs",
        "use crate::b::c;\nmod d;\n\n/// Doc.\npub struct S;\n\nimpl S {\n    pub fn go(&self) {}\n}\n",
        ["S:4-5", "S:7-9", "S.go:8-8"],
        ("crate::b::c", "d"),
    ),
    (
        "A.java",
        "import a.b.C;\n\npublic class A {\n  public void go() {}\n}\n",
        ["A:3-5", "A.go:4-4"],
        ("a.b.C",),
    ),
    (
        "a.c",
        '#include "b.h"\n#define MAX 3\nstruct s { int a; };\nint *go(int a) {\n  return 0;\n}\n',
        ["MAX:2-3", "s:3-3", "go:4-6"],
        ("b.h",),
    ),
    (
        "a.cpp",
        "namespace n {\nclass K {\n  int m() { return 1; }\n};\n}\nint n::K::other() { return 2; }\n",
        ["n:1-5", "n.K:2-4", "n.K.m:3-3", "n::K::other:6-6"],
        (),
    ),
    (
        "a.rb",
        "require_relative 'b'\n\nmodule M\n  class K\n    def go\n    end\n  end\nend\n",
        ["M:3-8", "M.K:4-7", "M.K.go:5-6"],
        ("b",),
    ),
    ("a.txt", "no grammar here\n", [], ()),
]


@pytest.mark.parametrize(
    ("path", "text", "symbols", "imports"), LANGUAGE_CASES, ids=[case[0] for case in LANGUAGE_CASES]
)
def test_definitions_and_imports(path: str, text: str, symbols: list[str], imports: tuple[str, ...]) -> None:
    parsed = parse_file(text.encode(), path)
    assert [f"{s.qualified}:{s.first}-{s.last}" for s in parsed.symbols] == symbols
    assert parsed.imports == imports
    covered = sorted(n for chunk in parsed.chunks for a, b in chunk.ranges for n in range(a, b + 1))
    assert covered == sorted(set(covered)), "no line is in two chunks"
    assert set(covered) <= set(range(1, parsed.lines + 1))


def test_who_may_use_a_definition() -> None:
    parsed = parse_file(b"def open_it(): ...\n\n\ndef _shut_it():\n    pass\n", "a.py")
    assert [symbol.exported for symbol in parsed.symbols] == [True, False]


@pytest.mark.parametrize(
    ("data", "path", "reason"),
    [
        (b"x = 1\n" * 200_000, "a.py", "huge"),
        (b"\x7fELF\0\0", "a.py", "binary"),
        (b"var a=1;" * 4000, "a.js", "minified"),
        (b"1,2\n" * 60_000, "a.csv", "large data"),
        (b"# caf\xe9\ndef f(): ...\n", "a.py", ""),
    ],
)
def test_what_is_not_worth_reading(data: bytes, path: str, reason: str) -> None:
    assert parse_file(data, path).skipped == reason


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("src/app/dates.py", FileKind.SOURCE),
        ("src/app/test_dates.py", FileKind.TEST),
        ("pkg/dates_test.go", FileKind.TEST),
        ("src/dates.spec.ts", FileKind.TEST),
        ("src/contest.py", FileKind.SOURCE),
        ("docs/dates.md", FileKind.DOC),
        ("CHANGELOG.md", FileKind.DOC),
        ("examples/dates.py", FileKind.EXAMPLE),
        ("src/pip/_vendor/rich/text.py", FileKind.VENDORED),
        ("api_pb2.py", FileKind.GENERATED),
        ("pyproject.toml", FileKind.CONFIG),
        (".github/workflows/ci.yml", FileKind.CONFIG),
        ("data/cities.csv", FileKind.DATA),
    ],
)
def test_kinds_of_files(path: str, kind: FileKind) -> None:
    assert file_kind(path) is kind


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        (".env", True),
        ("deploy/.env.production", True),
        (".env.example", False),
        ("certs/server.pem", True),
        ("id_rsa", True),
        ("id_rsa.pub", False),
        ("config/credentials.json", True),
        ("home/.aws/config", True),
        ("src/credentials.py", False),
        ("src/secrets.py", False),
        ("secrets.yaml", True),
        ("src/environment.py", False),
        ("deploy/production.env", True),
        ("deploy/example.env", False),
        ("app.example.env", False),
        ("infra/prod.tfvars", True),
        ("infra/prod.tfvars.example", False),
        ("terraform.tfstate.backup", True),
        ("kubeconfig", True),
        ("src/kubeconfig.go", False),
        (".vault_pass", True),
    ],
)
def test_names_that_look_like_secrets(path: str, secret: bool) -> None:
    assert is_secret(path) is secret


def test_terms_are_parts_and_whole_compounds() -> None:
    assert terms_in("parse_date") == ["parse", "date", "=parse_date"]
    assert terms_in("HTTPServer readsLines the") == [
        "http", "server", "=httpserver", "read", "line", "=readslines",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "name", "found"),
    [
        ("src/app/a.py", "app.b", ("src/app/b.py",)),
        ("src/app/a.py", ".b", ("src/app/b.py",)),
        ("src/app/a.py", "app", ("src/app/__init__.py",)),
        ("src/app/a.py", "os", ()),
        ("web/a.ts", "./b", ("web/b.ts",)),
        ("web/a.ts", "./b.js", ("web/b.ts",)),
        ("web/a.ts", "./lib", ("web/lib/index.ts",)),
        ("go/main.go", "example.org/m/go/util", ("go/util/util.go",)),
        ("rs/src/lib.rs", "parse", ("rs/src/parse.rs",)),
        ("rs/src/main.rs", "crate::parse::Token", ("rs/src/parse.rs",)),
        ("c/a.c", "b.h", ("c/b.h",)),
    ],
)
def test_what_imports_mean(path: str, name: str, found: tuple[str, ...]) -> None:
    tree = (
        "src/app/__init__.py", "src/app/a.py", "src/app/b.py", "web/a.ts", "web/b.ts", "web/lib/index.ts",
        "go/util/util.go", "go/util/util_test.go", "rs/src/lib.rs", "rs/src/main.rs", "rs/src/parse.rs", "c/b.h",
    )  # fmt: skip
    assert Resolver(tree).resolve(path, name) == found


def test_an_estimate_of_tokens_adds_up_and_has_a_margin() -> None:
    lines = [f"{number}|    return self.value + {number}\n" for number in range(50)]
    assert sum(map(raw_tokens, lines)) == pytest.approx(raw_tokens("".join(lines)), rel=0.02)
    assert estimate_tokens("".join(lines)) > len("".join(lines)) / 4
