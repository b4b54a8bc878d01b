"""What would change it: for each reason one hint in English and in Vietnamese. Every reason has one.

`{code}` is the campaign's, `{rulebook}` its rulebook's. What goes away by itself says so.
"""

from collections.abc import Mapping
from typing import Final

from campaigns.words import Reason, Wanted
from dialer.commands.language import vietnamese

Hint = tuple[str, str]
BY_ITSELF: Final[Hint] = ("goes by itself", "tự hết")
LOG: Final[Hint] = ("the engine's log, dialer vendor check", "xem log, dialer vendor check")
RERUN: Final[Hint] = ("dialer campaign rerun {code}", "dialer campaign rerun {code}")
ENGINE: Final[Hint] = ("dialer serve", "dialer serve")
TURN: Final[Hint] = ("their turn", "đến lượt")
TURN_OR_ENGINE: Final[Hint] = ("their turn; dialer serve, if no engine serves", "đến lượt; dialer serve nếu chưa chạy")
START: Final[Hint] = ("dialer campaign start {code}", "dialer campaign start {code}")
AGENTS: Final[Hint] = ("dialer agent list; more agents at the vendor", "dialer agent list; thêm nhân viên đăng nhập")
CHANNELS: Final[Hint] = ("the end of a call, or more channels", "khi có cuộc gọi kết thúc, hoặc thêm kênh gọi")
NUMBERS: Final[Hint] = (
    "a corrected list: dialer list import {code} FILE",
    "danh sách đã sửa: dialer list import {code} FILE",
)
RULES: Final[Hint] = (
    "dialer campaign set {code} --rulebook NAME (dialer rulebook list)",
    "dialer campaign set {code} --rulebook TÊN (dialer rulebook list)",
)
VERDICT: Final[Hint] = ("the vendor's record of the call", "bản ghi cuộc gọi của tổng đài")

