"""The evidence: verified, and every call of a time judged again, by jobs; the key of what is signed, and whether it is
genuine."""

from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from campaigns import evidence, jobs
from campaigns.audit import tallying
from campaigns.words import JobKind, Right
from dialer import chains, examining
from dialer.api.moments import Moment
from dialer.api.problems import Problem, invalid
from dialer.api.resources import jobs as shown
from dialer.api.resources.jobs import Job
from dialer.api.routes import Attachment, Route, Strict, Told, Visit

Ends = Annotated[Moment | None, Field(strict=False)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class NewVerification(Strict):
    """The chain is computed again and calls are folded again. With a period, only rows sealed in it are read."""

    since: Ends = None
    until: Ends = None
    head: str | None = Field(default=None, max_length=100, description="`ORDINAL:HEX`, as a log or manifest has it.")


class NewReplay(Strict):
    """Every call of a time is judged again, under the rulebook of its day, by an independent checker."""

    since: Moment = Field(strict=False)
    until: Moment = Field(strict=False, description="Before this moment.")
    campaign: str | None = Field(default=None, max_length=64, description="This campaign's calls only.")
    full_numbers: bool = Field(default=False, description="Telephone numbers unmasked.")


class Signed(Strict):
    """What a replay signed: `manifest` as it was told, to the letter, and the digests of the files as you have them."""

    # What was signed ends with a line's end, and a signature is of every letter.
    model_config = ConfigDict(str_strip_whitespace=False)
    manifest: str = Field(min_length=1, max_length=15_000)
    signature: str = Field(pattern=r"^[0-9a-f]{128}$")
    files: dict[Annotated[str, Field(max_length=100)], Digest] = Field(
        default={}, max_length=10, description="SHA-256 by name."
    )


class PublicKey(BaseModel):
    """The key of seals and manifests, as PEM; null: nothing was sealed or signed yet."""

    public_key: str | None


class Genuineness(BaseModel):
    """`wrong` names the files that are not what was signed or were not told, and `manifest.sig` for the signature."""

    genuine: bool
    wrong: list[str]


def verify(visit: Visit) -> Told:
    said: NewVerification = visit.body
    _in_order(said.since, said.until)
    examining.noted(said.head)
    return shown.ordered(visit, JobKind.VERIFICATION, said.model_dump(mode="json"), None)


def replay(visit: Visit) -> Told:
    said: NewReplay = visit.body
    _in_order(said.since, said.until)
    asked = said.model_dump(mode="json", exclude={"campaign"})
    return shown.ordered(visit, JobKind.REPLAY, asked, said.campaign)


def _in_order(since: Any, until: Any) -> None:
    if since is not None and until is not None and until <= since:
        raise invalid("until", "must be after `since`")


def file(visit: Visit) -> Told:
    """Raises `NotNow` where it is not there yet, and `NotFound` where it is gone again."""
    job = jobs.with_file(visit.conn, visit.tenant.id, visit.path["job"], [JobKind.REPLAY])
    return Told(shown.told(job), file=Attachment(job.file_name, "text/csv", partial(_part, job)))


def _part(job: Any, conn: Connection, ordinal: int) -> bytes | None:
    return jobs.read_part(conn, job.tenant_id, job.id, ordinal)


def key(visit: Visit) -> BaseModel:
    chain = evidence.heads(visit.conn).get(visit.tenant.id)
    return PublicKey(public_key=chains.pem(bytes(chain.public_key)) if chain is not None else None)


def check(visit: Visit) -> BaseModel:
    said: Signed = visit.body
    chain = evidence.heads(visit.conn).get(visit.tenant.id)

    def genuine(signature: bytes, told: bytes) -> bool:
        return chain is not None and chains.genuine(bytes(chain.public_key), signature, told)

    try:
        wrong = tallying.faults(said.manifest.encode(), bytes.fromhex(said.signature), said.files.get, genuine)
    except ValueError:
        raise invalid("manifest", "is no manifest") from None
    return Genuineness(genuine=not wrong, wrong=wrong)


RIGHTS = (Right.ADMIN,)
ROUTES = (
    Route(
        "POST", "/audit/verifications", "Compute the chain of evidence again. A job does it.",
        RIGHTS, verify, Job, body=NewVerification, status=202, problems=(Problem.NOT_NOW,),
    ),
    Route(
        "POST", "/audit/replays", "Judge every call of a time again. A job does it.",
        RIGHTS, replay, Job, body=NewReplay, status=202, problems=(Problem.NOT_NOW,),
    ),
    Route(
        "GET", "/audit/replays/{job}/file", "The table of what was judged, for a day.", RIGHTS, file, Job,
        problems=(Problem.NOT_NOW,), files=("text/csv",),
    ),
    Route("GET", "/audit/key", "The public key of seals and manifests.", RIGHTS, key, PublicKey),
    Route(
        "POST", "/audit/check", "Whether a replay's manifest and files are those that were signed.",
        RIGHTS, check, Genuineness, body=Signed, asks=True,
    ),
)  # fmt: skip
