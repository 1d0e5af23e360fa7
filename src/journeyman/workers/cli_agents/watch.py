"""Whether a running CLI is alive: its output, the processor time of its processes, and new processes."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Pulse:
    """One look at a program and everything that it started."""

    cpu_s: float
    """Seconds of processor time, those of children that have ended included."""
    pids: frozenset[int]


@dataclass
class Liveness:
    """Decides from looks whether the program has been silent for too long."""

    silence_s: float
    idle_cpu: float
    """The share of a core that it burns while it only waits: that much is no sign of life."""
    _since: float | None = None
    _signs: int = -1
    _cpu_s: float = 0.0
    _pids: frozenset[int] = field(default_factory=frozenset)

    def silent(self, now: float, signs: int, pulse: Pulse | None) -> bool:
        """Take a look into account. ``pulse`` is ``None`` when nothing can be seen of its processes."""
        pulse = pulse or Pulse(self._cpu_s, self._pids)
        if self._since is None or self._alive(now - self._since, signs, pulse):
            self._since, self._signs, self._cpu_s, self._pids = now, signs, pulse.cpu_s, pulse.pids
        return now - self._since >= self.silence_s

    def _alive(self, quiet_s: float, signs: int, pulse: Pulse) -> bool:
        # At least a second of work, so that a short burst of housekeeping is no sign either.
        burnt = pulse.cpu_s - self._cpu_s > max(1.0, self.idle_cpu * quiet_s)
        return signs != self._signs or burnt or bool(pulse.pids - self._pids)


def look(pid: int) -> Pulse | None:
    """The processes below ``pid``, itself included; ``None`` when it is gone."""
    import psutil

    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return None
    cpu_s = 0.0
    for process in family:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        cpu_s += times.user + times.system + times.children_user + times.children_system
    return Pulse(cpu_s, frozenset(process.pid for process in family))
