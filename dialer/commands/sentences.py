"""Why is nobody of a campaign called? One sentence, from what the ledger, the ceilings and the agents say. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from campaigns.queue import Snapshot
from campaigns.reports.explaining import Explanation
from campaigns.words import Reason, Wanted
from dialer.commands.hints import hint
from dialer.commands.language import label, vietnamese
from dialer.pacing import Allotment

SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "empty": (
        "Nobody is on the list: dialer list import {code} FILE.",
        "Danh sách trống: dialer list import {code} FILE.",
    ),
    "over": (
        "Nobody is left to call: all {customers} customers are final.",
        "Không còn ai để gọi: cả {customers} khách hàng đã xong.",
    ),
    "wanted": (
        "Nobody is called: the campaign is {wanted}{because}; {hint}.",
        "Chưa gọi ai: chiến dịch {wanted}{because}; {hint}.",
    ),
    "forbidden": (
        "Nobody may be called: {reason} (rulebook {rulebook}); {hint}.",
        "Không được gọi ai: {reason} (bộ quy tắc {rulebook}); {hint}.",
    ),
    "vendor": (
        "Nobody is called: the vendor account, {reason}{until}{detail}.",
        "Chưa gọi ai: tài khoản tổng đài, {reason}{until}{detail}.",
    ),
    "unserved": (
        "Nobody is called: no engine serves; dialer serve.",
        "Chưa gọi ai: hệ thống chưa chạy; dialer serve.",
    ),
    "in-call": (
        "Nobody waits: the {in_call} customers who are not final are in a call.",
        "Không ai đang chờ: {in_call} khách chưa xong đều đang trong cuộc gọi.",
    ),
    "later": (
        "{some}nobody may be called before {when}: {reason}{rule}.",
        "{some}không được gọi ai trước {when}: {reason}{rule}.",
    ),
    "never": (
        "{some}nobody who waits may be called, and no clock changes that: mostly {reason}{rule}; {hint}.",
        "{some}không được gọi ai đang chờ, và thời gian không làm khác đi: chủ yếu là {reason}{rule}; {hint}.",
    ),
    "called": (
        "{turns} customers may be called now, and there is room for {room} more calls.",
        "{turns} khách có thể gọi ngay, và còn chỗ cho {room} cuộc gọi.",
    ),
    Reason.AT_CAMPAIGN_LIMIT: (
        "No further call: {campaign_live} calls are live and the ceiling is {concurrent_call} (--concurrent-call).",
        "Chưa gọi thêm: đang có {campaign_live} cuộc gọi và giới hạn là {concurrent_call} (--concurrent-call).",
    ),
    Reason.AT_VENDOR_LIMIT: (
        "No further call: {account_live} calls are live on the vendor account, which has {channels} channels "
        "({reserve} kept free, {owed} other campaigns' share).",
        "Chưa gọi thêm: tài khoản tổng đài đang có {account_live} cuộc gọi trên {channels} kênh "
        "({reserve} kênh để trống, {owed} kênh của chiến dịch khác).",
    ),
    Reason.AT_TENANT_LIMIT: (
        "No further call: {tenant_live} calls of the company are live and its ceiling is {tenant_limit}.",
        "Chưa gọi thêm: công ty đang có {tenant_live} cuộc gọi và giới hạn là {tenant_limit}.",
    ),
    Reason.NO_AGENT: (
        "No further call: {agents_available} agents can take one now{agents}; {unanswered} calls ring already.",
        "Chưa gọi thêm: {agents_available} nhân viên có thể nhận{agents}; {unanswered} cuộc gọi đang chờ họ.",
    ),
    "held": ("No further call: {reason}; {hint}.", "Chưa gọi thêm: {reason}; {hint}."),
}


@dataclass(frozen=True, slots=True)
class Floor:
    """What stands between those whose turn has come and the wire. `served` is None where nobody can know."""

    snapshot: Snapshot
    allotment: Allotment
    concurrent_call: int | None
    agents: Mapping[str, int]
    served: bool | None


@dataclass(frozen=True, slots=True)
class Headline:
    """The kind names the sentence, and stays English; `until` is when it may be otherwise."""

    kind: str
    reason: str | None = None
    until: datetime | None = None


def turns_of(told: Explanation) -> int:
    """How many may be called now, as far as was looked."""
    return sum(group.customers for group in told.groups if group.about == "turn")


def headline(told: Explanation, floor: Floor) -> Headline:
    """The first that holds: the list, what stands against everybody, the engine, who may be called, the ceilings."""
    if not told.customers:
        return Headline("empty")
    if not told.waiting and not told.in_call:
        return Headline("over")
    if told.answer is not None:
        about = "vendor" if told.answer.about == "vendor" else "forbidden"
        kind = about if told.wanted is Wanted.RUNNING else "wanted"
        return Headline(kind, told.answer.reason, told.answer.until)
    if floor.served is False:
        return Headline("unserved")
    if not told.waiting:
        return Headline("in-call")
    if not turns_of(told):
        return _of_the_others(told)
    if floor.allotment.n > 0:
        return Headline("called")
    because = floor.allotment.because
    return Headline(because.value if because in SENTENCES else "held", because)


def _of_the_others(told: Explanation) -> Headline:
    """Nobody's turn has come: when it comes for the first, or else what keeps most of them."""
    first = told.next[0]
    if first.when is not None:
        return Headline("later", first.reason, first.when)
    return Headline("never", _most(told).reason)


