from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.domain import events as domain_events
from journeyman.domain.checks import CheckResult, CheckStatus, Failure
from journeyman.domain.context import Pack
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import EVENT_TYPES, Payload, RunFinished, RunSpecified, WorkerActivity
from journeyman.store import FolderArtifacts, SqliteStore, ensure_state
from journeyman.store.catalog import find_run
from journeyman.store.codec import decode, encode
from journeyman.store.leases import FileLeases
from journeyman.store.state import find_state_root
from tests.support.timeline import SPECIFIED, STARTED


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "journeyman.db")


@pytest.mark.parametrize("kind", sorted(EVENT_TYPES))
def test_every_event_survives_the_store(kind: str) -> None:
    event_type = EVENT_TYPES[kind]

    st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))

    @given(st.from_type(event_type))
    def survives(payload: Payload) -> None:
        assert decode(encode(payload), event_type) == payload

    if kind != "run.specified":  # settings hold free tables: their own round trip is below
        survives()


def test_the_spec_survives_the_store() -> None:
    assert decode(encode(SPECIFIED), RunSpecified) == SPECIFIED


@dataclass(frozen=True)
class Kept:
    """Every type that a step's result may be made of."""

    name: str
    path: PurePosixPath | None = None
    seconds: float = 1.5
    status: CheckStatus | None = None
    command: str | tuple[str, ...] = "c"
    table: Mapping[str, tuple[PurePosixPath, ...]] = field(default_factory=dict)
    opaque: Any = None


KEPT = Kept(
    "caf\udce9",
    PurePosixPath("b\udce9/x"),
    0.25,
    CheckStatus.FAILED,
    ("a", "b"),
    {"k\udce9": (PurePosixPath("a"),)},
    {"any": [1, None]},
)


def test_a_result_survives_whatever_it_is_made_of() -> None:
    assert encode(KEPT).isascii()
    assert decode(encode(KEPT), Kept) == KEPT
    assert decode(encode((KEPT, KEPT)), tuple[Kept, ...]) == (KEPT, KEPT)
    assert decode("null", type(None)) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"name": "n"}', Kept("n")),
        ('{"name": "n", "of": "another version"}', Kept("n")),
        ('{"name": "n", "seconds": 2}', Kept("n", seconds=2.0)),
    ],
)
def test_what_other_versions_wrote_is_read(text: str, value: Kept) -> None:
    read = decode(text, Kept)
    assert read == value
    assert isinstance(read.seconds, float)


