"""Every figure of a run, defined here once, as a fold over its events.

Times are seconds of the run clock (see ``Event.clock_s``), so dead time between a crash and a resume is
in none of them; ``downtime_s`` and ``waiting.people_s`` tell it apart. A figure that cannot be known is
``None``, never 0: what a version did not book yet (``RunStarted.measures``) is not known of its runs.

================================  ======  =================================================================
figure                            unit    measured from … to …
================================  ======  =================================================================
tvc_s                             s       start of the run → last ``checkpoint.made`` of a verified run
total_s                           s       start of the run → last event
phases[NAME].duration_s           s       each ``phase.started`` → its ``phase.finished``, summed; a second
                                          in two phases counts for the one begun last
unattributed_s                    s       seconds between start and last event in which no phase was open
overhead_s                        s       total_s minus the union of ``worker.finished`` less its
                                          ``duration_s``, ``worker.spent`` less its ``latency_s``, waits,
                                          and VERIFY's checks
downtime_s                        s       event before ``run.resumed`` → ``run.resumed``, wall clock, summed
waiting.people_s                  s       ``run.finished`` of a final stop → ``run.resumed``, wall clock
waiting.rate_limits_s             s       ``waited_s`` of each ``worker.waited``
human_touches                     count   ``run.resumed``: a person had to say so
verification.wall_s               s       union of VERIFY's ``check.started`` → ``check.finished``
verification.first_pass_rate      share   milestones whose first ``verify.judged`` is ok, of those judged
verification.auto_fixes           count   ``rung.taken`` with the project's own fixers
workers[].latency_s               s       request → last byte of each call, told by ``worker.spent``
spend.prefix_cache_share          share   tokens_cached of tokens_in
spend.repeated_share              share   tokens_repeated of tokens_in: what a cache could have served
spend.cost_per_verified_commit…   USD     cost of the whole run, by ``checkpoint.made``; verified runs only
escalations                       count   ``rung.taken`` to a stronger model
context.hit_rate                  share   files of the last ``snapshot.made`` that a ``context.packed`` had
context.used_share                share   files that were packed and are in the last ``snapshot.made``
context.read_beyond               count   paths of ``worker.read`` that were in no pack
size                              class   the last ``task.sized``
================================  ======  =================================================================
"""

from journeyman.domain.folds.kpi.compute import compute_kpi
from journeyman.domain.folds.kpi.figures import Direction, Figure, figures, unit_of
from journeyman.domain.folds.kpi.intervals import total_of
from journeyman.domain.folds.kpi.values import (
    ContextKpi,
    Kpi,
    PhaseKpi,
    SpendKpi,
    TierKpi,
    VerificationKpi,
    WaitingKpi,
    WorkerKpi,
)

__all__ = [
    "ContextKpi",
    "Direction",
    "Figure",
    "Kpi",
    "PhaseKpi",
    "SpendKpi",
    "TierKpi",
    "VerificationKpi",
    "WaitingKpi",
    "WorkerKpi",
    "compute_kpi",
    "figures",
    "total_of",
    "unit_of",
]
