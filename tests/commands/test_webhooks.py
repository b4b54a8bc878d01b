"""`dialer webhook`: a secret is shown once, addresses of the house are refused, dead letters are found and replayed."""

import pytest
from sqlalchemy import create_engine, update

from campaigns.models import Delivery
from campaigns.rows import table
from campaigns.words import DeliveryState
from commands.conftest import Cli

URL = "https://crm.example.com/events"


def test_a_webhook_s_secret_is_shown_once_and_again_only_as_another(cli: Cli) -> None:
    made = cli("webhook", "add", "crm", URL, "--event", "call.*", "--json").json
    assert made["secret"].startswith("whsec_")
    for listed in (cli("webhook", "list"), cli("webhook", "list", "--json")):
        assert URL in listed.out
        assert made["secret"] not in listed.out + listed.err
    renewed = cli("webhook", "rotate", "crm")
    assert "this once" in renewed.err
    assert made["secret"] not in renewed.out
    assert cli("webhook", "rotate", "per-call", "--json").json["secret"].startswith("whsec_")
    assert cli("webhook", "remove", "crm").code == 0
    assert [one["name"] for one in cli("webhook", "list", "--json").json["webhooks"]] == ["per-call"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["add", "crm", "https://169.254.169.254/"], "private network"),
        (["add", "crm", "http://crm.example.com/"], "https://"),
        (["add", "crm", "nothing"], "must be a URL"),
        (["add", "crm", URL, "--event", "call.sung"], "call.sung is no kind of event"),
        (["add", "per-call", URL], "another name"),
        (["rotate", "crm"], "there is no webhook crm"),
        (["test", "crm"], "there is no webhook crm"),
        (["dead", "7"], "there is no dead delivery 7"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(cli: Cli, words: list[str], says: str) -> None:
    assert says in cli("webhook", *words).complaint


def test_nobody_at_the_other_end_is_said_and_is_exit_code_one(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIALER_EGRESS_ALLOW", "127.0.0.0/8")
    cli("webhook", "add", "crm", "http://127.0.0.1:9/")
    tried = cli("webhook", "test", "crm")
    assert (tried.code, tried.err) == (1, "")
    assert "not-reached" in tried.out
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")
    assert "không kết nối được" in cli("webhook", "test", "crm").out


def test_what_is_dead_is_listed_and_replayed(cli: Cli, listed: object, tmp_path: object) -> None:
    cli("webhook", "add", "crm", URL)
    engine = create_engine(f"sqlite:///{tmp_path}/data/dialer.db")
    from campaigns.events import deliveries, webhooks
    from dialer.database import clock

    with engine.begin() as conn:
        row = deliveries.try_out(conn, clock(conn), webhooks.find(conn, 1, "crm"))
        conn.execute(update(table(Delivery)).values(state=DeliveryState.DEAD))
    engine.dispose()
    assert [one["id"] for one in cli("webhook", "dead", "--json").json["deliveries"]] == [row]
    assert "webhook.test" in cli("webhook", "dead").out
    assert cli("webhook", "dead", "--replay", "--json").json == {"replayed": 1}
    assert cli("webhook", "dead", "--json").json == {"deliveries": []}


def test_the_kinds_of_events_are_shown_and_their_schemas_too(cli: Cli) -> None:
    assert "call.settled" in cli("webhook", "events").out
    schemas = cli("webhook", "events", "--json").json
    assert schemas["call.settled"]["properties"]["data"]["properties"]["outcome"]
