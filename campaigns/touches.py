"""What happened with people lately, and when a cap over it lets one more call through. Pure.

A touch is whatever reached, or may have reached, a person: our calls, those of hand and inbound ones, messages, visits.
A cap counts touches of one basis that agree with the call to come in all that the cap goes by.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.rulebooks import Cap
from campaigns.words import Basis, Per, Purpose


@dataclass(frozen=True, slots=True)
class Touch:
    """`at`: when the telephone rang, or as near to it as we know. A None, or no contract at all, is what we cannot
    tell, and then it counts."""

    at: datetime
    person_id: int | None
    phone: str | None
    purpose: Purpose | None = None
    advertiser: str | None = None
    campaign_id: int | None = None
    contracts: tuple[str, ...] = ()
    attempt: bool = True
    """A call to him that may have rung."""
    message: bool = False
    """An SMS, a letter, a visit: no call, and yet a reminder."""
    conversation: bool = False
    pending: bool = False
    """The call is over, and it is not known yet whether somebody spoke, or whether it was this call that ended."""
    call_id: int | None = None


@dataclass(frozen=True, slots=True)
class Aim:
    """The call to come, by what caps go by."""

    person_id: int
    phone: str
    advertiser: str | None
    campaign_id: int
    contracts: tuple[str, ...]


def _same_advertiser(touch: Touch, aim: Aim) -> bool:
    if touch.advertiser is None:
        return touch.purpose in (Purpose.MARKETING, None)
    return touch.advertiser == aim.advertiser


def counts(touch: Touch, basis: Basis) -> bool:
    """Whether a touch is one of what the cap is over."""
    match basis:
        case Basis.ATTEMPTS:
            return touch.attempt
        case Basis.REMINDERS:
            return (touch.attempt or touch.message) and touch.purpose in (Purpose.DEBT_REMINDER, None)
        case Basis.CONVERSATIONS:
            return touch.conversation


def _agrees(touch: Touch, aim: Aim, per: frozenset[Per], contract: str) -> bool:
    """`contract` is one of the call's; empty: we cannot tell of which debt the call will be, so it may be any."""
    return (
        (Per.PERSON not in per or touch.person_id == aim.person_id)
        and (Per.NUMBER not in per or touch.phone == aim.phone)
        and (Per.CAMPAIGN not in per or touch.campaign_id == aim.campaign_id)
        and (Per.ADVERTISER not in per or _same_advertiser(touch, aim))
        and (Per.DEBT not in per or not contract or not touch.contracts or contract in touch.contracts)
    )


def freed(cap: Cap, touches: Iterable[Touch], aim: Aim, zones: Sequence[str], now: datetime) -> datetime | None:
    """None where one more call is allowed now, else the first moment at which one is. A call is about each of its
    debts, so the one that was spoken of most decides."""
    counted = [touch for touch in touches if counts(touch, cap.of)]
    if len(counted) < cap.limit:
        return None
    debts = aim.contracts if Per.DEBT in cap.per and aim.contracts else ("",)
    waits = (
        cap.freed(now, zones, [touch.at for touch in counted if _agrees(touch, aim, cap.per, debt)]) for debt in debts
    )
    return max((wait for wait in waits if wait is not None), default=None)
