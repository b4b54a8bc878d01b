"""What each mode needs, may have and cannot use; what each option may hold."""

from contextlib import suppress
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import recalls
from campaigns.rulebooks import shipped
from campaigns.terms import BadTerms, agree, amend, flag, hold_to, seconds, written
from campaigns.words import Mode, Purpose

SOUND = {
    "purpose": "debt_reminder",
    "creditor": "Công ty Mẫu",
    "advertiser": "Công ty Mẫu",
    "brandname": "CTY MAU",
    "brandname_until": "2027-12-31",
    "queue_code": "Q1",
    "vendor_campaign_id": "C-1",
    "template": "IVR-1",
    "queue_agents": "5001",
    "agents": "101=user,102",
    "wrap_up": "45s",
    "hotline": "19001919",
    "precall_ratio": "200",
    "concurrent_call": "7",
    "max_recall_count": "0",
    "min_recall_duration": "5",
    "recall_delay": "0s",
    "recalls": "busy=5m x2 day 3, no-answered=2h run 4 all 9",
    "quiet_time": "1d",
    "variables": "dpd,total_ovd_amount",
    "rulebook": "none",
    "weight": "3",
}
# Read off the contract's table, not off the code: N needed, m may have, - cannot use.
TABLE = """
option              autodialer  autocall  click2call
purpose             m           m         m
creditor            m           m         m
advertiser          m           m         m
brandname           m           m         m
brandname_until     m           m         m
queue_code          N           N         -
vendor_campaign_id  N           -         -
template            -           N         -
queue_agents        m           -         -
agents              N           -         N
wrap_up             m           -         m
hotline             -           -         m
precall_ratio       m           -         -
concurrent_call     m           m         m
max_recall_count    m           m         m
min_recall_duration m           m         m
recall_delay        m           m         m
recalls             m           m         m
quiet_time          m           m         m
variables           -           m         -
rulebook            m           m         m
weight              m           m         m
"""
_HEAD, *_ROWS = (line.split() for line in TABLE.strip().splitlines())
CELLS = {(row[0], Mode(mode)): cell for row in _ROWS for mode, cell in zip(_HEAD[1:], row[1:], strict=True)}


def needed(mode: Mode) -> dict[str, str]:
    return {option: SOUND[option] for (option, other), cell in CELLS.items() if other is mode and cell == "N"}


def test_the_table_speaks_of_every_option_in_every_mode() -> None:
    assert set(CELLS) == set(product(SOUND, Mode))


@pytest.mark.parametrize(("option", "mode"), CELLS)
def test_a_mode_needs_may_have_or_cannot_use_an_option(option: str, mode: Mode) -> None:
    bare = {name: text for name, text in needed(mode).items() if name != option}
    with_it = {**bare, option: SOUND[option]}
    match CELLS[option, mode]:
        case "N":
            assert agree(mode, with_it)[option]
            with pytest.raises(BadTerms, match=f"^{flag(option)} is needed in mode {mode}$"):
                agree(mode, bare)
        case "m":
            assert agree(mode, with_it)[option] is not None
            agree(mode, bare)
        case "-":
            with pytest.raises(BadTerms, match=f"^{flag(option)} means nothing in mode {mode}$"):
                agree(mode, with_it)


def test_the_defaults_are_those_of_the_mode() -> None:
    dialer, script, agent = (agree(mode, needed(mode)) for mode in (Mode.AUTODIALER, Mode.AUTOCALL, Mode.CLICK2CALL))
    assert (dialer["precall_ratio"], dialer["concurrent_call"]) == (150, None)
    assert (script["precall_ratio"], script["concurrent_call"]) == (None, 5)
    assert (agent["precall_ratio"], agent["concurrent_call"]) == (None, None)
    for terms in (dialer, script, agent):
        assert (terms["purpose"], terms["rulebook"], terms["weight"]) == (Purpose.DEBT_REMINDER, "vn-debt", 1)
        assert (terms["max_recall_count"], terms["min_recall_duration"], terms["recall_delay"]) == (2, 3, 900)


def test_values_are_read() -> None:
    terms = agree(Mode.AUTODIALER, {**needed(Mode.AUTODIALER), "wrap_up": "1m30s", "recall_delay": "2h"})
    assert terms["agents"] == {"101": "user", "102": None}
    assert (terms["wrap_up"], terms["recall_delay"]) == (90, 7200)
    assert agree(Mode.AUTOCALL, {**needed(Mode.AUTOCALL), "variables": "dpd, due_date"})["variables"] == [
        "dpd",
        "due_date",
    ]


