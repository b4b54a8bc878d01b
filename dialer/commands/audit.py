"""`dialer audit`: what proves how people were called, verified, and every call judged again."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import anyio
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from campaigns import acts, directory, evidence
from campaigns.audit import Judgement, Tally
from campaigns.evidence import Finding
from campaigns.pages import Cut
from campaigns.terms import BadTerms
from dialer import __version__, chains, examining
from dialer.chains import Keys
from dialer.commands import periods, replays
from dialer.commands.bars import awaited
from dialer.commands.language import label, vietnamese
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.printing import at, facts, note, say, say_json, show, table
from dialer.commands.replays import Folder
from dialer.commands.session import Desk, Session, look, opened
from dialer.database import clock
from dialer.examining import Verified
from dialer.vault import open_vault

app = noun("What proves how people were called: verify it, judge every call again.")
SHOWN = 50
From = Annotated[str | None, typer.Option("--from", metavar="DAY", help="The first day, on the tenant's clock.")]
To = Annotated[str | None, typer.Option("--to", metavar="DAY", help="The last day, on the tenant's clock.")]
SOUND = (
    "sound: {seals} seals over {rows} rows; {unsealed} rows are not sealed yet; {calls} calls folded again",
    "nguyên vẹn: {seals} dấu niêm phong trên {rows} dòng; {unsealed} dòng chưa niêm phong; dựng lại {calls} cuộc gọi",
)
BROKEN = (
    "NOT SOUND: {count} findings in {seals} seals over {rows} rows and {calls} calls folded again",
    "KHÔNG NGUYÊN VẸN: {count} điểm sai trong {seals} dấu niêm phong trên {rows} dòng và {calls} cuộc gọi dựng lại",
)


@app.command(epilog=example("dialer audit verify", "dialer audit verify --from 2026-11-01 --to 2026-11-30"))
def verify(
    from_: From = None,
    to: To = None,
    head: Annotated[
        str | None, typer.Option(metavar="ORDINAL:HEX", help="A head noted elsewhere, from a log or a manifest.")
    ] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Compute the hash chain again, and fold every call again from its facts: each row that was changed, is missing,
    was added or contradicts its facts is named. Exit code 1 then."""
    heads = examining.noted(head)

    async def work() -> tuple[Verified, str]:
        async with opened(tenant) as session:
            desk = await session.read(_desk)
            zone, vault = desk.tenant.zone, open_vault(session.settings)
            period = (periods.begins(from_, "from", zone), periods.ends(to, "to", zone))
            with awaited("verify") as tell:
                return await examining.verify(session.database, vault, desk.tenant.id, period, heads, tell), zone

    verified, zone = anyio.run(work)
    told, found = asdict(verified), verified.findings
    told.pop("findings")
    if as_json:
        say_json(told | {"sound": not found, "findings": [asdict(one) for one in found]})
    else:
        say((BROKEN if found else SOUND)[vietnamese()].format(count=len(found), **told))
        _show_findings(found, zone)
    if found:
        raise typer.Exit(1)


def _show_findings(found: Sequence[Finding], zone: str) -> None:
    if found:
        rows = [[one.kind, one.id, one.fault.value, at(one.moment, zone), one.seal] for one in found[:SHOWN]]
        show(table([label(name) for name in ("what", "id", "event", "time", "seal")], rows))
    if len(found) > SHOWN:
        note(f"{len(found) - SHOWN} more: --json names them all")


