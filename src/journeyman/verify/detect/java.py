"""Java: Maven's tests, without network. Gradle and the rest are named, and left to the configuration."""

from __future__ import annotations

from journeyman.domain.checks import Check, Tier
from journeyman.domain.process import Network
from journeyman.verify.detect.candidates import Candidate, Purpose, RepositoryFiles

MANIFEST = "pom.xml"
_TIMEOUT_S = 1800.0
_OTHERS = ("build.gradle", "build.gradle.kts", "CMakeLists.txt", "meson.build", "configure.ac", "build.sbt")


def detect_java(repository: RepositoryFiles) -> list[Candidate]:
    """``mvn test`` over all modules; a note for builds that are not known here."""
    other = repository.files.exists(*_OTHERS)
    if other:
        repository.note(f"{other} is here, and such builds are not detected: add [[checks]] that run them")
    if not repository.files.exists(MANIFEST):
        return []
    if not repository.runnable("mvn", because=f"{MANIFEST} is here", install="install Maven"):
        return []
    # To the end: a module that fails on the base must not hide one that the change breaks.
    run = ("mvn", "--batch-mode", "--offline", "--fail-at-end", "test")
    check = Check(
        Purpose.TESTS.value,
        run,
        Tier.AFFECTED,
        timeout_s=_TIMEOUT_S,
        network=Network.LOOPBACK,
        source=MANIFEST,
    )
    return [Candidate(Purpose.TESTS, "maven", check, ecosystem="java")]
