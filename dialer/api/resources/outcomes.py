"""Outcomes: how a call can end, as a closed list, in the words of a screen."""

from pydantic import BaseModel, Field

from campaigns.words import Outcome, Right
from dialer.api.routes import Route, Visit

SAID = {
    Outcome.ANSWERED: ("bắt máy", "connected"),
    Outcome.BUSY: ("máy bận", "busy, or rejected"),
    Outcome.NO_ANSWERED: ("không bắt máy", "rang out"),
    Outcome.CANCEL: ("bị hủy", "hung up before it was connected"),
    Outcome.NOT_AVAILABLE: ("không liên lạc được", "the subscriber cannot be reached"),
    Outcome.INVALID: ("không hợp lệ", "failed; in click2call the agent did not pick up"),
    Outcome.ABANDONED: ("bị bỏ lỡ", "the customer answered and no agent was there"),
    Outcome.UNKNOWN: ("không rõ", "we could not learn it; it counts as an attempt"),
}


class OutcomeWord(BaseModel):
    """An outcome, and what a screen calls it."""

    word: Outcome
    vi: str
    en: str = Field(description="What it means.")


class Outcomes(BaseModel):
    """All of them: a word that is not here is never told."""

    items: list[OutcomeWord]


def list_(_visit: Visit) -> BaseModel:
    return Outcomes(items=[OutcomeWord(word=word, vi=vi, en=en) for word, (vi, en) in SAID.items()])


ROUTES = (
    Route(
        "GET", "/outcomes", "How a call can end, in Vietnamese and English.",
        (Right.REPORT_READ, Right.CAMPAIGN_READ), list_, Outcomes,
    ),
)  # fmt: skip
