"""`dialer call`: one call is ordered, seen and taken back at the command line, over the functions of the API."""

import pytest

from .conftest import Cli

ORDER = ("call", "trigger", "0912 345 678", "--campaign", "C1", "--json")


@pytest.fixture
def running(cli: Cli, campaign: str) -> str:
    assert cli("campaign", "set", campaign, "--variables", "").code == 0
    assert cli("campaign", "start", campaign).code == 0
    return campaign


def test_a_call_is_ordered_seen_and_taken_back(cli: Cli, running: str) -> None:
    told = cli(*ORDER, "--id", "KH1", "--name", "Khách Một", "--wait").json
    assert (told["campaign"], told["customer"], told["phones"]) == (running, "KH1", ["+84912345678"])
    # At whatever hour this runs.
    assert told["state"] in ("waiting", "withheld")
    assert cli("call", "show", told["id"], "--json").json["id"] == told["id"]
    assert told["id"] in cli("call", "show", told["id"]).out
    assert cli("call", "cancel", told["id"], "--json").json["state"] == "cancelled"


def test_an_agent_s_order_founds_its_campaign(cli: Cli, vendor: None) -> None:
    words = ("--vendor", "sim", "--agent", "101", "--purpose", "service", "--rulebook", "none", "--json")
    told = cli("call", "trigger", "0912345678", *words).json
    assert (told["campaign"], told["agent"], told["state"]) == ("CRM-SIM-SERVICE", "101", "waiting")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("0912345678",), "--campaign is needed"),
        (("0912345678", "--campaign", "C9"), "there is no campaign C9; there is C1"),
        (("0912345678", "--vendor", "vonage", "--agent", "101"), "there is no vendor vonage; there is sim"),
        (("12", "--campaign", "C1"), "dialer: NUMBER must be a telephone number"),
        (("--campaign", "C1"), "--id or a number"),
        (("--campaign", "C1", "--id", "KH9"), "--id must stand on the campaign's list"),
        (("0912345678", "--campaign", "C1", "--purpose", "marketing"), "--purpose is not that of campaign C1"),
        (("0912345678", "--campaign", "C1", "--not-after", "2020-01-01 10:00"), "--not-after must be yet to come"),
        (("0912345678", "--campaign", "C1", "--variable", "x"), "--variable must be NAME=VALUE"),
        (
            ("0912345678", "--campaign", "C1", "--callback-url", "https://127.0.0.1/"),
            "--callback-url must not be an address",
        ),
        (("0912345678", "--campaign", "C1", "--agent", "101"), "--agent cannot be 101"),
    ],
)
def test_an_order_that_cannot_stand_is_refused_in_one_line(
    cli: Cli, campaign: str, words: tuple[str, ...], complaint: str
) -> None:
    assert complaint in cli("call", "trigger", *words).complaint


def test_an_order_that_nobody_gave_is_not_there(cli: Cli) -> None:
    assert "there is no call or order t0" in cli("call", "show", "t0").complaint
