"""`dialer campaign explain`: the sentence that answers, in two languages, and what stands under it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from founding import START

from campaigns import reports
from campaigns.breaker import Breaker
from campaigns.queue import Snapshot
from campaigns.reports import Explanation
from campaigns.reports.explaining import HOURS
from campaigns.words import Reason, Wanted
from dialer.commands.hints import HINTS, hint
from dialer.commands.language import VIETNAMESE
from dialer.commands.sentences import Floor, headline, sentence
from dialer.commands.session import read_settings
from dialer.pacing import Allotment
from dialer.runtime import alone

from .conftest import Cli

ZONE = "Asia/Ho_Chi_Minh"
SNAPSHOT = Snapshot(
    campaign_live=12,
    unanswered=9,
    in_conversation_unseen=0,
    account_live=14,
    tenant_live=20,
    agents_available=0,
    channels=15,
    reserve=1,
    tenant_limit=20,
    share=None,
    owed=0,
    leased=0,
    my_turn=True,
    feeding_blocked=False,
    resumes_at=None,
    breaker=Breaker(),
)
ROOM = Floor(SNAPSHOT, Allotment(4, Reason.ROOM), 12, {}, None)
PLAIN = Explanation(
    code="C1",
    wanted=Wanted.RUNNING,
    rulebook="vn-debt",
    version="1",
    hours_rule="VN-DEBT-HOURS",
    customers=10,
    final=2,
    in_call=3,
    waiting=5,
    looked_at=5,
    answer=None,
    groups=[reports.Group("turn", None, None, 5)],
    next=[reports.Turn("K1", START, "turn", None)],
    since=START,
    due=[5],
    open=[1.0],
)
TOMORROW = START + timedelta(hours=22)
CLOSED = replace(
    PLAIN,
    groups=[reports.Group("gate", Reason.OUTSIDE_HOURS, None, 5, TOMORROW, TOMORROW)],
    next=[reports.Turn("K1", TOMORROW, "gate", Reason.OUTSIDE_HOURS)],
)
HOPELESS = replace(
    PLAIN,
    groups=[reports.Group("gate", Reason.NO_NUMBER, None, 1), reports.Group("gate", Reason.SUPPRESSED, None, 4)],
    next=[reports.Turn("K1", None, "gate", Reason.NO_NUMBER)],
)


def against(about: Any, reason: Reason | None, detail: str | None = None, **more: Any) -> Explanation:
    return replace(PLAIN, answer=reports.Answer(about, reason, detail=detail), **more)


def held(because: Reason) -> Floor:
    return replace(ROOM, allotment=Allotment(0, because), agents={"in-call": 3, "paused": 2})


@pytest.mark.parametrize(
    ("told", "there", "kind", "says"),
    [
        (replace(PLAIN, customers=0), ROOM, "empty", "Nobody is on the list: dialer list import C1 FILE."),
        (replace(PLAIN, waiting=0, in_call=0), ROOM, "over", "all 10 customers are final"),
        (against("campaign", None, "draft", wanted=Wanted.DRAFT), ROOM, "wanted", "is draft; dialer campaign start C1"),
        (
            against("campaign", Reason.UNORDERED_RING, "a ring", wanted=Wanted.PAUSED),
            ROOM,
            "wanted",
            "the campaign is paused (unordered-ring: a ring); look at",
        ),
        (
            against("campaign", Reason.REGISTER_STALE, "vn-debt"),
            ROOM,
            "forbidden",
            "Nobody may be called: register-stale (rulebook vn-debt); a fresh copy",
        ),
        (against("vendor", Reason.THROTTLED), ROOM, "vendor", "the vendor account, throttled"),
        (PLAIN, replace(ROOM, served=False), "unserved", "no engine serves"),
        (replace(PLAIN, waiting=0), ROOM, "in-call", "the 3 customers who are not final are in a call"),
        (CLOSED, ROOM, "later", "Nobody may be called before 07:00 tomorrow: outside-hours (rulebook vn-debt, VN-DEBT"),
        (replace(CLOSED, waiting=9), ROOM, "later", "Of the first 5 of 9 looked at, nobody may be called before"),
        (HOPELESS, ROOM, "never", "mostly suppressed; dialer dnc remove"),
        (PLAIN, ROOM, "called", "5 customers may be called now, and there is room for 4 more calls."),
        (PLAIN, held(Reason.AT_CAMPAIGN_LIMIT), "at-campaign-limit", "12 calls are live and the ceiling is 12"),
        (
            PLAIN,
            held(Reason.AT_VENDOR_LIMIT),
            "at-vendor-limit",
            "14 calls are live on the vendor account",
        ),
        (
            PLAIN,
            held(Reason.AT_TENANT_LIMIT),
            "at-tenant-limit",
            "20 calls of the company are live",
        ),
        (
            PLAIN,
            held(Reason.NO_AGENT),
            "no-agent",
            "0 agents can take one now (3 in-call, 2 paused); 9",
        ),
        (PLAIN, held(Reason.QUEUE_NOT_READY), "held", "No further call: queue-not-ready; goes by itself"),
    ],
)
def test_the_first_line_is_one_sentence_that_answers(
    monkeypatch: pytest.MonkeyPatch, told: Explanation, there: Floor, kind: str, says: str
) -> None:
    monkeypatch.setenv("DIALER_LANG", "en")
    assert headline(told, there).kind == kind
    english = sentence(told, there, START, ZONE)
    assert says in english
    monkeypatch.setenv("DIALER_LANG", "vi")
    assert sentence(told, there, START, ZONE) not in ("", english)


def test_every_reason_has_its_vietnamese_and_a_hint_in_two_languages() -> None:
    assert {reason.value for reason in Reason} <= VIETNAMESE.keys()
    assert set(HINTS) == set(Reason)
    assert all(text.format(code="C1", rulebook="none") for pair in HINTS.values() for text in pair)


@pytest.mark.parametrize(("served", "told"), [(True, "their turn"), (False, "dialer serve"), (None, "if no engine")])
def test_who_waits_for_his_turn_is_told_of_an_engine_only_where_none_may_serve(served: bool | None, told: str) -> None:
    assert told in hint(None, "C1", "none", served)


@pytest.mark.usefixtures("listed")
def test_the_command_tells_a_draft_and_a_campaign_that_nobody_serves(cli: Cli) -> None:
    told = cli("campaign", "explain", "C1")
    assert told.code == 0
    assert told.out.splitlines()[0] == "Nobody is called: the campaign is draft; dialer campaign start C1."
    assert cli("campaign", "start", "C1").code == 0
    assert cli("campaign", "explain", "C1").out.startswith("Nobody is called: no engine serves; dialer serve.")
    said = cli("campaign", "explain", "C1", "--json").json
    assert (said["headline"]["kind"], said["served"], said["customers"]) == ("unserved", False, 3)
    assert sum(group["customers"] for group in said["groups"]) == 3
    assert len(said["due"]) == HOURS
    assert {turn["code"] for turn in said["next"]} == {"KH1", "KH2", "KH3"}


@pytest.mark.usefixtures("listed")
def test_the_command_knows_an_engine_by_its_lock(cli: Cli) -> None:
    assert cli("campaign", "set", "C1", "--rulebook", "none").code == 0
    assert cli("campaign", "start", "C1").code == 0
    with alone(read_settings()):
        told = cli("campaign", "explain", "C1")
        assert told.out.startswith("3 customers may be called now, and there is room for 3 more calls.")
    assert cli("campaign", "explain", "C1", "--json").json["served"] is False


@pytest.mark.usefixtures("listed")
def test_it_speaks_vietnamese_and_json_does_not_change_its_words(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    english = cli("campaign", "explain", "C1", "--json").json
    monkeypatch.setenv("DIALER_LANG", "vi")
    assert cli("campaign", "explain", "C1").out.startswith("Chưa gọi ai: chiến dịch nháp; dialer campaign start C1.")
    vietnamese = cli("campaign", "explain", "C1", "--json").json
    assert vietnamese["groups"] == english["groups"]
    assert vietnamese["headline"] == english["headline"]


@pytest.mark.usefixtures("listed")
def test_a_watcher_sees_the_end_and_is_let_go(cli: Cli) -> None:
    assert cli("list", "withdraw", "C1", "KH1", "KH2", "KH3", "--reason", "paid").code == 0
    watched = cli("campaign", "explain", "C1", "--watch")
    assert "Nobody is left to call: all 3 customers are final." in watched.out
    assert "exclude each other" in cli("campaign", "explain", "C1", "--watch", "--json").complaint


@pytest.mark.usefixtures("listed")
def test_the_rulebook_none_is_a_warning_wherever_the_campaign_is_shown(cli: Cli) -> None:
    shown = [("campaign", "list"), *(("campaign", verb, "C1") for verb in ("status", "explain", "set"))]
    for words in shown:
        assert "rulebook none" not in cli(*words).err
    commands = [("campaign", "set", "C1", "--rulebook", "none"), ("campaign", "start", "C1"), *shown]
    for words in commands:
        assert "warning: rulebook none: hours and caps are off for campaign C1" in cli(*words).err
    assert "hours and caps are off" in cli("campaign", "list", "--json").json["campaigns"][0]["warnings"][0]
    assert "hours and caps are off" in cli("campaign", "explain", "C1", "--json").json["warnings"][0]
