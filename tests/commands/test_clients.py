"""`dialer client`: a secret is shown once, a name is revoked, keys are changed."""

import pytest

from campaigns.words import Right
from commands.conftest import Cli


def test_a_client_s_secret_is_shown_once_and_never_again(cli: Cli) -> None:
    made = cli("client", "add", "crm", "--scope", "call:place", "--scope", "campaign:read", "--json").json
    assert made["scopes"] == ["call:place", "campaign:read"]
    for listed in (cli("client", "list"), cli("client", "list", "--json")):
        assert made["client_id"] in listed.out
        assert made["client_secret"] not in listed.out + listed.err


def test_the_secret_comes_on_standard_output_and_the_warning_beside_it(cli: Cli) -> None:
    made = cli("client", "add", "crm", "--scope", "admin")
    assert [line.split()[0] for line in made.out.splitlines()] == ["client_id", "client_secret"]
    assert "this once" in made.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["add", "crm", "--scope", "everything"], "must be one of"),
        (["add", "a b", "--scope", "admin"], "must be 1 to 64 letters"),
        (["revoke", "crm"], "there is no client crm"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(cli: Cli, words: list[str], says: str) -> None:
    assert says in cli("client", *words).complaint


def test_a_name_is_taken_until_it_is_revoked(cli: Cli) -> None:
    cli("client", "add", "crm", "--scope", Right.ADMIN)
    assert "revoke it first" in cli("client", "add", "crm", "--scope", "admin").complaint
    assert cli("client", "revoke", "crm", "--json").json == {"name": "crm", "revoked": True}
    cli("client", "add", "crm", "--scope", "admin", "--json").json  # noqa: B018
    ended = [one["revoked_at"] is not None for one in cli("client", "list", "--json").json["clients"]]
    assert ended == [True, False]


def test_each_rotation_signs_with_another_key(cli: Cli) -> None:
    assert cli("client", "rotate-keys", "--json").json != cli("client", "rotate-keys", "--json").json
