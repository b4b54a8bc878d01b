"""What is done for a job, by its kind: `RUN[kind](errand)`.

importing   a list that was sent is brought into a campaign
recording   contacts and copies of registers come in
exporting   a report is written into a file
erasing     a person is forgotten
sweeping    those who wait are looked at again; silent calls are asked about now

An errand reads and computes in transactions of its own, and writes what it changes together with the job's end. What
cannot be done is raised as `Failed`; where another worker took the job over, as `Lost`.
"""

from collections.abc import Awaitable, Callable, Mapping

from campaigns.words import JobKind
from dialer.errands.erasing import erase
from dialer.errands.errand import Errand
from dialer.errands.exporting import export
from dialer.errands.importing import import_list
from dialer.errands.recording import contacts, register
from dialer.errands.sweeping import reconcile, sweep


async def _bring(errand: Errand) -> None:
    """What comes in is a list of customers, or what the job says."""
    await {"contacts": contacts, "register": register}.get(errand.job.asked.get("what", ""), import_list)(errand)


RUN: Mapping[JobKind, Callable[[Errand], Awaitable[None]]] = {
    JobKind.IMPORT: _bring,
    JobKind.EXPORT: export,
    JobKind.RECALL_SWEEP: sweep,
    JobKind.RECONCILIATION: reconcile,
    JobKind.ERASURE: erase,
}

__all__ = ["RUN", "Errand"]
