from __future__ import annotations

import pytest

from journeyman.domain.scope import (
    Change,
    ChangeKind,
    LockfilePolicy,
    Rule,
    Scope,
    judge_scope,
)


def change(path: str, **more: object) -> Change:
    values: dict[str, object] = {"kind": ChangeKind.MODIFIED, "old_mode": "100644", "new_mode": "100644"}
    return Change(path, **{**values, **more})  # type: ignore[arg-type]


LINK = {"kind": ChangeKind.ADDED, "old_mode": "000000", "new_mode": "120000"}


@pytest.mark.parametrize(
    ("changed", "scope", "rules"),
    [
        (change("src/a.py"), Scope(), []),
        (change("src/a.py"), Scope(allow=("src/**",)), []),
        (change("docs/a.md"), Scope(allow=("src/**",)), [Rule.OUT_OF_SCOPE]),
        (change("src/gen/a.py"), Scope(allow=("src/**",), deny=("src/gen/",)), [Rule.OUT_OF_SCOPE]),
        (change("deep/secret.py"), Scope(deny=("secret.py",)), [Rule.OUT_OF_SCOPE]),
        (change(".gitignore"), Scope(allow=(".gitignore",)), [Rule.PROTECTED]),
        (change(".github/workflows/ci.yml"), Scope(), [Rule.PROTECTED]),
        (change(".GitHub/workflows/ci.yml"), Scope(), [Rule.PROTECTED]),
        (change("sub/.gitattributes"), Scope(), [Rule.PROTECTED]),
        (change("journeyman.toml"), Scope(), [Rule.PROTECTED]),
        (change(".journeyman/x"), Scope(), [Rule.PROTECTED]),
        (change("boot/init.sh"), Scope(protected=("/boot/",)), [Rule.PROTECTED]),
        (change("app/boot/init.sh"), Scope(protected=("/boot/",)), []),
        (change("uv.lock"), Scope(), [Rule.LOCKFILE]),
        (change("web/package-lock.json"), Scope(lockfiles=LockfilePolicy.DENY), [Rule.LOCKFILE]),
        (change("uv.lock"), Scope(lockfiles=LockfilePolicy.ALLOW), []),
        (change("uv.lock"), Scope(allow=("src/", "/uv.lock")), []),
        (change("web/package-lock.json"), Scope(allow=("web/package-lock.json",)), []),
        (change("web/package-lock.json"), Scope(allow=("/package-lock.json", "web/")), [Rule.LOCKFILE]),
        (change("uv.lock"), Scope(allow=("*",)), [Rule.LOCKFILE]),
        (change("uv.lock"), Scope(allow=("uv.lock",), lockfiles=LockfilePolicy.DENY), [Rule.LOCKFILE]),
        (change("uv.lock"), Scope(allow=("uv.lock",), deny=("uv.lock",)), [Rule.OUT_OF_SCOPE]),
        (change("vendor/lib", new_mode="160000", kind=ChangeKind.ADDED), Scope(), [Rule.SUBMODULE]),
        (change("a", link_target="b", **LINK), Scope(), []),
        (change("d/a", link_target="../b", **LINK), Scope(), []),
        (change("d/a", link_target="../../b", **LINK), Scope(), [Rule.SYMLINK]),
        (change("a", link_target="/etc/passwd", **LINK), Scope(), [Rule.SYMLINK]),
        (change("a", link_target=".git/hooks/x", **LINK), Scope(), [Rule.SYMLINK]),
        (change("run.sh", new_mode="100755"), Scope(), [Rule.MODE]),
        (change("run.sh", kind=ChangeKind.ADDED, old_mode="000000", new_mode="100755"), Scope(), []),
        (change("big.py", lines_added=11), Scope(max_lines=10), [Rule.TOO_LARGE]),
    ],
)
def test_scope_decision(changed: Change, scope: Scope, rules: list[Rule]) -> None:
    verdict = judge_scope((changed,), scope)
    assert [violation.rule for violation in verdict.violations] == rules
    assert verdict.ok is (not rules)


def test_too_many_files_and_the_gravest_first() -> None:
    changes = (change("b.py"), change(".gitmodules"), change("a.py"))
    verdict = judge_scope(changes, Scope(max_files=2, allow=("a.py",)))
    assert [(violation.rule, violation.path) for violation in verdict.violations] == [
        (Rule.PROTECTED, ".gitmodules"),
        (Rule.OUT_OF_SCOPE, "b.py"),
        (Rule.TOO_LARGE, ""),
    ]
