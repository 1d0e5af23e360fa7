"""The one registry of reasons why a run, or a command, does not end in a verified commit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """What kind of end it is; the kind decides the exit code."""

    VERIFICATION = "verification"
    USAGE = "usage"
    ENVIRONMENT = "environment"
    GUARD = "guard"
    BLOCKED = "blocked"
    WORKER = "worker"
    BUDGET = "budget"
    INTERRUPTED = "interrupted"
    BUG = "bug"
    NOTHING = "nothing"
    """There was nothing to do: no fault of anybody's."""


EXIT_CODES: dict[Family, int] = {
    Family.VERIFICATION: 1,
    Family.USAGE: 2,
    Family.ENVIRONMENT: 2,
    Family.GUARD: 3,
    Family.BLOCKED: 4,
    Family.WORKER: 5,
    Family.BUDGET: 124,
    Family.INTERRUPTED: 130,
    Family.BUG: 70,
    Family.NOTHING: 0,
}


@dataclass(frozen=True)
class StopReason:
    """One way to stop. ``because`` completes "I stopped because …"; ``next_actions`` are commands
    in which ``{run}`` stands for the run's id.
    """

    code: str
    family: Family
    because: str
    next_actions: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """What the process exits with."""
        return EXIT_CODES[self.family]


_LOOK = "jm report {run}"
_RESUME = "jm resume {run}"
_DIFF = "jm report {run} --diff"
_DOCTOR = "jm doctor"

