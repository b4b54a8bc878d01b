"""The sealing loop: a cut, a wait until nothing can commit below it any more, then segment after segment.

Rows are read and hashed in a reading transaction; the writing one adds a single row and a few numbers. Two workers may
seal at once: the chain's row says who was faster, and the slower one's segment is dropped.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from campaigns import evidence
from campaigns.evidence import Cut, Segment
from campaigns.models import Tenant
from campaigns.rows import columns_of
from dialer import chains
from dialer.chains import Keys
from dialer.database import Database, clock
from dialer.logs import log
from dialer.vault import Vault


class SealingLoop:
    def __init__(self, database: Database, vault: Vault, batch: int = evidence.BATCH) -> None:
        self._database = database
        self._vault = vault
        self._batch = batch
        self._cut: Cut | None = None
        self._clean: dict[str, int] = {}
        self._waiting: list[int] | None = None
        self._keys: dict[int, Keys] = {}
        self._log = log("sealing")

    async def step(self, now: datetime) -> bool:
        """One segment; whether there may be more at once."""
        if self._cut is None:
            self._cut = await self._database.write(_cut)
        made = self._cut
        if not await self._database.read(evidence.closed, made):
            return False
        if self._waiting is None:
            self._waiting = await self._database.read(_waiting, made, self._clean)
        if self._waiting:
            await self._seal_next(made, self._waiting)
            return True
        await self._database.write(evidence.advance, made)
        self._clean = dict(made.upto)
        self._cut = self._waiting = None
        return False

    async def _seal_next(self, made: Cut, waiting: list[int]) -> None:
        heads = await self._database.read(evidence.heads)
        chain: Any = heads.get(waiting[0]) or await self._database.write(_ensure, waiting[0], self._vault)
        keys = self._keys_of(chain)
        segment = await self._database.read(evidence.gather, chain, made, keys.pseudonyms, self._batch)
        if not segment.rows:
            waiting.pop(0)
        elif head := await self._database.write(_append, chain, segment, keys):
            # Logs are kept elsewhere: who cuts off the end of a chain is found by what stands here.
            told = f"{chain.seals + 1}:{head.hex()}"
            self._log.info("sealed", tenant=chain.tenant_id, rows=segment.rows, head=told)

    def _keys_of(self, chain: Any) -> Keys:
        if chain.tenant_id not in self._keys:
            self._keys[chain.tenant_id] = chains.keys_of(self._vault, chain)
        return self._keys[chain.tenant_id]


def _cut(conn: Connection) -> Cut:
    return evidence.cut(conn, clock(conn))


def _ensure(conn: Connection, tenant_id: int, vault: Vault) -> Any:
    return chains.ensure(conn, clock(conn), tenant_id, vault)


def _append(conn: Connection, chain: Any, segment: Segment, keys: Keys) -> bytes | None:
    return evidence.append(conn, clock(conn), chain, segment, keys.sign)


def _waiting(conn: Connection, made: Cut, clean: dict[str, int]) -> list[int]:
    """The tenants with something to seal. After a start the search begins where every tenant's chain ends."""
    if not clean:
        tenants = set(conn.scalars(select(columns_of(Tenant).id)))
        heads = evidence.heads(conn)
        if tenants and tenants <= heads.keys():
            clean |= {name: min(head.positions.get(name, 0) for head in heads.values()) for name in made.upto}
    return evidence.waiting(conn, made, clean)
