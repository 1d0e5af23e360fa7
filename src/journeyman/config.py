"""Flags, environment, files → Settings. The only reader of ``os.environ`` and of configuration files.

Precedence: flag, ``JOURNEYMAN_…`` variable, task front matter, ``journeyman.toml`` (or ``[tool.journeyman]``
in pyproject.toml), the user's file, detected.
"""

from __future__ import annotations

import dataclasses
import math
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from journeyman.domain.checks import Check
from journeyman.domain.errors import JourneymanError
from journeyman.domain.policy.trust import heed
from journeyman.domain.settings import Settings, WorkerType
from journeyman.domain.task import nearest

CONFIG_FILE = "journeyman.toml"
_MOST = 1_000_000_000
ENVIRONMENT_PREFIX = "JOURNEYMAN_"
# Set by Journeyman for its own processes; not settings.
RESERVED_VARIABLES = ("JOURNEYMAN_RUN",)


@dataclass(frozen=True)
class Surroundings:
    """What the process was started with."""

    environ: Mapping[str, str]
    home: Path
    cache_root: Path
    user_config: Path

    @property
    def path(self) -> str:
        """Where programs are looked for."""
        return self.environ.get("PATH", os.defpath)

    @property
    def telemetry(self) -> frozenset[str]:
        """What an OpenTelemetry collector is to get, by the OTEL_* variables: ``traces``, ``metrics``."""
        if self.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
            return frozenset()
        common = self.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
        return frozenset(
            signal
            for signal in ("traces", "metrics")
            if self.environ.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT", "") or common
            if self.environ.get(f"OTEL_{signal.upper()}_EXPORTER", "otlp").strip() in {"", "otlp"}
        )


@dataclass(frozen=True)
class Loaded:
    """The settings, and for each key that was set anywhere the place that won."""

    settings: Settings
    sources: Mapping[str, str]
    ignored: tuple[str, ...] = ()
    """A line for each value of the repository's that does not count: its user's is tighter."""


def read_surroundings() -> Surroundings:
    """The environment of this process, read once at the edge."""
    environ = dict(os.environ)
    home = Path(environ.get("HOME") or Path.home()).absolute()
    cache = environ.get("XDG_CACHE_HOME", "")
    config = environ.get("XDG_CONFIG_HOME", "")
    return Surroundings(
        environ=environ,
        home=home,
        # The specification says that relative values are to be ignored.
        cache_root=(Path(cache) if cache.startswith("/") else home / ".cache") / "journeyman",
        user_config=(Path(config) if config.startswith("/") else home / ".config")
        / "journeyman"
        / "config.toml",
    )


def load_settings(
    root: Path,
    surroundings: Surroundings,
    *,
    flags: Mapping[str, Any],
    detected: tuple[Check, ...],
    config_file: Path | None = None,
) -> Loaded:
    """All layers merged. ``flags`` are nested plain data with only what was given.

    Raises JourneymanError("bad-config") naming the file, the key and, for an unknown one, the nearest known.
    """
    user = _read_toml(surroundings.user_config)
    name, repository = _repository_layer(root, config_file)
    heeded = heed(name, repository, user)
    layers = [(str(surroundings.user_config), user), (name, heeded.layer)]
    layers += [("environment", _environment_layer(surroundings.environ)), ("flag", flags)]
    merged: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name, layer in layers:
        _refuse_unknown(layer, Settings, name, ())
        _merge(merged, layer, name, sources, ())
    if "checks" not in merged:
        sources["checks"] = "detected"
    # Most repositories have nothing to validate, and a validator takes 50 ms to build.
    settings = _validate(_unlimited(merged), sources) if merged else Settings()
    _refuse_senseless(settings, sources)
    settings = settings if "checks" in merged else replace(settings, checks=detected)
    return Loaded(settings, sources, heeded.ignored)


def schema() -> dict[str, Any]:
    """The JSON schema of ``journeyman.toml``."""
    from pydantic import TypeAdapter

    made = TypeAdapter(Settings).json_schema()
    made["$defs"]["WorkerSettings"]["properties"]["type"]["enum"] = list(worker_types())
    return made


def worker_types() -> tuple[str, ...]:
    """What ``type`` of a worker's table can be."""
    from journeyman.workers.cli_agents.registry import CODING_CLIS

    return (*(kind.value for kind in WorkerType), *CODING_CLIS)


def leaves(settings: Settings) -> Iterator[tuple[str, object]]:
    """Every leaf of the settings with its dotted name."""
    yield from _leaves(settings, ())


def _repository_layer(root: Path, config_file: Path | None) -> tuple[str, Mapping[str, Any]]:
    if config_file is not None:
        if not config_file.exists():
            raise JourneymanError("bad-config", f"there is no configuration file {config_file}")
        return str(config_file), _read_toml(config_file)
    if (root / CONFIG_FILE).exists():
        return CONFIG_FILE, _read_toml(root / CONFIG_FILE)
    try:
        pyproject = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return CONFIG_FILE, {}  # absent or broken: detection says so where it matters
    tools = pyproject.get("tool")
    table = tools.get("journeyman") if isinstance(tools, dict) else None
    return "pyproject.toml [tool.journeyman]", table if isinstance(table, dict) else {}


