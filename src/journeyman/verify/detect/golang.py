"""Go: gofmt, vet or golangci-lint, and the tests."""

from __future__ import annotations

from journeyman.domain.checks import Check, Tier
from journeyman.domain.process import Network
from journeyman.verify.detect.candidates import Candidate, Purpose, RepositoryFiles

MANIFESTS = ("go.mod", "go.work")
_GOLANGCI = tuple(f".golangci.{suffix}" for suffix in ("yml", "yaml", "toml", "json"))
_TIMEOUT_S = 1800.0
# gofmt ends in 0 whatever it lists; what it cannot parse ends it in 2. Vendored code is not ours to format.
GOFMT_CHECK = (
    "unformatted=$(gofmt -l .) || exit $?; "
    "unformatted=$(printf '%s' \"$unformatted\" | grep -v '^vendor/'); "
    '[ -z "$unformatted" ] || { printf \'%s\\n\' "$unformatted"; exit 1; }'
)


def detect_go(repository: RepositoryFiles) -> list[Candidate]:
    """Each of Go's own checks; embedded and test data may be any file, so vet and test always run."""
    source = repository.files.exists(*MANIFESTS)
    if source is None:
        return []
    if not repository.runnable("go", because=f"{source} is here", install="install Go"):
        return []
    found = []
    if repository.runnable("gofmt", because=f"{source} is here", install="install Go"):
        found.append(
            _candidate(
                Purpose.FORMAT, "gofmt", GOFMT_CHECK, source, fix=("gofmt", "-w", "."), paths=("*.go",)
            )
        )
    found.append(_candidate(Purpose.LINT, "vet", ("go", "vet", "./..."), source))
    linter = repository.files.exists(*_GOLANGCI)
    if linter and repository.runnable(
        "golangci-lint", because=f"{linter} configures it", install="install golangci-lint"
    ):
        found.append(_candidate(Purpose.LINT, "golangci-lint", ("golangci-lint", "run"), linter))
    tests = ("go", "test", "./...")
    found.append(_candidate(Purpose.TESTS, "go", tests, source, tier=Tier.AFFECTED, network=Network.LOOPBACK))
    return found


def _candidate(
    purpose: Purpose,
    tool: str,
    run: str | tuple[str, ...],
    source: str,
    *,
    tier: Tier = Tier.FAST,
    fix: tuple[str, ...] | None = None,
    paths: tuple[str, ...] = (),
    network: Network = Network.OFF,
) -> Candidate:
    check = Check(purpose.value, run, tier, fix, paths, timeout_s=_TIMEOUT_S, network=network, source=source)
    return Candidate(purpose, tool, check, ecosystem="go")
