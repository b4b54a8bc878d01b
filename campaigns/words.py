"""The closed lists: every word that a state, an outcome, a role or a reason may have, in one place.

The same word stands in the database, in a log line, on a screen and in a test. A new word is added here first.
"""

from enum import StrEnum


class Mode(StrEnum):
    """How the vendor places a campaign's calls (TEL4VN contract sections 7 and 8)."""

    AUTODIALER = "autodialer"
    AUTOCALL = "autocall"
    CLICK2CALL = "click2call"

    @property
    def queued(self) -> bool:
        """Whether the vendor dials from a queue that we feed, and gives no call id when fed."""
        return self is not Mode.CLICK2CALL

    @property
    def uses_agents(self) -> bool:
        return self is not Mode.AUTOCALL


class Purpose(StrEnum):
    DEBT_REMINDER = "debt_reminder"
    MARKETING = "marketing"
    SERVICE = "service"


class Role(StrEnum):
    """What the owner of a number is to the person on the list."""

    BORROWER = "borrower"
    CO_BORROWER = "co-borrower"
    GUARANTOR = "guarantor"
    REFERENCE = "reference"
    UNKNOWN = "unknown"


LIABLE_ROLES = frozenset({Role.BORROWER, Role.CO_BORROWER, Role.GUARANTOR})


class Wanted(StrEnum):
    """The state of a campaign that a user commands; the engine brings the vendor to it."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class QueueState(StrEnum):
    """What the vendor holds for a campaign, as far as we were told."""

    ABSENT = "absent"
    RUNNING = "running"
    PAUSED = "paused"


class CallState(StrEnum):
    INTENDED = "intended"
    PLACED = "placed"
    UNSURE = "unsure"
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"
    SETTLED = "settled"
    RELEASED = "released"

    @property
    def live(self) -> bool:
        """Whether a telephone may be ringing or in use because of this call."""
        return self in LIVE_STATES

    @property
    def final(self) -> bool:
        return self in (CallState.SETTLED, CallState.RELEASED)


LIVE_STATES = (
    CallState.INTENDED,
    CallState.PLACED,
    CallState.UNSURE,
    CallState.RINGING,
    CallState.ANSWERED,
)


class Origin(StrEnum):
    """Who wanted the call. The last two are not ours: we learn of them from the vendor."""

    CAMPAIGN = "campaign"
    CALLBACK = "callback"
    CRM = "crm"
    HAND = "hand"
    INBOUND = "inbound"


OUR_ORIGINS = (Origin.CAMPAIGN, Origin.CALLBACK, Origin.CRM)


class Outcome(StrEnum):
    """How a call ended: the vendor's CDR word (section 5.3), and two of ours."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWERED = "no-answered"
    CANCEL = "cancel"
    NOT_AVAILABLE = "not-available"
    INVALID = "invalid"
    ABANDONED = "abandoned"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """A customer's status: the vendor's customer words (section 9.4), and three of ours."""

    NEW = "new"
    QUEUE = "queue"
    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWERED = "no-answered"
    CANCEL = "cancel"
    FAIL = "fail"
    UNKNOWN = "unknown"
    DNC = "dnc"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"

    @property
    def final(self) -> bool:
        return self not in WAITING_STATUSES


WAITING_STATUSES = (Status.NEW, Status.QUEUE)


class FactKind(StrEnum):
    """What can be learned about a call, by our own request, by a hook or by asking."""

    INTENDED = "intended"
    PLACED = "placed"
    NOT_PLACED = "not-placed"
    UNSURE = "unsure"
    RINGING = "ringing"
    ANSWERED = "answered"
    HANGUP = "hangup"
    CDR = "cdr"
    RECORD = "record"
    TAKEN_BACK = "taken-back"
    GIVEN_UP = "given-up"


class Verdict(StrEnum):
    """What `states.advance` did with a fact."""

    MOVED = "moved"
    KEPT = "kept"
    REFUSED = "refused"


class Presence(StrEnum):
    """An agent's own word. `RESTING` is ours: he missed three calls in a row and has not said that he is back."""

    READY = "ready"
    PAUSED = "paused"
    RESTING = "resting"


class ReceiptOutcome(StrEnum):
    APPLIED = "applied"
    FOREIGN = "foreign"
    UNKNOWN_CALL = "unknown-call"
    MALFORMED = "malformed"


class Channel(StrEnum):
    """How a person was reached otherwise than by a call of ours, as `dialer contact import` brings it in."""

    SMS = "sms"
    ZALO = "zalo"
    EMAIL = "email"
    LETTER = "letter"
    VISIT = "visit"
    CALL = "call"


class Promise(StrEnum):
    """What became of a callback. That one was missed is seen when asked: open, and its time is over."""

    OPEN = "open"
    KEPT = "kept"
    WITHDRAWN = "withdrawn"