HINTS: Final[Mapping[Reason, Hint]] = {
    Reason.NEVER_CALLED: ("his turn", "đến lượt"),
    Reason.CALLBACK: ("the promised time", "đến giờ hẹn"),
    Reason.TRIGGERED: ("his turn, or dialer call cancel", "đến lượt, hoặc dialer call cancel"),
    Reason.CLAIMED: BY_ITSELF,
    Reason.IN_CALL: ("the end of the call", "khi cuộc gọi kết thúc"),
    Reason.VERDICT_PENDING: VERDICT,
    Reason.RECALL: ("the wait: campaign set {code} --recall-delay", "hết giờ chờ: campaign set {code} --recall-delay"),
    Reason.TOO_SHORT: (
        "the wait; campaign set {code} --min-recall-duration",
        "hết giờ chờ; campaign set {code} --min-recall-duration",
    ),
    Reason.NUMBER_BUSY: ("the end of the other call", "khi cuộc gọi kia kết thúc"),
    Reason.PERSON_BUSY: ("the end of the other call", "khi cuộc gọi kia kết thúc"),
    Reason.OUTSIDE_HOURS: ("the hours: dialer rulebook show {rulebook}", "đến giờ: dialer rulebook show {rulebook}"),
    Reason.MISSING_VARIABLE: NUMBERS,
    Reason.MISSING_PURPOSE: (
        "dialer campaign set {code} --purpose PURPOSE",
        "dialer campaign set {code} --purpose MỤC-ĐÍCH",
    ),
    Reason.NO_LIABLE_NUMBER: NUMBERS,
    Reason.UNKNOWN_ZONE: NUMBERS,
    Reason.UNKNOWN_RULEBOOK: RULES,
    Reason.CAP_REACHED: ("time: dialer rulebook show {rulebook}", "thời gian: dialer rulebook show {rulebook}"),
    Reason.QUIET_TIME: ("time; campaign set {code} --quiet-time", "thời gian; campaign set {code} --quiet-time"),
    Reason.CONSENT_MISSING: ("a consent on record", "có ghi nhận sự đồng ý"),
    Reason.NEEDS_REVIEW: NUMBERS,
    Reason.AGENT_MISSED: BY_ITSELF,
    Reason.TAKEN_BACK: BY_ITSELF,
    Reason.WRONG_PURPOSE: RULES,
    Reason.CREDITOR_MISSING: (
        "dialer campaign set {code} --creditor NAME",
        "dialer campaign set {code} --creditor TÊN",
    ),
    Reason.ADVERTISER_MISSING: (
        "dialer campaign set {code} --advertiser NAME",
        "dialer campaign set {code} --advertiser TÊN",
    ),
    Reason.BRANDNAME_MISSING: (
        "dialer campaign set {code} --brandname NAME --brandname-until DAY",
        "dialer campaign set {code} --brandname TÊN --brandname-until NGÀY",
    ),
    Reason.REGISTER_STALE: ("a fresh copy of the register", "bản mới của danh sách đăng ký"),
    Reason.RULEBOOK_NOT_IN_EFFECT: RULES,
    Reason.SPOKE: RERUN,
    Reason.RECALLS_USED_UP: RERUN,
    Reason.SUPPRESSED: ("dialer dnc remove NUMBER, where that is right", "dialer dnc remove SỐ, nếu đúng là vậy"),
    Reason.NO_NUMBER: NUMBERS,
    Reason.NUMBERS_DEAD: NUMBERS,
    Reason.WITHDRAWN: ("the list that names him again", "danh sách có lại khách này"),
    Reason.EXPIRED: ("another order: dialer call trigger", "lệnh gọi khác: dialer call trigger"),
    Reason.VENDOR_DECLINED: LOG,
    Reason.DECLINED: BY_ITSELF,
    Reason.THROTTLED: BY_ITSELF,
    Reason.AGENT_BUSY: BY_ITSELF,
    Reason.AGENT_AWAY: AGENTS,
    Reason.AGENT_AWAITED: AGENTS,
    Reason.CLEARANCE_EXPIRED: BY_ITSELF,
    Reason.UNREACHABLE: LOG,
    Reason.MISCONFIGURED: (
        "dialer vendor check, then campaign start {code}",
        "dialer vendor check, rồi campaign start {code}",
    ),
    Reason.TIMED_OUT: VERDICT,
    Reason.CONNECTION_LOST: VERDICT,
    Reason.CRASHED: VERDICT,
    Reason.NO_EVIDENCE: RERUN,
    Reason.ROOM: ENGINE,
    Reason.NO_AGENT: AGENTS,
    Reason.AT_CAMPAIGN_LIMIT: (
        "the end of a call; campaign set {code} --concurrent-call",
        "khi có cuộc gọi kết thúc; campaign set {code} --concurrent-call",
    ),
    Reason.AT_VENDOR_LIMIT: CHANNELS,
    Reason.AT_TENANT_LIMIT: CHANNELS,
    Reason.AT_HOTLINE_LIMIT: CHANNELS,
    Reason.QUEUE_NOT_READY: BY_ITSELF,
    Reason.NOT_RUNNING: START,
    Reason.BREAKER: ("a call that comes through", "khi có cuộc gọi thông"),
    Reason.REQUESTS_FAIL: LOG,
    Reason.CALLS_FAIL_FAST: LOG,
    Reason.NO_ANSWERS: ("the line: call out with it by hand", "kiểm tra đường dây: gọi thử bằng tay"),
    Reason.REBOUND: BY_ITSELF,
    Reason.UNORDERED_RING: (
        "look at the vendor's queue, then campaign start {code}",
        "kiểm tra hàng đợi của tổng đài, rồi campaign start {code}",
    ),
}


def hint(word: str | None, code: str, rulebook: str, served: bool | None = None) -> str:
    """What would change a reason. Of a campaign's own state: to start it; of a final status without one: a rerun; of
    who is only waiting for his turn: an engine, where none serves (None: nobody can know)."""
    if word is None:
        chosen = {True: TURN, False: ENGINE, None: TURN_OR_ENGINE}[served]
    elif word in tuple(Reason):
        chosen = HINTS[Reason(word)]
    else:
        chosen = START if word in tuple(Wanted) else RERUN
    return chosen[vietnamese()].format(code=code, rulebook=rulebook)
