"""Who is let in: secrets, tokens, keys, and their ends."""

import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import anyio
import founding
import pytest
from argon2 import extract_parameters
from databases import Desk
from founding import Company
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

from api.conftest import KEY, SECRET, Client, Door, client_of, new_client, open_door
from campaigns import clients
from campaigns.words import Right
from dialer import tokens
from dialer.api import access, guessing
from dialer.database import clock
from dialer.vault import Vault


def test_a_secret_becomes_a_short_token_by_basic_and_by_form(door: Door, company: Company) -> None:
    client_id = door.desk.run(new_client, company, "crm", (Right.CALL_PLACE,))
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": SECRET}
    for answer in (door.token(client_id), door.ask("POST", "/oauth/token", data=form)):
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.json["token_type"] == "Bearer"
        assert answer.json["expires_in"] == tokens.LIVES.total_seconds()
        assert answer.json["scope"] == "call:place"


@pytest.mark.parametrize("secret", ["", "wrong", SECRET + "x"])
def test_a_wrong_secret_is_a_wrong_client(door: Door, company: Company, secret: str) -> None:
    client_id = door.desk.run(new_client, company, "crm", (Right.ADMIN,))
    for answer in (door.token(client_id, secret), door.token("c_nobody", secret), door.token("a\x00b", SECRET)):
        assert (answer.status, answer.json) == (401, {"error": "invalid_client"})


def test_a_secret_is_known_by_its_hash_alone_and_nobody_is_told_from_somebody_by_the_time_it_takes() -> None:
    kept = tokens.hashed(SECRET)
    assert tokens.matches(kept, SECRET)
    assert not tokens.matches(kept, SECRET + "x")
    assert not tokens.matches(None, "nobody")
    assert extract_parameters(tokens.NOBODY) == extract_parameters(kept)


def test_a_client_may_ask_for_less_than_it_may_and_not_for_more(door: Door, company: Company) -> None:
    rights = (Right.CAMPAIGN_READ, Right.DNC_WRITE)
    client_id = door.desk.run(new_client, company, "crm", rights)
    assert door.token(client_id, scope="dnc:write").json["scope"] == "dnc:write"
    refused = door.token(client_id, scope="dnc:write admin")
    assert (refused.status, refused.json) == (400, {"error": "invalid_scope"})


def test_another_grant_and_another_form_are_refused(door: Door) -> None:
    answer = door.ask("POST", "/oauth/token", data={"grant_type": "password"})
    assert (answer.status, answer.json) == (400, {"error": "unsupported_grant_type"})
    wrong = door.ask("GET", "/oauth/token")
    assert (wrong.problem, wrong.headers["Allow"]) == ("method-not-allowed", "POST")