class DeliveryState(StrEnum):
    """What became of an event that a webhook is to have."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class Miss(StrEnum):
    """Why a webhook did not take an event, or gets none any more."""

    ANSWERED_OTHERWISE = "answered-otherwise"
    SLOW = "slow"
    NOT_REACHED = "not-reached"
    ADDRESS_REFUSED = "address-refused"
    UNSIGNED = "unsigned"
    GONE = "gone"
    TOO_OLD = "too-old"


class TriggerState(StrEnum):
    """Where a triggered call is. It is never stored: promise, call and clock tell it when asked."""

    WAITING = "waiting"
    WITHHELD = "withheld"
    PLACED = "placed"
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Scope(StrEnum):
    TENANT = "tenant"
    CAMPAIGN = "campaign"


class Right(StrEnum):
    """What a client of the API may do: the scopes of its tokens. `ADMIN` opens every door."""

    CAMPAIGN_READ = "campaign:read"
    CAMPAIGN_WRITE = "campaign:write"
    CUSTOMER_WRITE = "customer:write"
    DNC_WRITE = "dnc:write"
    CALL_PLACE = "call:place"
    REPORT_READ = "report:read"
    EXPORT = "export"
    ADMIN = "admin"


class JobKind(StrEnum):
    """Work that takes longer than a request may."""

    IMPORT = "import"
    EXPORT = "export"
    RECALL_SWEEP = "recall-sweep"
    RECONCILIATION = "reconciliation"
    ERASURE = "erasure"
    VENDOR_CHECK = "vendor-check"
    VENDOR_REMOVAL = "vendor-removal"
    VERIFICATION = "verification"
    REPLAY = "replay"


class JobState(StrEnum):
    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"


class JobFault(StrEnum):
    """Why a job failed. Nothing that it had begun stays."""

    UNREADABLE = "unreadable"
    ROWS_REJECTED = "rows-rejected"
    GONE = "gone"
    NOT_NOW = "not-now"
    TOO_LARGE = "too-large"
    LOST = "lost"
    SURPRISE = "surprise"
    UNREACHABLE = "unreachable"


class Entrance(StrEnum):
    """By which door somebody speaks to us."""

    API = "api"
    HOOKS = "hooks"


class ExportKind(StrEnum):
    RESULTS = "results"
    CALLS = "calls"
    USAGE = "usage"


class ExportFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


class Subject(StrEnum):
    NUMBER = "number"
    PERSON = "person"


class Basis(StrEnum):
    """What a cap of a rulebook counts."""

    ATTEMPTS = "attempts"
    REMINDERS = "reminders"
    CONVERSATIONS = "conversations"


class Per(StrEnum):
    """For whom a cap counts, over all campaigns of the tenant; several words together narrow it."""

    PERSON = "person"
    NUMBER = "number"
    DEBT = "debt"
    ADVERTISER = "advertiser"
    CAMPAIGN = "campaign"


class Reason(StrEnum):
    """Why: of a customer's status or wait, of a call's release, of an allotment, of a paused campaign."""

    # A customer that waits.
    NEVER_CALLED = "never-called"
    CALLBACK = "callback"
    TRIGGERED = "triggered"
    CLAIMED = "claimed"
    IN_CALL = "in-call"
    VERDICT_PENDING = "verdict-pending"
    RECALL = "recall"
    TOO_SHORT = "too-short"
    NUMBER_BUSY = "number-busy"
    PERSON_BUSY = "person-busy"
    OUTSIDE_HOURS = "outside-hours"
    MISSING_VARIABLE = "missing-variable"
    MISSING_PURPOSE = "missing-purpose"
    NO_LIABLE_NUMBER = "no-liable-number"
    UNKNOWN_ZONE = "unknown-zone"
    UNKNOWN_RULEBOOK = "unknown-rulebook"
    CAP_REACHED = "cap-reached"
    QUIET_TIME = "quiet-time"
    CONSENT_MISSING = "consent-missing"
    NEEDS_REVIEW = "needs-review"
    AGENT_MISSED = "agent-missed"
    AGENT_AWAITED = "agent-awaited"
    TAKEN_BACK = "taken-back"
    # What stands against a whole campaign.
    WRONG_PURPOSE = "wrong-purpose"
    CREDITOR_MISSING = "creditor-missing"
    ADVERTISER_MISSING = "advertiser-missing"
    BRANDNAME_MISSING = "brandname-missing"
    REGISTER_STALE = "register-stale"
    RULEBOOK_NOT_IN_EFFECT = "rulebook-not-in-effect"
    # A customer that is final.
    SPOKE = "spoke"
    RECALLS_USED_UP = "recalls-used-up"
    SUPPRESSED = "suppressed"
    NO_NUMBER = "no-number"
    NUMBERS_DEAD = "numbers-dead"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    VENDOR_DECLINED = "vendor-declined"
    # A request that placed nothing, or of which we cannot tell.
    DECLINED = "declined"
    THROTTLED = "throttled"
    AGENT_BUSY = "agent-busy"
    AGENT_AWAY = "agent-away"
    CLEARANCE_EXPIRED = "clearance-expired"
    UNREACHABLE = "unreachable"
    MISCONFIGURED = "misconfigured"
    TIMED_OUT = "timed-out"
    CONNECTION_LOST = "connection-lost"
    CRASHED = "crashed"
    NO_EVIDENCE = "no-evidence"
    # How many to place now, and why.
    ROOM = "room"
    NO_AGENT = "no-agent"
    AT_CAMPAIGN_LIMIT = "at-campaign-limit"
    AT_VENDOR_LIMIT = "at-vendor-limit"
    AT_TENANT_LIMIT = "at-tenant-limit"
    AT_HOTLINE_LIMIT = "at-hotline-limit"
    QUEUE_NOT_READY = "queue-not-ready"
    NOT_RUNNING = "not-running"
    BREAKER = "breaker"
    # Why a breaker opened.
    REQUESTS_FAIL = "requests-fail"
    CALLS_FAIL_FAST = "calls-fail-fast"
    NO_ANSWERS = "no-answers"
    # A call of others, or one that turned out to be another's.
    REBOUND = "rebound"
    # A campaign that paused itself.
    UNORDERED_RING = "unordered-ring"
