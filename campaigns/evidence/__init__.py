"""What proves how people were called, sealed in a hash chain for each tenant. Writers never wait for it.

pseudonyms  personal fields stand in the chain as keyed hashes, so that they can be erased and the chain stays true
kinds       which rows are evidence, and the one line of text that stands for each
cuts        up to where rows can be sealed, because nothing can commit below any more
chain       segments, their digests, and the links between them
verifying   everything computed again: what was changed, is missing, was added
refolding   every call folded again from its facts: what it is must be what they come to
"""

from campaigns.evidence.chain import BATCH, Advanced, Segment, advance, append, found, gather, heads, link_of
from campaigns.evidence.cuts import Cut, closed, cut, waiting
from campaigns.evidence.kinds import KINDS, LIFTING, Kind
from campaigns.evidence.pseudonyms import Pseudonyms, is_pseudonym
from campaigns.evidence.refolding import Refolded, refold
from campaigns.evidence.verifying import Examination, Fault, Finding, Period

__all__ = [
    "BATCH",
    "KINDS",
    "LIFTING",
    "Advanced",
    "Cut",
    "Examination",
    "Fault",
    "Finding",
    "Kind",
    "Period",
    "Pseudonyms",
    "Refolded",
    "Segment",
    "advance",
    "append",
    "closed",
    "cut",
    "found",
    "gather",
    "heads",
    "is_pseudonym",
    "link_of",
    "refold",
    "waiting",
]
