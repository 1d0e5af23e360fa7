"""The environment that checks and workers start from: what they need of the user's, and never a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping

_KEPT = frozenset(
    """
    PATH HOME LANG LANGUAGE TZ TERM USER LOGNAME SHELL CARGO_HOME RUSTUP_HOME RUSTUP_TOOLCHAIN
    GOPATH GOROOT GOFLAGS GOMODCACHE GOTOOLCHAIN JAVA_HOME JDK_HOME MAVEN_HOME M2_HOME GRADLE_HOME
    ANDROID_HOME SDKMAN_DIR DOTNET_ROOT PYENV_ROOT PYENV_VERSION VIRTUAL_ENV CONDA_PREFIX
    CONDA_DEFAULT_ENV UV_PYTHON_INSTALL_DIR NVM_DIR NVM_BIN FNM_DIR VOLTA_HOME PNPM_HOME BUN_INSTALL
    N_PREFIX DENO_INSTALL RBENV_ROOT GEM_HOME GEM_PATH ASDF_DIR ASDF_DATA_DIR MISE_DATA_DIR
    LD_LIBRARY_PATH LIBRARY_PATH PKG_CONFIG_PATH NIX_PROFILES SSL_CERT_FILE SSL_CERT_DIR
    NIX_SSL_CERT_FILE REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS
    """.split()  # noqa: SIM905 - words read better than quotes and commas
)
"""Not here on purpose: PYTHONPATH and NODE_PATH, which could bring in another checkout's code; TMPDIR and
XDG_*, which point at places that a sandbox hides; *_SOCK and DISPLAY, which are ways out."""

_ADDRESSES = frozenset(
    """
    HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy
    PIP_INDEX_URL PIP_EXTRA_INDEX_URL UV_INDEX_URL UV_DEFAULT_INDEX NPM_CONFIG_REGISTRY
    npm_config_registry GOPROXY
    """.split()  # noqa: SIM905 - words read better than quotes and commas
)
"""Kept unless a user name or password is written into the address."""

_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL", re.IGNORECASE)

_SET: Mapping[str, str] = {
    # Unattended in the literal sense: test runners must not watch, ask, or write new snapshots.
    "CI": "true",
    "NO_COLOR": "1",
    "PY_COLORS": "0",
    "CLICOLOR": "0",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "PIP_NO_INPUT": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "DEBIAN_FRONTEND": "noninteractive",
    "PYTHONUNBUFFERED": "1",
}

DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"


def base_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a check or worker, made from the user's ``environ``."""
    kept = {name: value for name, value in environ.items() if _is_kept(name, value)}
    return {"PATH": DEFAULT_PATH, "LANG": "C.UTF-8", **kept, **_SET}


def _is_kept(name: str, value: str) -> bool:
    if _SECRET.search(name):
        return False
    return name in _KEPT or name.startswith("LC_") or (name in _ADDRESSES and "@" not in value)
