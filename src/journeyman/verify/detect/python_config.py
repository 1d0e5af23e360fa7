"""Whether, and in which file, a repository configures one of Python's tools."""

from __future__ import annotations

from collections.abc import Mapping

from journeyman.verify.manifests import Manifests, has_table, table

# Tool: files that are its own; ini files that may hold its section, and the section's name.
_OWN_FILES: dict[str, tuple[str, ...]] = {
    "ruff": ("ruff.toml", ".ruff.toml"),
    "mypy": ("mypy.ini", ".mypy.ini"),
    "pyright": ("pyrightconfig.json",),
    "flake8": (".flake8",),
    "isort": (".isort.cfg",),
    "codespell": (".codespellrc",),
    "pytest": ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"),
}
_INI_SECTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "mypy": (("setup.cfg", "mypy"),),
    "flake8": (("setup.cfg", "flake8"), ("tox.ini", "flake8")),
    "isort": (("setup.cfg", "isort"), ("setup.cfg", "tool:isort"), ("tox.ini", "isort")),
    "codespell": (("setup.cfg", "codespell"),),
    "pytest": (("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")),
}


def configured_in(files: Manifests, tool: str) -> str | None:
    """The file that configures the tool."""
    own = files.exists(*_OWN_FILES.get(tool, ()))
    if own:
        return own
    if has_table(files.toml("pyproject.toml"), "tool", tool):
        return "pyproject.toml"
    return next((name for name, section in _INI_SECTIONS.get(tool, ()) if section in files.ini(name)), None)


def settings_of(files: Manifests, tool: str, source: str) -> Mapping[str, object]:
    """The tool's settings in the file that configures it."""
    if source == "pyproject.toml":
        return table(files.toml(source), "tool", tool)
    if source.endswith(".toml"):
        return files.toml(source)
    ini = files.ini(source)
    names = [section for name, section in _INI_SECTIONS.get(tool, ()) if name == source] + [tool]
    return next((table(ini, name) for name in names if name in ini), {})