@pytest.mark.parametrize(
    "told",
    [
        {"json": {}},
        {"data": {}},
        {"data": b"\xff", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"data": "grant_type=a&grant_type=b", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {
            "data": {"grant_type": "client_credentials", "client_secret": "x"},
            "headers": {"Authorization": "Basic eDp5"},
        },
    ],
    ids=["json", "nothing", "no text", "twice", "both ways"],
)
def test_a_request_for_a_token_that_is_none_is_told_as_rfc_6749_has_it(door: Door, told: dict[str, Any]) -> None:
    answer = door.ask("POST", "/oauth/token", **told)
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")


def test_who_guesses_a_secret_waits_and_the_client_elsewhere_does_not(
    database: Desk, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guessing, "OF_ONE_CLIENT", 2)
    with open_door(database, trusted_proxies="127.0.0.1") as door:
        client_id = door.desk.run(new_client, company, "crm", (Right.ADMIN,))
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": "a guess"}

        def guess(address: str, **more: str) -> Any:
            return door.ask("POST", "/oauth/token", data=form | more, headers={"X-Forwarded-For": address})

        assert {guess("192.0.2.1").status for _ in range(guessing.OF_ONE_CLIENT)} == {401}
        late = guess("192.0.2.1", client_secret=SECRET)
        assert (late.status, late.json) == (429, {"error": "temporarily_unavailable"})
        assert 0 < int(late.headers["Retry-After"]) <= guessing.WINDOW + 1
        assert guess("192.0.2.2", client_secret=SECRET).status == 200


def test_a_token_can_be_verified_by_the_published_keys_which_hold_nothing_private(door: Door, crm: Client) -> None:
    published = door.ask("GET", "/.well-known/jwks.json").json
    assert all("d" not in key for key in published["keys"])
    claims = jwt.decode(crm.token, KeySet.import_key_set(published), algorithms=[tokens.ALGORITHM]).claims
    assert claims["sub"] == crm.client_id


def test_a_revoked_client_is_out_within_a_second(crm: Client) -> None:
    assert crm.ask("GET", "/v1/agents").status == 200
    crm.run(lambda conn: clients.revoke(conn, clock(conn), crm.company.tenant_id, crm.name))
    crm.door.portal.call(anyio.sleep, access.FRESH)
    assert crm.ask("GET", "/v1/agents").problem == "unauthorized"
    assert crm.door.token(crm.client_id).status == 401


def test_after_a_rotation_old_tokens_are_good_and_new_ones_are_signed_by_the_new_key(crm: Client) -> None:
    kid = crm.run(lambda conn: tokens.rotate(conn, clock(conn), crm.company.tenant_id, Vault([KEY])))
    assert crm.ask("GET", "/v1/agents").status == 200
    new = crm.door.token(crm.client_id).json["access_token"]
    assert tokens.key_name(new) == kid != tokens.key_name(crm.token)
    assert crm.door.ask("GET", "/v1/agents", new).status == 200


def test_a_token_that_is_over_is_none(crm: Client) -> None:
    def long_ago(conn: Any) -> str:
        now = clock(conn)
        key = tokens.ensure_key(conn, now, crm.company.tenant_id, Vault([KEY]))
        return tokens.signed(key, now - tokens.LIVES - timedelta(seconds=5), crm.client_id, [Right.ADMIN])

    answer = crm.door.ask("GET", "/v1/agents", crm.run(long_ago))
    assert answer.problem == "unauthorized"
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_the_key_of_one_company_lets_nobody_in_as_a_client_of_another(door: Door, crm: Client) -> None:
    other = door.desk.run(founding.company)

    def forged(conn: Any) -> str:
        key = tokens.ensure_key(conn, clock(conn), other.tenant_id, Vault([KEY]))
        return tokens.signed(key, clock(conn), crm.client_id, [Right.ADMIN])

    assert door.ask("GET", "/v1/agents", door.desk.run(forged)).problem == "unauthorized"


def part(told: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()


def test_tokens_that_we_did_not_sign_are_none(crm: Client) -> None:
    head, claims, signature = crm.token.split(".")
    kid = tokens.key_name(crm.token)
    ours = OKPKey.generate_key("Ed25519")
    other = jwt.encode({"alg": "Ed25519", "kid": kid}, {"sub": crm.client_id}, ours, algorithms=["Ed25519"])
    forged = [
        other,
        f"{part({'alg': 'none', 'kid': kid})}.{claims}.",
        f"{part({'alg': 'HS256', 'kid': kid})}.{claims}.{signature}",
        f"{head}.{part({'sub': crm.client_id, 'scope': 'admin', 'exp': 1 << 40, 'iss': 'dialer'})}.{signature}",
        f"{part({'alg': 'Ed25519', 'kid': 'nobody'})}.{claims}.{signature}",
        f"{part([])}.{claims}.{signature}",
        "x",
        "..",
        "é.é.é",
    ]
    for token in forged:
        assert crm.door.ask("GET", "/v1/agents", token).problem == "unauthorized", token


def test_the_secret_and_the_private_key_stand_nowhere_in_clear(crm: Client) -> None:
    def rows(conn: Any) -> str:
        told = [clients.find(conn, crm.client_id), clients.signing_key(conn, crm.company.tenant_id)]
        return repr([tuple(row) for row in told if row is not None])

    told = crm.run(rows)
    assert SECRET not in told
    assert '"d"' not in told
    assert "'d'" not in told


def test_a_client_s_name_is_free_again_once_it_is_revoked(door: Door, company: Company) -> None:
    first = client_of(door, company)
    with pytest.raises(clients.Taken):
        door.desk.run(new_client, company, first.name, (Right.ADMIN,))
    door.desk.run(lambda conn: clients.revoke(conn, clock(conn), company.tenant_id, first.name))
    door.desk.run(new_client, company, first.name, (Right.ADMIN,))


def test_all_who_come_to_a_worker_that_just_began_are_let_in(crm: Client) -> None:
    with open_door(crm.door.desk) as fresh:

        async def crowd() -> set[int]:
            url, headers = fresh.server.make_url("/v1/campaigns"), {"Authorization": f"Bearer {crm.token}"}
            asked = (fresh.session.get(url, headers=headers) for _ in range(2 * access.LOOKS_A_SECOND))
            return {answer.status for answer in await asyncio.gather(*asked)}

        assert fresh.portal.call(crowd) == {200}