_REASONS = (
    # VERIFY and REVIEW said no.
    StopReason(
        "verify-failed",
        Family.VERIFICATION,
        "the checks still fail after every attempt",
        (_LOOK, _DIFF, _RESUME),
    ),
    StopReason(
        "no-progress",
        Family.VERIFICATION,
        "an attempt left exactly the failures or the diff of an earlier one",
        (_LOOK, _DIFF),
    ),
    StopReason(
        "review-rejected",
        Family.VERIFICATION,
        "the review asked for changes that the attempts did not bring",
        (_LOOK, _DIFF, _RESUME),
    ),
    StopReason("nothing-to-fix", Family.NOTHING, "there is nothing to fix", (_LOOK,)),
    StopReason("nothing-changed", Family.VERIFICATION, "the worker changed nothing", (_LOOK,)),
    StopReason(
        "nothing-proven",
        Family.VERIFICATION,
        "no check passes on this tree, so nothing is proven",
        (_LOOK, _DOCTOR),
    ),
    # Guards.
    StopReason("out-of-scope", Family.GUARD, "the change leaves its scope", (_DIFF, _LOOK)),
    StopReason("protected-path", Family.GUARD, "the change touches a protected path", (_DIFF, _LOOK)),
    StopReason(
        "lockfile-changed",
        Family.GUARD,
        "the change touches a lockfile, which needs a person",
        (_DIFF, "jm resume {run} --allow-lockfile"),
    ),
    StopReason(
        "symlink-escape", Family.GUARD, "the change adds a symlink that leaves the tree", (_DIFF, _LOOK)
    ),
    StopReason("submodule-changed", Family.GUARD, "the change touches a submodule", (_DIFF, _LOOK)),
    StopReason("mode-changed", Family.GUARD, "the change flips the mode of an existing file", (_DIFF, _LOOK)),
    StopReason("diff-too-large", Family.GUARD, "the change is larger than the scope permits", (_DIFF, _LOOK)),
    StopReason(
        "tests-weakened",
        Family.GUARD,
        "the change weakens the tests or checks that judge it",
        (_DIFF, "jm resume {run} --allow-weaker-tests"),
    ),
    # A person must decide.
    StopReason(
        "worker-blocked",
        Family.BLOCKED,
        "the worker needs an answer that only a person has",
        (_LOOK, "jm resume {run} --answer -"),
    ),
    StopReason(
        "uncertain",
        Family.BLOCKED,
        "going on would be a guess",
        (_LOOK, "jm resume {run} --answer -"),
    ),
    # Workers and models.
    StopReason("worker-failed", Family.WORKER, "the worker ended with an error", (_LOOK, _RESUME, _DOCTOR)),
    StopReason(
        "worker-missing", Family.WORKER, "the worker's program could not be started", (_DOCTOR, _RESUME)
    ),
    StopReason("worker-timeout", Family.WORKER, "the worker did not finish in its time", (_LOOK, _RESUME)),
    StopReason(
        "model-unauthorized", Family.WORKER, "the model's provider refused the key", (_DOCTOR, _RESUME)
    ),
    StopReason("model-not-found", Family.WORKER, "the provider knows no such model", (_DOCTOR, _RESUME)),
    StopReason(
        "model-refused-request", Family.WORKER, "the model's provider refused the request", (_LOOK, _RESUME)
    ),
    StopReason("model-refused", Family.WORKER, "the model refused to do this task", (_LOOK,)),
    StopReason(
        "context-too-long",
        Family.WORKER,
        "the conversation no longer fits into the model's context",
        (_LOOK, _RESUME),
    ),
    StopReason(
        "model-quota",
        Family.WORKER,
        "the account at the model's provider has no quota left",
        (_DOCTOR, _RESUME),
    ),
    StopReason("model-unreachable", Family.WORKER, "the model could not be reached", (_DOCTOR, _RESUME)),
    StopReason("model-misbehaved", Family.WORKER, "the model's answers could not be used", (_LOOK, _RESUME)),
    StopReason("model-loop", Family.WORKER, "the model went round in circles", (_LOOK, _RESUME)),
    StopReason("worker-crashed", Family.WORKER, "the worker's program crashed", (_LOOK, _RESUME, _DOCTOR)),
    StopReason("worker-silent", Family.WORKER, "the worker's program hung", (_LOOK, _RESUME, _DOCTOR)),
    StopReason(
        "worker-unauthorized", Family.WORKER, "the worker's program is not logged in", (_DOCTOR, _RESUME)
    ),
    StopReason("worker-quota", Family.WORKER, "the worker's program has no quota left", (_DOCTOR, _RESUME)),
    StopReason(
        "worker-network", Family.WORKER, "the worker's program could not reach its model", (_DOCTOR, _RESUME)
    ),
    StopReason(
        "worker-garbled",
        Family.WORKER,
        "the worker's program printed events that cannot be read",
        (_LOOK, _DOCTOR),
    ),
    StopReason("over-budget", Family.BUDGET, "the run's model budget is used up", (_LOOK, _RESUME)),
    StopReason("no-worker", Family.WORKER, "no worker is configured that can do this task", ()),
    # Budgets.
    StopReason("out-of-time", Family.BUDGET, "the time budget of the run ran out", (_LOOK, _RESUME)),
    # People and crashes.
    StopReason("interrupted", Family.INTERRUPTED, "it was interrupted", (_RESUME, _LOOK)),
    # What the user has to mend: the command, the task, the configuration, the repository.
    StopReason("usage", Family.USAGE, "the command was not understood", ("jm --help",)),
    StopReason("bad-task", Family.USAGE, "the task could not be read", ()),
    StopReason("bad-config", Family.USAGE, "the configuration could not be read", ("jm config schema",)),
    StopReason("bad-session", Family.USAGE, "the replay session could not be read", ()),
    StopReason("unknown-run", Family.USAGE, "there is no such run", ("jm status",)),
    StopReason("run-locked", Family.USAGE, "another jm is working on this run", ("jm follow {run}",)),
    StopReason("not-a-repository", Family.USAGE, "this is not a git repository", ("git init",)),
    StopReason("bare-repository", Family.USAGE, "this is a bare repository", ()),
    StopReason(
        "no-commits",
        Family.USAGE,
        "the repository has no commit to start from",
        ('git commit --allow-empty -m "start"',),
    ),
    StopReason("unknown-commit", Family.USAGE, "there is no such commit", ()),
    StopReason("not-a-checkpoint", Family.USAGE, "the commit carries no evidence of Journeyman's", ()),
    StopReason(
        "tracked-state",
        Family.USAGE,
        ".journeyman/ is tracked by git, so its content cannot be trusted",
        ("git rm -r --cached .journeyman",),
    ),
    # What the machine has to offer.
    StopReason(
        "no-checks",
        Family.ENVIRONMENT,
        "no check was found, so nothing could be verified",
        ("jm init", _DOCTOR),
    ),
    StopReason("check-unavailable", Family.ENVIRONMENT, "a check cannot be started here", (_DOCTOR, _RESUME)),
    StopReason("setup-failed", Family.ENVIRONMENT, "the worktree could not be set up", (_DOCTOR, _RESUME)),
    StopReason(
        "wrong-tree",
        Family.ENVIRONMENT,
        "the checks would test another checkout's code, not this change",
        (_DOCTOR,),
    ),
    StopReason(
        "sandbox-missing", Family.ENVIRONMENT, "a sandbox is required, and none works here", (_DOCTOR,)
    ),
    StopReason("git-failed", Family.ENVIRONMENT, "a git command failed", (_DOCTOR, _RESUME)),
    StopReason("git-missing", Family.ENVIRONMENT, "git 2.31 or newer is needed", ()),
    StopReason(
        "not-writable",
        Family.ENVIRONMENT,
        "a place that Journeyman needs cannot be written",
        (_DOCTOR, _RESUME),
    ),
    StopReason(
        "context-failed",
        Family.ENVIRONMENT,
        "the index of the repository could not be read or made",
        (_DOCTOR,),
    ),
    StopReason("disk-full", Family.ENVIRONMENT, "the disk is full", (_RESUME,)),
    StopReason("corrupt-store", Family.ENVIRONMENT, "the run store is damaged", ()),
    StopReason("command-not-found", Family.ENVIRONMENT, "a program could not be started", (_DOCTOR, _RESUME)),
    # Us.
    StopReason("internal-error", Family.BUG, "Journeyman has a bug", (_LOOK, _RESUME)),
)

STOP_REASONS: dict[str, StopReason] = {reason.code: reason for reason in _REASONS}


_PROGRAMS = frozenset({"jm", "git", "cd", "rm", "ollama"})


def is_command(hint: str) -> bool:
    """Whether a hint is a command that works when pasted; else it is advice, or a form to fill in."""
    program, *words = hint.split()
    return program in _PROGRAMS and "…" not in hint and not any(map(_is_placeholder, words))


def _is_placeholder(word: str) -> bool:
    """Such as RUN_A or PROVIDER:NAME."""
    return word[0].isalpha() and word.isupper() and "/" not in word


def stop_reason(code: str) -> StopReason:
    """The registered reason; an unregistered code is a bug and says so."""
    return STOP_REASONS.get(code, STOP_REASONS["internal-error"])