BAD = {
    "purpose": ("begging", "debt_reminder"),
    "creditor": ("two\nlines", "one line"),
    "queue_code": ("two words", "one word"),
    "agents": ("101,101", "101 twice"),
    "wrap_up": ("2h", "at most 1h"),
    "precall_ratio": ("1.5", "from 10 to 1000"),
    "concurrent_call": ("0", "from 1 to"),
    "max_recall_count": ("-1", "from 0 to 20"),
    "min_recall_duration": ("an hour", "such as 30s"),
    "recall_delay": ("15 minutes", "such as 30s, 15m"),
    "recalls": ("engaged=5m", "as in 'busy=5m"),
    "quiet_time": ("31d", "at most 30d"),
    "brandname_until": ("soon", "2027-12-31"),
    "rulebook": ("my own", "one word"),
    "weight": ("101", "from 1 to 100"),
}


@pytest.mark.parametrize("option", BAD)
def test_a_bad_value_is_answered_by_one_sentence_that_names_the_option_and_what_is_allowed(option: str) -> None:
    text, allowed = BAD[option]
    with pytest.raises(BadTerms) as refused:
        agree(Mode.AUTODIALER, {**needed(Mode.AUTODIALER), option: text})
    sentence = str(refused.value)
    assert sentence.startswith(f"{flag(option)} ")
    assert allowed in sentence
    assert "\n" not in sentence
    assert refused.value.option == option


@pytest.mark.parametrize("agents", ["1", "1234567", "101=", "101=a b", "abc", "101,,102"])
def test_what_is_no_extension_is_no_agent(agents: str) -> None:
    with pytest.raises(BadTerms, match=r"^--agents "):
        agree(Mode.CLICK2CALL, {"agents": agents})


@pytest.mark.parametrize("variables", ["dpd,dpd", "dpd,,due_date", ","])
def test_variables_are_named_once_each(variables: str) -> None:
    with pytest.raises(BadTerms, match=r"^--variables "):
        agree(Mode.AUTOCALL, {**needed(Mode.AUTOCALL), "variables": variables})


def test_an_empty_text_takes_an_option_away_but_not_one_that_is_needed() -> None:
    assert amend(Mode.CLICK2CALL, {"hotline": "", "concurrent_call": ""}) == {"hotline": None, "concurrent_call": None}
    assert amend(Mode.AUTOCALL, {"concurrent_call": ""}) == {"concurrent_call": 5}
    with pytest.raises(BadTerms, match=r"^--agents is needed in mode click2call and cannot be taken away"):
        amend(Mode.CLICK2CALL, {"agents": ""})


def test_what_is_not_given_is_not_changed() -> None:
    assert amend(Mode.AUTOCALL, {}) == {}
    assert amend(Mode.AUTOCALL, {"weight": "2"}) == {"weight": 2}


def test_one_wait_for_every_recall_takes_the_place_of_those_by_outcome() -> None:
    assert agree(Mode.AUTOCALL, needed(Mode.AUTOCALL))["recalls"] == {
        "busy": {"delay": 300},
        "no-answered": {"delay": 7200},
        "not-available": {"delay": 14400},
    }
    assert amend(Mode.AUTOCALL, {"recall_delay": "1m"}) == {"recall_delay": 60, "recalls": {}}
    both = amend(Mode.AUTOCALL, {"recall_delay": "1m", "recalls": "busy=2m x1.5 day 3 run 4 all 9"})
    told = {"delay": 120, "growth": 1.5, "per_day": 3, "per_run": 4, "in_all": 9}
    assert both == {"recall_delay": 60, "recalls": {"busy": told}}
    assert recalls.written(both["recalls"], written) == "busy=2m x1.5 day 3 run 4 all 9"


def test_a_campaign_for_which_no_rulebook_goes_without_saying_must_name_one() -> None:
    with pytest.raises(BadTerms, match=r"^--rulebook is needed for purpose service"):
        agree(Mode.AUTOCALL, {**needed(Mode.AUTOCALL), "purpose": "service"})
    assert agree(Mode.AUTOCALL, {**needed(Mode.AUTOCALL), "purpose": "marketing"})["rulebook"] == "vn-marketing"


def test_terms_that_cannot_be_called_under_their_rulebook_are_refused_by_name() -> None:
    terms = agree(Mode.AUTOCALL, needed(Mode.AUTOCALL))
    with pytest.raises(BadTerms, match=r"^--creditor is needed under rulebook vn-debt"):
        hold_to(terms, shipped()["vn-debt"])
    with pytest.raises(BadTerms, match=r"^--rulebook vn-marketing is not for purpose debt_reminder"):
        hold_to(terms, shipped()["vn-marketing"])
    hold_to(terms | {"creditor": "Công ty Mẫu"}, shipped()["vn-debt"])
    hold_to(terms, shipped()["none"])


@given(st.integers(0, 10**9))
def test_a_duration_written_reads_the_same(count: int) -> None:
    assert seconds(written(count)) == count
    assert seconds(str(count)) == count


@given(st.text(max_size=12))
def test_no_text_makes_the_reading_of_terms_fail_otherwise(text: str) -> None:
    for mode, option in product(Mode, SOUND):
        with suppress(BadTerms):
            assert set(amend(mode, {option: text})) - {"recalls"} == {option} - {"recalls"}