@pytest.mark.parametrize(
    ("misfit", "message"),
    [
        ("[]", "is not a dict"),
        ("{}", "missing 1 required positional argument: 'name'"),
        ('{"name": null}', "None is not a str"),
        ('{"name": "n", "seconds": true}', "True is not a float"),
        ('{"name": "n", "seconds": "1"}', "'1' is not a float"),
        ('{"name": "n", "path": 1}', "int"),
        ('{"name": "n", "status": "fine"}', "'fine' is of none of the wanted types"),
        ('{"name": "n", "command": {}}', "is of none of the wanted types"),
        ('{"name": "n", "table": {"k": "a"}}', "'a' is not a list"),
    ],
)
def test_a_misfit_is_a_value_error(misfit: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decode(misfit, Kept)


def test_a_pack_as_earlier_versions_recorded_it_is_still_read() -> None:
    assert decode('{"text": "1|x", "files": ["a.py"]}', Pack) == Pack("1|x", files=("a.py",))


def test_a_pack_survives_the_journal() -> None:
    pack = Pack("1|x", 3, ("a.py", "b.py"), (((1, 2), (4, 9)), ((1, 1),)), 7, 0.25, 0.5)
    found = decode(encode(pack), Pack)
    assert (found, found.index_s, found.pack_s) == (pack, 0.25, 0.5)


def test_an_event_under_the_same_key_is_kept_once(store: SqliteStore) -> None:
    assert store.append("r", "k", WorkerActivity("w", "a"), 0.0) is not None
    assert store.append("r", "k", WorkerActivity("w", "b"), 1.0) is None
    assert [event.payload for event in store.events("r")] == [WorkerActivity("w", "a")]


def test_names_with_undecodable_bytes_survive(store: SqliteStore) -> None:
    store.append("r", "k", WorkerActivity("w", "caf\udce9.py"), 0.0)
    assert store.events("r")[0].payload == WorkerActivity("w", "caf\udce9.py")


def test_unknown_kinds_and_misfitting_bodies_are_passed_over(store: SqliteStore, tmp_path: Path) -> None:
    store.append("r", "k", WorkerActivity("w", "a"), 0.0)
    with sqlite3.connect(tmp_path / "journeyman.db") as raw:
        raw.execute(
            "INSERT INTO jm_events (run_id,key,kind,at,clock_s,body) VALUES ('r','x','from.tomorrow',0,0,'{}')"
        )
        raw.execute(
            "INSERT INTO jm_events (run_id,key,kind,at,clock_s,body) VALUES ('r','y','worker.activity',0,0,'[')"
        )
    assert len(store.events("r")) == 1


def test_results_are_cached(store: SqliteStore) -> None:
    result = CheckResult("lint", "t", CheckStatus.FAILED, 1, 0.5, (Failure("k", "m", "p", 3),), parsed=True)
    assert store.get("key") is None
    store.put("key", result)
    assert store.get("key") == result


def test_a_corrupt_file_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "journeyman.db"
    path.write_bytes(b"this is no database, not at all" * 100)
    with pytest.raises(JourneymanError) as caught:
        SqliteStore(path)
    assert caught.value.code == "corrupt-store"
    assert "git" in caught.value.facts[0]


def test_a_store_from_the_future_is_refused(store: SqliteStore, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "journeyman.db") as raw:
        raw.execute("UPDATE jm_meta SET schema_version = 99")
    with pytest.raises(JourneymanError, match="newer Journeyman"):
        SqliteStore(tmp_path / "journeyman.db")


def test_a_lock_is_held_once_and_dies_with_its_holder(tmp_path: Path) -> None:
    leases = FileLeases(lambda run_id: tmp_path / run_id)
    lease = leases.take("r")
    assert leases.is_held("r")
    with pytest.raises(JourneymanError) as caught:
        leases.take("r")
    assert caught.value.code == "run-locked"
    lease.release()
    assert not leases.is_held("r")


def test_state_is_ignored_by_git_and_artifacts_are_atomic(tmp_path: Path) -> None:
    state = ensure_state(tmp_path)
    assert (state.root / ".gitignore").read_text() == "*\n"
    artifacts = FolderArtifacts(state.run_dir("r"))
    artifacts.write("a/b.txt", "caf\udce9")
    assert artifacts.read_bytes("a/b.txt") == b"caf\xe9"
    assert [path.name for path in (state.run_dir("r") / "a").iterdir()] == ["b.txt"]
    assert artifacts.read_bytes("none") is None


def test_the_state_root_is_found_from_below_and_from_a_linked_worktree(tmp_path: Path) -> None:
    main = tmp_path / "main"
    (main / ".git" / "worktrees" / "w").mkdir(parents=True)
    (main / "src").mkdir()
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / ".git").write_text(f"gitdir: {main}/.git/worktrees/w\n")
    assert find_state_root(main / "src") == main
    assert find_state_root(linked) == main


def test_runs_are_found_by_prefix(store: SqliteStore) -> None:
    for run_id in ("20260101-000000-aaaa", "20260101-000001-bbbb"):
        store.append(run_id, "started", STARTED, 0.0)
    store.append("20260101-000000-aaaa", "finish", RunFinished(domain_events.Outcome.STOPPED), 1.0)
    assert find_run(store, "20260101-000001") == "20260101-000001-bbbb"
    assert find_run(store, "latest") == "20260101-000001-bbbb"
    for wrong in ("2026", "x", ""):
        with pytest.raises(JourneymanError) as caught:
            find_run(store, wrong)
        assert caught.value.code == "unknown-run"
