"""`dialer callflow`, `dialer allowlist` and `dialer job`: what is registered beside campaigns, and what was ordered."""

from commands.conftest import Cli


def test_a_script_is_registered_shown_and_removed(cli: Cli) -> None:
    assert "there is no vendor main" in cli("callflow", "add", "IVR-1", "--vendor", "main").complaint
    cli("vendor", "add", "main", "--url", "http://127.0.0.1:9", piped="a-key\n")
    made = cli("callflow", "add", "IVR-1", "--vendor", "main", "--variables", "dpd, amount", "--json").json
    assert made["variables"] == ["dpd", "amount"]
    assert "already" in cli("callflow", "add", "IVR-1", "--vendor", "main").complaint
    refused = cli(
        *("campaign", "create", "A", "--vendor", "main", "--mode", "autocall", "--queue-code", "Q"),
        *("--template", "IVR-1", "--creditor", "C", "--variables", "dpd,secret"),
    )
    assert "secret is none that the script IVR-1 speaks" in refused.complaint
    assert "IVR-1" in cli("callflow", "list").out
    cli("callflow", "remove", "IVR-1")
    assert cli("callflow", "list", "--json").json == {"callflows": []}


def test_a_network_is_let_in_shown_and_removed(cli: Cli) -> None:
    first = cli("allowlist", "add", "203.0.113.7", "--note", "office")
    assert "shut out" in first.err
    assert "must be an address or a network" in cli("allowlist", "add", "office").complaint
    assert "already" in cli("allowlist", "add", "203.0.113.7/32").complaint
    [row] = cli("allowlist", "list", "--json").json["allowlist"]
    assert (row["network"], row["entrance"]) == ("203.0.113.7/32", "api")
    cli("allowlist", "remove", str(row["id"]))
    assert "there is no entry" in cli("allowlist", "remove", str(row["id"])).complaint


def test_a_job_that_is_not_there_is_said_in_one_line(cli: Cli) -> None:
    assert cli("job", "list", "--json").json == {"jobs": []}
    assert "there is no job" in cli("job", "show", "j_nothing").complaint
