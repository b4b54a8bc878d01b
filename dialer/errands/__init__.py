"""What is done for a job, by its kind: `RUN[kind](errand)`.

importing   a list that was sent is brought into a campaign
recording   contacts, consents, numbers and copies of registers come in
exporting   a report is written into a file
erasing     a person is forgotten
inquiring   a vendor is asked how things stand there, or an account taken off
examining   the evidence is verified, and calls are judged again
sweeping    those who wait are looked at again; silent calls are asked about now

An errand reads and computes in transactions of its own, and writes what it changes together with the job's end. What
cannot be done is raised as `Failed`; where another worker took the job over, as `Lost`.
"""

from collections.abc import Awaitable, Callable, Mapping

from campaigns.words import JobKind
from dialer.errands.erasing import erase
from dialer.errands.errand import Errand
from dialer.errands.examining import replay, verify
from dialer.errands.exporting import export
from dialer.errands.importing import import_list
from dialer.errands.inquiring import check_vendor, remove_vendor
from dialer.errands.recording import consents, contacts, numbers, register
from dialer.errands.sweeping import reconcile, sweep


async def _bring(errand: Errand) -> None:
    """What comes in is a list of customers, or what the job says."""
    kinds = {"contacts": contacts, "consents": consents, "numbers": numbers, "register": register}
    await kinds.get(errand.job.asked.get("what", ""), import_list)(errand)


RUN: Mapping[JobKind, Callable[[Errand], Awaitable[None]]] = {
    JobKind.IMPORT: _bring,
    JobKind.EXPORT: export,
    JobKind.RECALL_SWEEP: sweep,
    JobKind.RECONCILIATION: reconcile,
    JobKind.ERASURE: erase,
    JobKind.VENDOR_CHECK: check_vendor,
    JobKind.VENDOR_REMOVAL: remove_vendor,
    JobKind.VERIFICATION: verify,
    JobKind.REPLAY: replay,
}

__all__ = ["RUN", "Errand"]
