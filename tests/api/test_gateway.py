"""Behind a gateway: who is believed about the client, what browsers may do, TLS, and connections that stay silent."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from anyio.from_thread import BlockingPortal
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from databases import Desk

from api.conftest import Client, open_door
from dialer.api import bodies, lines, tls
from dialer.api.peers import Peer, Peers, networks
from dialer.settings import Settings

PROXIES = Peers(networks("127.0.0.0/8, 10.0.0.0/8, fd00::/8"))


def seen(peers: Peers, remote: str, **headers: str) -> Peer:
    told = [(name.replace("_", "-"), value) for name, value in headers.items()] + [("Host", "inner")]
    from multidict import CIMultiDict

    request = make_mocked_request("GET", "/", headers=CIMultiDict(told)).clone(remote=remote)
    return peers.of(request)


@pytest.mark.parametrize(
    ("remote", "headers", "address"),
    [
        ("203.0.113.9", {"X_Forwarded_For": "1.2.3.4"}, "203.0.113.9"),
        ("10.0.0.1", {}, "10.0.0.1"),
        ("10.0.0.1", {"X_Forwarded_For": "1.2.3.4"}, "1.2.3.4"),
        ("10.0.0.1", {"X_Forwarded_For": "6.6.6.6, 1.2.3.4"}, "1.2.3.4"),
        ("10.0.0.1", {"X_Forwarded_For": "6.6.6.6, 1.2.3.4, 10.9.9.9"}, "1.2.3.4"),
        ("10.0.0.1", {"X_Forwarded_For": "1.2.3.4:5678"}, "1.2.3.4"),
        ("fd00::1", {"X_Forwarded_For": "[2001:db8::1]:443"}, "2001:db8::1"),
        ("10.0.0.1", {"X_Forwarded_For": "anything, 0912345678"}, "unknown"),
        ("10.0.0.1", {"Forwarded": 'for="[2001:db8::1]:99";proto=https'}, "2001:db8::1"),
        ("10.0.0.1", {"Forwarded": "for=6.6.6.6, for=1.2.3.4;by=10.0.0.2"}, "1.2.3.4"),
        ("10.0.0.1", {"Forwarded": "for=6.6.6.6", "X_Forwarded_For": "1.2.3.4"}, "10.0.0.1"),
        ("10.0.0.1", {"Forwarded": "for=1.2.3.4", "X_Forwarded_For": "1.2.3.4"}, "1.2.3.4"),
    ],
)
def test_a_forwarded_address_is_believed_of_trusted_proxies_alone(remote: str, headers: Any, address: str) -> None:
    assert seen(PROXIES, remote, **headers).address == address


def test_scheme_and_host_are_those_of_the_outermost_trusted_hop() -> None:
    headers = {"X_Forwarded_For": "1.2.3.4, 10.0.0.2", "X_Forwarded_Proto": "https", "X_Forwarded_Host": "api.example"}
    assert seen(PROXIES, "10.0.0.1", **headers) == Peer("1.2.3.4", "https", "api.example")
    assert seen(Peers([]), "10.0.0.1", **headers) == Peer("10.0.0.1", "http", "inner")


def test_no_page_of_another_origin_may_read_anything_unless_a_setting_names_it(database: Desk, crm: Client) -> None:
    asking = {"Origin": "https://crm.example", "Access-Control-Request-Method": "PATCH"}
    assert crm.ask("OPTIONS", "/v1/campaigns/C", headers=asking).status == 405
    assert not any(name.startswith("Access-Control") for name in crm.ask("GET", "/v1/agents", headers=asking).headers)
    with open_door(database, cors_origins="https://crm.example") as door:
        allowed = door.ask("OPTIONS", "/v1/campaigns/C", headers=asking)
        assert (allowed.status, allowed.headers["Access-Control-Allow-Origin"]) == (204, "https://crm.example")
        assert "PATCH" in allowed.headers["Access-Control-Allow-Methods"]
        answer = door.ask("GET", "/v1/agents", crm.token, headers={"Origin": "https://crm.example"})
        assert answer.headers["Access-Control-Allow-Origin"] == asking["Origin"]
        assert "Origin" in answer.headers["Vary"]
        other = {**asking, "Origin": "https://crm.example.evil"}
        assert door.ask("OPTIONS", "/v1/campaigns/C", headers=other).status == 405
        assert "Access-Control-Allow-Origin" not in door.ask("GET", "/v1/agents", headers=other).headers


def test_every_answer_tells_browsers_to_be_careful_and_holds_no_address_of_ours(crm: Client) -> None:
    made = {"code": "C1", "vendor": "vendor", "mode": "autocall", "queue_code": "Q", "template": "T", "creditor": "C"}
    for answer in (crm.ask("GET", "/v1/agents"), crm.ask("GET", "/v1/no"), crm.ask("POST", "/v1/campaigns", json=made)):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers.get("Location", "/").startswith("/")
        assert "http://" not in answer.text


def spoken(portal: BlockingPortal, said: bytes, patience: float = 15.0) -> bytes:
    """All that a server answers until it hangs up."""
    watched = lines.Lines(patience=patience)
    app = web.Application(middlewares=[watched.middleware])
    app.router.add_get("/", _nothing)

    async def speak() -> bytes:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watched.watch, runner)
            async with await anyio.connect_tcp("127.0.0.1", runner.addresses[0][1]) as wire:
                await wire.send(said)
                heard = b"".join([part async for part in wire])
            tasks.cancel_scope.cancel()
        await runner.cleanup()
        return heard

    return portal.call(speak)


async def _nothing(_request: web.Request) -> web.Response:
    return web.Response()


def test_half_a_head_is_not_waited_for_for_ever(portal: BlockingPortal) -> None:
    assert spoken(portal, b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ", patience=0.0) == b""


@pytest.mark.parametrize("head", [b"X: y\r\n" * 500, b"X: " + b"y" * 20_000 + b"\r\n"], ids=["many", "long"])
def test_too_many_headers_and_too_long_ones_are_refused(portal: BlockingPortal, head: bytes) -> None:
    heard = spoken(portal, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + head + b"\r\n")
    assert heard.startswith(b"HTTP/1.1 4") or heard.startswith(b"HTTP/1.0 4")


class Line:
    closed = False

    def force_close(self) -> None:
        self.closed = True


def test_a_connection_that_brings_no_request_is_hung_up_and_one_that_works_is_not() -> None:
    watched = lines.Lines(patience=15, rest=75)
    silent, busy, resting = Line(), Line(), Line()
    watched._busy.add(busy)
    watched.look([silent, busy, resting], 0.0)
    watched._since[resting] = (10.0, 75.0)
    watched.look([silent, busy, resting], 15.5)
    assert [one.closed for one in (silent, busy, resting)] == [True, False, False]
    watched.look([busy, resting], 86.0)
    assert (busy.closed, resting.closed, len(watched._since)) == (False, True, 2)


def test_a_body_that_does_not_come_in_time_is_refused(crm: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SECONDS", 0.1)

    async def never_whole() -> Any:
        yield b'{"numbers": '
        await anyio.sleep_forever()

    headers = {"Content-Type": "application/json"}
    answer = crm.ask("POST", "/v1/suppressions", data=never_whole(), headers=headers)
    assert (answer.status, answer.problem) == (408, "too-slow")


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(begins).not_valid_after(begins + timedelta(days=9999))
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    files[1].write_bytes(key.private_bytes(pem, form, plain))
    return files


def test_tls_is_spoken_with_a_pair_that_belongs_together_and_refused_in_one_line_else(tmp_path: Path) -> None:
    (one, its_key), (_, other_key) = certificate(tmp_path, "a"), certificate(tmp_path, "b")
    assert isinstance(tls.context_of(Settings(tls_certificate=one, tls_key=its_key)), ssl.SSLContext)
    assert tls.context_of(Settings()) is None
    for certificate_, key in ((one, other_key), (one, None), (None, its_key), (its_key, one), (tmp_path / "no", one)):
        with pytest.raises(tls.BadCertificate, match=r"^DIALER_TLS_(CERTIFICATE|KEY)"):
            tls.context_of(Settings(tls_certificate=certificate_, tls_key=key))