def _read_toml(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise JourneymanError("bad-config", f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise JourneymanError("bad-config", f"{path} is not valid TOML: {error}") from None


def _environment_layer(environ: Mapping[str, str]) -> Mapping[str, Any]:
    """``JOURNEYMAN_BUDGET__MINUTES=5`` is ``budget.minutes = 5``; a value is TOML, or else plain text."""
    layer: dict[str, Any] = {}
    for name, raw in environ.items():
        if not name.startswith(ENVIRONMENT_PREFIX) or name in RESERVED_VARIABLES or not raw:
            continue
        *parents, leaf = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        table = layer
        for parent in parents:
            table = table.setdefault(parent, {})
            if not isinstance(table, dict):
                raise JourneymanError(
                    "bad-config", f"{name} contradicts another {ENVIRONMENT_PREFIX} variable"
                )
        try:
            table[leaf] = tomllib.loads(f"v = {raw}")["v"]
        except (tomllib.TOMLDecodeError, RecursionError):
            table[leaf] = raw
    return layer


def _merge(
    into: dict[str, Any], layer: Mapping[str, Any], name: str, sources: dict[str, str], at: tuple[str, ...]
) -> None:
    """Tables are merged key by key; lists and values of the later layer win whole."""
    for key, value in layer.items():
        place = (*at, key)
        if isinstance(value, Mapping):
            table = into.setdefault(key, {})
            if isinstance(table, dict):
                _merge(table, value, name, sources, place)
                continue
        into[key] = value
        sources[".".join(place)] = name


def _validate(merged: Mapping[str, Any], sources: Mapping[str, str]) -> Settings:
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(Settings).validate_python(merged)
    except ValidationError as error:
        first = error.errors()[0]
        location = [str(part) for part in first["loc"] if not str(part).startswith(("tuple[", "function-"))]
        message = f"{first['msg'][:1].lower()}{first['msg'][1:]}"
        raise _bad_value(".".join(location), message, first["input"], sources) from None


def _bad_value(key: str, message: str, found: object, sources: Mapping[str, str]) -> JourneymanError:
    where = next((source for name, source in sources.items() if key.startswith(name)), "the configuration")
    return JourneymanError("bad-config", f"{key} in {where}: {message}", facts=(f"found: {found!r}"[:200],))


def _refuse_senseless(settings: Settings, sources: Mapping[str, str]) -> None:
    """What has the right type and still can't be meant."""
    names = [check.name for check in settings.checks]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        # Results are told apart by name: of two alike, one would hide the other.
        raise JourneymanError("bad-config", f"two checks are named {twice!r}")
    for check in settings.checks:
        if not check.name.strip() or not check.run or not (isinstance(check.run, tuple) or check.run.strip()):
            raise JourneymanError("bad-config", f"the check {check.name!r} has no name or nothing to run")
    for name, worker in settings.workers.items():
        known = worker_types()
        if worker.type not in known:
            choices = ", ".join(map(repr, known[:-1])) + f" or {known[-1]!r}"
            raise _bad_value(f"workers.{name}.type", f"input should be {choices}", worker.type, sources)
    for pattern in settings.fast_path.risky_patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise _bad_value(
                "fast_path.risky_patterns", f"no regular expression: {error}", pattern, sources
            ) from None
    for key, number in _numbers(settings, ()):
        is_time = key.endswith(("_s", "minutes"))
        if not 0 <= number <= _MOST or (is_time and number == 0):
            least = "more than 0" if is_time else "0 or more"
            raise _bad_value(key, f"must be {least}, and at most {_MOST:,}", number, sources)


def _unlimited(merged: Mapping[str, Any]) -> Mapping[str, Any]:
    """TOML has no null: ``inf`` says that a budget has no limit."""
    budget = merged.get("budget")
    if not isinstance(budget, Mapping):
        return merged
    limits = {key: None if value == math.inf else value for key, value in budget.items()}
    return {**merged, "budget": limits}


def _numbers(value: object, at: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _numbers(getattr(value, field.name), (*at, field.name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _numbers(item, (*at, str(key)))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _numbers(item, (*at, str(index)))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield ".".join(at), value


def _refuse_unknown(value: object, kind: object, where: str, at: tuple[str, ...]) -> None:
    """Raise for a key that no field has; recurses into tables, lists of tables and named tables."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        _refuse_unknown_fields(value, kind, where, at)
        return
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple and isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_unknown(item, arguments[0], where, (*at, str(index)))
    elif origin is dict and isinstance(value, Mapping):
        for key, item in value.items():
            _refuse_unknown(item, arguments[1], where, (*at, key))


def _refuse_unknown_fields(value: object, kind: type[Any], where: str, at: tuple[str, ...]) -> None:
    if not isinstance(value, Mapping):
        return  # a wrong kind of value: validation says it better
    hints = get_type_hints(kind)
    known = tuple(field.name for field in dataclasses.fields(kind))
    for key, item in value.items():
        if key not in known:
            guess = nearest(key, known)
            raise JourneymanError(
                "bad-config",
                f"unknown key {'.'.join((*at, key))!r} in {where}"
                + (f"; did you mean {'.'.join((*at, guess))!r}?" if guess else ""),
                facts=(f"known keys here: {', '.join(known)}",),
            )
        _refuse_unknown(item, hints[key], where, (*at, key))


def _leaves(value: object, at: tuple[str, ...]) -> Iterator[tuple[str, object]]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _leaves(getattr(value, field.name), (*at, field.name))
    else:
        yield ".".join(at), value
