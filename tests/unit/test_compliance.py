"""The gate: one door for every call, and it is shut unless everything is known to be right."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.compliance import CLEARANCE, Cleared, Dossier, Mandate, Withheld, may_ever_dial, review, review_all
from campaigns.rulebooks import AgreedHours, shipped
from campaigns.touches import Touch
from campaigns.words import Mode, Purpose, Reason, Role, Status

NOON = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
NIGHT = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
DEBT, NONE = shipped()["vn-debt"], shipped()["none"]
RIGHT = Dossier(
    customer_id=1,
    person_id=2,
    phone="+84912345678",
    role=Role.BORROWER,
    mode=Mode.AUTOCALL,
    mandate=Mandate(Purpose.DEBT_REMINDER, "Công ty Mẫu"),
    zones=("Asia/Ho_Chi_Minh",),
)


def withheld(now: datetime = NOON, **wrong: Any) -> Withheld:
    verdict = review(RIGHT._replace(**wrong), DEBT, now)
    assert isinstance(verdict, Withheld)
    return verdict


def test_where_nothing_stands_against_it_the_call_is_cleared_for_a_few_seconds() -> None:
    verdict = review(RIGHT, DEBT, NOON)
    assert verdict == Cleared(1, 2, "+84912345678", "vn-debt", DEBT.version, NOON + CLEARANCE)


def test_a_dossier_for_somebody_else_differs_in_nothing_but_whose_it_is() -> None:
    other = {"customer_id": 7, "person_id": 8, "phone": "+84987654321"}
    assert RIGHT.of(**other) == RIGHT._replace(**other)


def test_no_rulebook_no_call() -> None:
    assert review(RIGHT, None, NOON) == Withheld(Reason.UNKNOWN_RULEBOOK)


@pytest.mark.parametrize("status", [status for status in Status if status.final])
def test_who_is_final_is_not_called(status: Status) -> None:
    assert withheld(status=status) == Withheld(Reason.WITHDRAWN)


def test_a_suppressed_number_is_not_called() -> None:
    assert withheld(suppressed=True) == Withheld(Reason.SUPPRESSED)


def test_a_number_or_a_person_in_a_call_is_left_alone_for_a_while() -> None:
    soon = NOON + RIGHT.busy_for
    assert withheld(number_in_call=True) == Withheld(Reason.NUMBER_BUSY, soon)
    assert withheld(person_in_call=True) == Withheld(Reason.PERSON_BUSY, soon)


def test_without_a_purpose_nobody_is_called() -> None:
    assert withheld(mandate=Mandate(None)) == Withheld(Reason.MISSING_PURPOSE)


@pytest.mark.parametrize("role", [Role.REFERENCE, Role.UNKNOWN])
def test_a_debt_is_told_to_nobody_but_the_debtor(role: Role) -> None:
    assert withheld(role=role) == Withheld(Reason.NO_LIABLE_NUMBER)


def test_a_number_that_may_be_another_household_is_not_reminded_of_a_debt() -> None:
    assert withheld(needs_review=True) == Withheld(Reason.NEEDS_REVIEW)


@pytest.mark.parametrize("value", [None, ""])
def test_a_script_that_lacks_a_variable_is_not_played(value: str | None) -> None:
    missing = withheld(required=("amount",), variables={"amount": value})
    assert missing == Withheld(Reason.MISSING_VARIABLE)
    assert withheld(required=("amount",)) == missing


@pytest.mark.parametrize("value", [0, "0", False])
def test_a_variable_of_zero_is_there(value: object) -> None:
    assert isinstance(review(RIGHT._replace(required=("amount",), variables={"amount": value}), DEBT, NOON), Cleared)


@pytest.mark.parametrize("mode", [Mode.CLICK2CALL, Mode.AUTODIALER])
def test_where_an_agent_talks_no_variable_is_needed(mode: Mode) -> None:
    assert isinstance(review(RIGHT._replace(mode=mode, required=("amount",)), DEBT, NOON), Cleared)


def test_outside_the_hours_he_waits_for_the_opening() -> None:
    assert withheld(NIGHT) == Withheld(Reason.OUTSIDE_HOURS, datetime(2026, 3, 3, 0, 0, tzinfo=UTC))


def test_a_zone_that_nobody_knows_is_never_open() -> None:
    assert withheld(zones=("Asia/Atlantis",)) == Withheld(Reason.UNKNOWN_ZONE)
    assert withheld(zones=("Asia",)) == Withheld(Reason.UNKNOWN_ZONE)


def test_a_long_ringing_closes_earlier() -> None:
    evening = datetime(2026, 3, 2, 13, 50, tzinfo=UTC)
    assert isinstance(review(RIGHT, DEBT, evening), Cleared)
    assert withheld(evening, ring_for=timedelta(minutes=10)).reason is Reason.OUTSIDE_HOURS


def test_without_hours_the_do_not_call_list_still_holds() -> None:
    assert isinstance(review(RIGHT, NONE, NIGHT), Cleared)
    assert review(RIGHT._replace(suppressed=True), NONE, NIGHT) == Withheld(Reason.SUPPRESSED)


@pytest.mark.parametrize("purpose", [*Purpose, None])
@pytest.mark.parametrize("needs_review", [False, True])
def test_a_reference_person_is_never_rung(purpose: Purpose | None, needs_review: bool) -> None:
    assert not may_ever_dial(Role.REFERENCE, purpose, needs_review)


@pytest.mark.parametrize("role", [Role.BORROWER, Role.CO_BORROWER, Role.GUARANTOR])
def test_who_is_liable_may_be_reminded(role: Role) -> None:
    assert may_ever_dial(role, Purpose.DEBT_REMINDER, False)
    assert not may_ever_dial(role, Purpose.DEBT_REMINDER, True)


def test_other_purposes_may_reach_who_is_not_liable() -> None:
    assert may_ever_dial(Role.UNKNOWN, Purpose.SERVICE, True)
    assert not may_ever_dial(Role.UNKNOWN, None, False)


HINDRANCES = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from([Status.DNC, Status.WITHDRAWN, Status.ANSWERED]),
        "suppressed": st.just(True),
        "number_in_call": st.just(True),
        "person_in_call": st.just(True),
        "role": st.sampled_from([Role.REFERENCE, Role.UNKNOWN]),
        "needs_review": st.just(True),
        "mandate": st.just(Mandate(None)),
        "zones": st.sampled_from([("",), ("Nowhere",), ()]),
        "required": st.just(("amount",)),
    },
)


@given(HINDRANCES, st.booleans())
def test_one_hindrance_is_enough_and_none_hides_another(hindrances: dict[str, Any], night: bool) -> None:
    verdict = review(RIGHT._replace(**hindrances), DEBT, NIGHT if night else NOON)
    assert isinstance(verdict, Cleared) == (not hindrances and not night)


def test_many_are_judged_as_each_would_be_alone() -> None:
    at = {"at": NOON - timedelta(minutes=5), "person_id": 2, "phone": RIGHT.phone}
    differing: list[dict[str, Any]] = [
        {},
        {"role": Role.REFERENCE},
        {"status": Status.DNC},
        {"suppressed": True},
        {"needs_review": True},
        {"required": ("amount",)},
        {"required": ("amount",), "variables": {"amount": 1}},
        {"zones": ()},
        {"zones": ("America/New_York",)},
        {"agreed": (AgreedHours(time(20), time(21)),)},
        {"number_in_call": True},
        {"person_in_call": True},
        {"touches": (Touch(**at, pending=True),)},
        {"touches": (Touch(**at, conversation=True),), "quiet_time": timedelta(hours=1)},
    ]
    # Each twice, so that the second is judged by what is known of the first.
    dossiers = [RIGHT._replace(**one, customer_id=n) for n in range(2) for one in differing]
    together = review_all([(dossier,) for dossier in dossiers], DEBT, NOON)
    assert together == [(dossier, review(dossier, DEBT, NOON)) for dossier in dossiers]