def _most(told: Explanation) -> Any:
    return max((one for one in told.groups if one.about == "gate"), key=lambda one: one.customers)


def sentence(told: Explanation, floor: Floor, now: datetime, zone: str) -> str:
    """The headline, as a person reads it."""
    said = headline(told, floor)
    reason = label(said.reason) if said.reason else ""
    detail = f": {told.answer.detail}" if told.answer and told.answer.detail else ""
    words = {
        "code": told.code,
        "customers": told.customers,
        "in_call": told.in_call,
        "wanted": label(told.wanted.value),
        "because": f" ({reason}{detail})" if reason else "",
        "hint": hint(said.reason or told.wanted.value, told.code, told.rulebook),
        "reason": reason,
        "rulebook": told.rulebook,
        "until": f", {_word('until', 'đến')} {clock(said.until, now, zone)}" if said.until else "",
        "detail": detail,
        "when": clock(said.until, now, zone) if said.until else "",
        "rule": _rule(told, said),
        "some": _some(told),
        "turns": turns_of(told),
        "room": floor.allotment.n,
        "agents": _agents(floor.agents),
        "concurrent_call": floor.concurrent_call,
    }
    counted = {one.name: getattr(floor.snapshot, one.name) for one in fields(floor.snapshot)}
    whole = SENTENCES[said.kind][vietnamese()].format(**words | counted)
    return whole[0].upper() + whole[1:]


def _word(english: str, in_vietnamese: str) -> str:
    return in_vietnamese if vietnamese() else english


def clock(moment: datetime, now: datetime, zone: str) -> str:
    """A moment as one says it: the time alone today, `07:00 tomorrow`, else with its day."""
    there = moment.astimezone(ZoneInfo(zone))
    days = (there.date() - now.astimezone(ZoneInfo(zone)).date()).days
    time = there.strftime("%H:%M:%S" if there.second else "%H:%M")
    if days == 0:
        return time
    return f"{time} {_word('tomorrow', 'ngày mai')}" if days == 1 else f"{there.date()} {time}"


def _rule(told: Explanation, said: Headline) -> str:
    """On which rule it rests, where it rests on one."""
    rule = told.hours_rule if said.reason == Reason.OUTSIDE_HOURS else told.next[0].rule if told.next else None
    if said.kind not in ("later", "never") or rule is None:
        return ""
    return f" ({_word('rulebook', 'bộ quy tắc')} {told.rulebook}, {rule})"


def _some(told: Explanation) -> str:
    if told.looked_at == told.waiting:
        return ""
    of = (told.looked_at, told.waiting)
    return _word("of the first {} of {} looked at, ", "trong {} khách đầu tiên được xét (trên {} đang chờ), ").format(
        *of
    )


def _agents(by_state: Mapping[str, int]) -> str:
    told = ", ".join(f"{n} {label(state)}" for state, n in sorted(by_state.items()))
    return f" ({told})" if told else ""