@app.command(epilog=example("dialer audit replay --from 2026-11-01 --to 2026-11-30 --out november"))
def replay(
    from_: Annotated[str, typer.Option("--from", metavar="DAY", help="The first day, on the tenant's clock.")],
    to: Annotated[str, typer.Option("--to", metavar="DAY", help="The last day, on the tenant's clock.")],
    campaign: Annotated[str | None, typer.Option(metavar="CODE", help="This campaign's calls only.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Write page, table and signed manifest.")] = None,
    full_numbers: Annotated[bool, typer.Option("--full-numbers", help="Write telephone numbers unmasked.")] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Judge every call again, under the rulebook of its day, by an independent checker. Exit code 1: a violation."""

    async def work() -> tuple[Tally, str]:
        async with opened(tenant) as session:
            return await _Replay(session, out, full_numbers).run(from_, to, campaign)

    tally, zone = anyio.run(work)
    if as_json:
        say_json({"counts": tally.counts, "reasons": dict(tally.reasons), "calls": _as_data(tally.unlawful)})
    else:
        show(facts({replays.word(name): count for name, count in tally.counts.items()}))
        _show_unlawful(tally, zone)
    if tally.counts["violation"]:
        raise typer.Exit(1)


class _Replay:
    def __init__(self, session: Session, out: Path | None, in_full: bool) -> None:
        self._session = session
        self._out = out
        self._in_full = in_full
        self._tally = Tally()

    async def run(self, from_: str, to: str, campaign: str | None) -> tuple[Tally, str]:
        desk = await self._session.read(_desk)
        zone = self._tally.zone = desk.tenant.zone
        begins, ends = periods.begins(from_, "from", zone), periods.ends(to, "to", zone)
        assert begins is not None
        assert ends is not None
        campaign_id, codes = await self._session.read(_codes, campaign)
        if self._out is None:
            await self._judge(begins, ends, campaign_id, None)
            return self._tally, zone
        with Folder(self._out, zone, codes, self._in_full) as folder:
            await self._judge(begins, ends, campaign_id, folder)
            told = {"from": begins.isoformat(), "to": ends.isoformat(), "campaign": campaign}
            chain, keys = await _keys(self._session)
            about = {"tenant": desk.tenant.code, "program": f"dialer {__version__}", "made_at": desk.now.isoformat()}
            head = {"seals": chain.seals, "head": chain.head.hex()}
            folder.finish(self._tally, told | about | {"chain": head, "public_key": keys.public.hex()}, keys.sign)
        return self._tally, zone

    async def _judge(self, begins: datetime, ends: datetime, campaign_id: int | None, folder: Folder | None) -> None:
        tenant = (await self._session.read(_desk)).tenant

        def add(one: Judgement) -> None:
            self._tally.add(one)
            if folder is not None:
                folder.add(one)

        with awaited("replay") as tell:
            await examining.replay(self._session.database, tenant, begins, ends, campaign_id, add, tell)


def _desk(desk: Desk) -> Desk:
    return desk


def _codes(desk: Desk, campaign: str | None) -> tuple[int | None, dict[int, str]]:
    codes = {row.id: row.code for row in directory.list_campaigns(desk.conn, desk.tenant.id)}
    return (None if campaign is None else directory.find_campaign(desk.conn, desk.tenant.id, campaign).id), codes


async def _keys(session: Session) -> tuple[Any, Keys]:
    """The tenant's chain, begun here where nothing was sealed yet, and its keys."""
    vault = open_vault(session.settings)
    tenant_id = (await session.read(_desk)).tenant.id
    chain = await session.database.write(lambda conn: chains.ensure(conn, clock(conn), tenant_id, vault))
    return chain, chains.keys_of(vault, chain)


def _as_data(judged: Sequence[Judgement]) -> list[dict[str, Any]]:
    return [
        {
            "call": one.call.id,
            "at": one.call.intended_at,
            "verdict": one.outcome.value,
            "wrongs": [{"reason": wrong.reason.value, "fact": wrong.fact} for wrong in one.wrongs],
            "missing": one.missing,
            "remarks": one.remarks,
        }
        for one in judged
    ]


def _show_unlawful(tally: Tally, zone: str) -> None:
    if not tally.unlawful:
        return
    rows = [
        [one.call.id, at(one.call.intended_at, zone), replays.word(one.outcome.value), _why(one)]
        for one in tally.unlawful[:SHOWN]
    ]
    show(table([replays.word(name) for name in ("call", "time", "verdict", "why")], rows))


def _why(one: Judgement) -> str:
    return "; ".join([f"{label(wrong.reason)}: {wrong.fact}" for wrong in one.wrongs] + list(one.missing))


@app.command("log", epilog=example("dialer audit log --actor 'client crm' --from 2026-11-01"))
def log_(
    actor: Annotated[str | None, typer.Option(metavar="NAME", help="Only what he did.")] = None,
    route: Annotated[str | None, typer.Option(metavar="ROUTE", help="Only this route, or this command.")] = None,
    object_: Annotated[str | None, typer.Option("--object", metavar="NAME", help="Only what was done to this.")] = None,
    from_: From = None,
    to: To = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most.")] = 100,
    sort: Annotated[Literal["at", "-at"], typer.Option(help="The oldest first, or with - the newest.")] = "-at",
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Who changed what over the API and by the command line, the newest first."""

    def work(desk: Desk) -> tuple[list[Any], str]:
        zone = desk.tenant.zone
        period = (periods.begins(from_, "from", zone), periods.ends(to, "to", zone))
        asked = acts.Asked(actor, route, object_, *period)
        cut = Cut(limit, sort, window=None)
        return [*acts.read_acts(desk.conn, desk.tenant.id, asked, cut).rows], zone

    rows, zone = look(tenant, work)
    if as_json:
        say_json({"acts": [dict(row._mapping) for row in rows]})
        return
    lines = [[at(row.at, zone), row.actor, row.method, row.route, row.object, row.result] for row in rows]
    show(table([label(name) for name in ("time", "who", "event", "route", "what", "result")], lines))


@app.command(epilog=example("dialer audit key > public.pem"))
def key(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """The public key of the seals and manifests, for `openssl` and for `dialer audit check`."""

    async def work() -> str:
        async with opened(tenant) as session:
            _, keys = await _keys(session)
            return chains.pem(keys.public)

    told = anyio.run(work)
    if as_json:
        say_json({"public_key": told})
    else:
        say(told.rstrip())


@app.command(epilog=example("dialer audit check november", "dialer audit check november --key public.pem"))
def check(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="What replay wrote.", show_default=False)],
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="The public key; else the tenant's own.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Whether a replay's files are those that were signed. Exit code 1: they are not."""
    public = _public_key(key) if key is not None else anyio.run(_own_public_key, tenant)
    wrong = replays.faults_of(folder, lambda signature, told: chains.genuine(public, signature, told))
    if as_json:
        say_json({"genuine": not wrong, "wrong": wrong})
    else:
        say(f"not what was signed: {', '.join(wrong)}" if wrong else "genuine")
    if wrong:
        raise typer.Exit(1)


def _public_key(file: Path) -> bytes:
    try:
        key = load_pem_public_key(file.read_bytes())
    except ValueError:
        raise BadTerms("key", "must name a public key as `dialer audit key` prints it") from None
    if not isinstance(key, Ed25519PublicKey):
        raise BadTerms("key", "must name an Ed25519 key, as `dialer audit key` prints it")
    return key.public_bytes_raw()


async def _own_public_key(tenant: str | None) -> bytes:
    async with opened(tenant) as session:
        tenant_id = (await session.read(_desk)).tenant.id
        chain = (await session.database.read(evidence.heads)).get(tenant_id)
        if chain is None:
            raise BadTerms("key", "is missing: this database has sealed and signed nothing yet")
        return bytes(chain.public_key)
