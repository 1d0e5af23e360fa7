"""Linked folders: usable in the worktree, unseen by git, and never a way to another checkout's code."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.settings import WorkspaceSettings
from tests.support.linked_checkout import LinkedCheckout
from tests.support.sandbox import sandbox_runner

WORKSPACE = {
    "package.json": json.dumps({"workspaces": ["packages/*"]}),
    "packages/a/package.json": json.dumps({"name": "@ws/a"}),
    "packages/a/index.js": "module.exports = {b: require('@ws/b'), dep: require('dep')}\n",
    "packages/b/package.json": json.dumps({"name": "@ws/b"}),
    "packages/b/index.js": "module.exports = __filename\n",
    "packages/b/cli.js": "#!/usr/bin/env node\nconsole.log(__filename)\n",
    ".gitignore": "node_modules/\n",
}


def workspace(folder: Path) -> LinkedCheckout:
    """A checkout after ``npm install``: a dependency, and two workspace packages linked among them."""
    checkout = LinkedCheckout(folder, WORKSPACE)
    checkout.node_package("node_modules/dep")
    checkout.node_link("node_modules/@ws/a", "packages/a")
    checkout.node_link("node_modules/@ws/b", "packages/b")
    checkout.node_link("node_modules/.bin/b-cli", "packages/b/cli.js")
    checkout.node_link("node_modules/.bin/dep", "node_modules/dep/index.js")
    return checkout


def refused(checkout: LinkedCheckout, settings: WorkspaceSettings | None = None) -> JourneymanError:
    with pytest.raises(JourneymanError) as caught:
        checkout.prepare(settings=settings)
    return caught.value


def test_workspace_packages_lead_to_this_tree_and_dependencies_to_the_checkout(tmp_path):
    checkout = workspace(tmp_path)
    environment = checkout.prepare()
    modules = checkout.tree / "node_modules"
    assert (modules / "@ws/b").resolve() == checkout.tree / "packages/b"
    assert (modules / ".bin/b-cli").resolve() == checkout.tree / "packages/b/cli.js"
    assert (modules / "dep").resolve() == checkout.root / "node_modules/dep"
    assert (modules / ".bin/dep").resolve() == checkout.root / "node_modules/dep/index.js"
    assert "@ws/b resolves to packages/b of this tree through node_modules" in environment.proofs
    assert environment.env["PATH"].startswith(f"{modules}/.bin:")
    assert environment.readable == (checkout.root / "node_modules",)


def test_node_itself_loads_this_trees_packages(tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    checkout = workspace(tmp_path)
    path = f"{Path(node).parent}:{checkout.env['PATH']}"
    environment = checkout.prepare(PATH=path)
    script = "const a = require('@ws/a'); console.log(JSON.stringify([a.b, a.dep.file]))"
    found = json.loads(checkout.check(environment, "node", "-e", script))
    assert found == [f"{checkout.tree}/packages/b/index.js", f"{checkout.root}/node_modules/dep/index.js"]


@pytest.mark.bubblewrap
def test_node_in_the_sandbox_sees_the_links_and_not_the_checkout(tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    runner = sandbox_runner(tmp_path / "home/user")
    checkout = workspace(tmp_path)
    environment = checkout.prepare(runner, PATH=f"{Path(node).parent}:{checkout.env['PATH']}")
    script = "console.log(require('@ws/a').dep.name, require('fs').existsSync(process.argv[1]))"
    checkout_file = f"{checkout.root}/packages/b/index.js"
    assert checkout.check(environment, "node", "-e", script, checkout_file, runner=runner) == "dep false"


def test_git_sees_none_of_it(tmp_path):
    checkout = LinkedCheckout(tmp_path, {"a.txt": ""})
    checkout.venv()
    checkout.node_package("node_modules/dep")
    checkout.prepare()
    assert (checkout.tree / "node_modules/dep/index.js").is_file()
    assert checkout.git("status", "--porcelain", "--untracked-files=all", cwd=checkout.tree) == ""


def test_linking_again_changes_nothing_and_follows_the_checkout(tmp_path):
    checkout = workspace(tmp_path)
    first = checkout.prepare()
    cache = checkout.tree / "node_modules/.cache/tool"
    cache.mkdir(parents=True)
    assert checkout.prepare() == first
    shutil.rmtree(checkout.root / "node_modules/dep")
    checkout.node_package("node_modules/new")
    checkout.prepare()
    modules = checkout.tree / "node_modules"
    assert not os.path.lexists(modules / "dep")
    assert (modules / "new/index.js").is_file()
    assert cache.is_dir()


def test_what_git_tracks_is_left_alone(tmp_path):
    checkout = LinkedCheckout(tmp_path, {"node_modules/own/index.js": "tracked"})
    checkout.node_package("node_modules/dep")
    environment = checkout.prepare()
    assert [entry.name for entry in (checkout.tree / "node_modules").iterdir()] == ["own"]
    assert environment.proofs == ()
    assert environment.readable == ()


def test_the_users_folder_is_never_written(tmp_path):
    checkout = workspace(tmp_path)
    before = sorted(str(path) for path in checkout.root.glob("node_modules/**/*"))
    checkout.prepare()
    (checkout.tree / "node_modules/.cache").mkdir()
    shutil.rmtree(checkout.tree / "node_modules")
    assert sorted(str(path) for path in checkout.root.glob("node_modules/**/*")) == before


def test_nested_node_modules_of_workspaces(tmp_path):
    checkout = LinkedCheckout(
        tmp_path,
        {
            **WORKSPACE,
            "package.json": "{}",
            "pnpm-workspace.yaml": "packages:\n  - 'packages/*'\n  - '!**/x'\n",
        },
    )
    checkout.node_package("node_modules/.pnpm/dep@1/node_modules/dep")
    checkout.node_link("packages/a/node_modules/dep", "node_modules/.pnpm/dep@1/node_modules/dep")
    checkout.node_link("packages/a/node_modules/@ws/b", "packages/b")
    environment = checkout.prepare()
    modules = checkout.tree / "packages/a/node_modules"
    assert (modules / "@ws/b").resolve() == checkout.tree / "packages/b"
    assert (modules / "dep").resolve() == checkout.root / "node_modules/.pnpm/dep@1/node_modules/dep"
    assert checkout.root / "packages/a/node_modules" in environment.readable


def test_a_package_of_this_repository_linked_from_elsewhere_is_refused(tmp_path):
    checkout = workspace(tmp_path)
    other = tmp_path / "other/b"
    checkout.write(other, {"package.json": "{}"})
    (checkout.root / "node_modules/@ws/b").unlink()
    (checkout.root / "node_modules/@ws/b").symlink_to(other)
    error = refused(checkout)
    assert error.code == "wrong-tree"
    assert "node_modules/@ws/b leads to a copy of a package of this one" in error.message
    assert str(other) in error.facts[0]


def test_a_link_into_another_checkout_of_this_repository_is_refused(tmp_path):
    checkout = workspace(tmp_path)
    other = checkout.worktree("other")
    (checkout.root / "node_modules/renamed").symlink_to(other / "packages/b")
    error = refused(checkout)
    assert (error.code, "another checkout of this repository" in error.message) == ("wrong-tree", True)


def test_a_foreign_linked_package_is_a_warning_and_stays_visible(tmp_path):
    checkout = workspace(tmp_path)
    foreign = tmp_path / "home/user/foreign"
    checkout.write(foreign, {"package.json": "{}"})
    (checkout.root / "node_modules/foreign").symlink_to(foreign)
    environment = checkout.prepare()
    assert foreign in environment.readable
    assert f"node_modules/foreign is linked from outside the repository: {foreign}" in environment.warnings


def test_node_modules_shared_between_checkouts_lead_to_this_tree_all_the_same(tmp_path):
    owner = workspace(tmp_path / "owner")
    user = LinkedCheckout(tmp_path / "user", WORKSPACE)
    (user.root / "node_modules").symlink_to(owner.root / "node_modules")
    user.prepare()
    assert (user.tree / "node_modules/@ws/b").resolve() == user.tree / "packages/b"


def test_a_workspace_package_that_is_not_built_here_is_told(tmp_path):
    built = {**WORKSPACE, "packages/b/package.json": json.dumps({"name": "@ws/b", "main": "./dist/b.js"})}
    checkout = LinkedCheckout(tmp_path, built)
    checkout.write(checkout.root, {"packages/b/dist/b.js": ""})
    (warning,) = checkout.prepare().warnings
    assert warning.startswith("@ws/b is built in your checkout but not here (packages/b/dist/b.js)")


def test_a_link_to_what_this_tree_does_not_have_is_told(tmp_path):
    checkout = workspace(tmp_path)
    checkout.write(checkout.root, {"packages/local/package.json": '{"name": "local"}'})
    checkout.node_link("node_modules/local", "packages/local")
    environment = checkout.prepare()
    assert not (checkout.tree / "node_modules/local").exists()
    assert (
        "node_modules/local leads to packages/local, which this tree does not have" in environment.warnings[0]
    )


@pytest.mark.parametrize("link", ["../elsewhere", "/etc", ".", "a/../../b", ".git"])
def test_a_link_must_be_a_path_inside_the_repository(tmp_path, link):
    error = refused(LinkedCheckout(tmp_path, {"a.txt": ""}), WorkspaceSettings(link=(link,)))
    assert error.code == "bad-config"


def test_other_folders_can_be_linked_and_files_cannot(tmp_path):
    checkout = LinkedCheckout(tmp_path, {"a.txt": "", "sub/b.txt": ""})
    checkout.write(checkout.root, {"sub/data/big.bin": "x", ".env": "SECRET=1"})
    environment = checkout.prepare(settings=WorkspaceSettings(link=("sub/data", ".env", "missing")))
    assert (checkout.tree / "sub/data/big.bin").read_text() == "x"
    assert not (checkout.tree / ".env").exists()
    assert environment.warnings == (".env is a file: only folders are linked into worktrees",)


def test_rust_and_go_build_their_current_directory(tmp_path):
    environment = LinkedCheckout(tmp_path, {"Cargo.toml": "", "go.mod": ""}).prepare()
    assert [proof.split()[0] for proof in environment.proofs] == ["cargo", "go"]
