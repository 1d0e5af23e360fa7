"""Rust: clippy (or a plain check), the formatter and the tests, all without network."""

from __future__ import annotations

from journeyman.domain.checks import Check, Tier
from journeyman.domain.process import Network
from journeyman.verify.detect.candidates import Candidate, Purpose, RepositoryFiles
from journeyman.verify.manifests import has_table

MANIFEST = "Cargo.toml"
_BUILD_TIMEOUT_S = 1800.0


def detect_rust(repository: RepositoryFiles) -> list[Candidate]:
    """Clippy, rustfmt and cargo test. Builds may read any file (include_str!), so they always run."""
    if not repository.files.exists(MANIFEST):
        return []
    if not repository.runnable("cargo", because=f"{MANIFEST} is here", install="install Rust with rustup"):
        return []
    options = cargo_options(repository)
    found = []
    if repository.setup or repository.has("cargo-clippy"):
        strict = ("--", "-D", "warnings") if repository.mentions("-D warnings", "-Dwarnings") else ()
        run = ("cargo", "clippy", *options, "--all-targets", *strict)
        fix = ("cargo", "clippy", "--fix", "--allow-dirty", "--allow-staged", *options, "--all-targets")
        found.append(_candidate(Purpose.LINT, "clippy", run, Tier.FAST, fix=fix))
    else:
        repository.note("cargo clippy is not installed, so cargo check is used: rustup component add clippy")
        run = ("cargo", "check", *options, "--all-targets")
        found.append(_candidate(Purpose.TYPES, "cargo", run, Tier.FAST))
    if repository.setup or repository.has("cargo-fmt"):
        # Formatting is one file's own business, so only these files count.
        paths = ("*.rs", "*.toml")
        run = ("cargo", "fmt", "--all", "--check")
        found.append(
            _candidate(Purpose.FORMAT, "cargo", run, Tier.FAST, fix=("cargo", "fmt", "--all"), paths=paths)
        )
    else:
        repository.note("cargo fmt is not installed, so it is no check: rustup component add rustfmt")
    run = ("cargo", "test", *options)
    found.append(_candidate(Purpose.TESTS, "cargo", run, Tier.AFFECTED, network=Network.LOOPBACK))
    return found


def cargo_options(repository: RepositoryFiles) -> tuple[str, ...]:
    """``--locked`` only where a committed lock exists: a fresh worktree has no ignored one."""
    ignored = "Cargo.lock" in repository.files.text(".gitignore")
    locked = repository.files.exists("Cargo.lock") and not ignored
    workspace = has_table(repository.files.toml(MANIFEST), "workspace")
    return ("--offline", *(("--locked",) if locked else ()), *(("--workspace",) if workspace else ()))


def _candidate(
    purpose: Purpose,
    tool: str,
    run: tuple[str, ...],
    tier: Tier,
    *,
    fix: tuple[str, ...] | None = None,
    paths: tuple[str, ...] = (),
    network: Network = Network.OFF,
) -> Candidate:
    check = Check(
        purpose.value,
        run,
        tier,
        fix,
        paths,
        timeout_s=_BUILD_TIMEOUT_S,
        network=network,
        source=MANIFEST,
    )
    return Candidate(purpose, tool, check, ecosystem="rust")
