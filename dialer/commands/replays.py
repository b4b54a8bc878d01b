"""A replay written into a folder: a page to read, a table to count in, and a manifest that is signed.

`manifest.sig` holds the sixty-four bytes of an Ed25519 signature over `manifest.json` as it lies there.
"""

import csv
import hashlib
import html
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from campaigns.audit import Judgement, Outcome, Tally
from campaigns.audit.tallying import COLUMNS, SHOWN, SIGNATURE, book_of, faults, manifest, row_of
from campaigns.phones import mask, national
from dialer.commands.language import label, vietnamese
from dialer.commands.printing import at

CSV_FILE, PAGE_FILE, MANIFEST = "replay.csv", "replay.html", "manifest.json"
WORDS = {
    "title": ("Calls judged again", "Các cuộc gọi được xét lại"),
    "calls": ("calls judged", "cuộc gọi đã xét"),
    "lawful": ("lawful", "hợp lệ"),
    "violation": ("violation", "vi phạm"),
    "unjudgeable": ("cannot be judged", "không thể xét"),
    "period": ("Period", "Thời gian"),
    "none": ("No violation was found.", "Không phát hiện vi phạm."),
    "day": ("day", "ngày"),
    "days": ("Every call judged, by day and rulebook", "Mọi cuộc gọi đã xét, theo ngày và bộ quy tắc"),
    "list": ("Each call stands in replay.csv.", "Từng cuộc gọi nằm trong replay.csv."),
    "time": ("time", "thời gian"),
    "number": ("number", "số điện thoại"),
    "verdict": ("verdict", "kết luận"),
    "why": ("why", "vì sao"),
    "rulebook": ("rulebook", "bộ quy tắc"),
    "call": ("call", "cuộc gọi"),
    "campaign": ("campaign", "chiến dịch"),
    "more": ("The others stand in replay.csv.", "Các cuộc gọi còn lại nằm trong replay.csv."),
}


def word(name: str) -> str:
    return WORDS[name][vietnamese()]


class Folder:
    """The table is written as calls are judged; page and manifest come at the end."""

    def __init__(self, path: Path, zone: str, codes: Mapping[int, str], in_full: bool) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._zone = zone
        self._codes = codes
        self._in_full = in_full
        self._file = open(path / CSV_FILE, "w", encoding="utf-8-sig", newline="")  # noqa: SIM115
        self._rows = csv.writer(self._file)
        self._rows.writerow(COLUMNS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def add(self, one: Judgement) -> None:
        self._rows.writerow(row_of(one, self._codes, self._zone, self._in_full))

    def _number(self, call: Any) -> str:
        return national(call.phone) if self._in_full else mask(call.phone)

    def finish(self, tally: Tally, told: Mapping[str, Any], sign: Callable[[bytes], bytes]) -> None:
        """`told` is what the manifest says besides the files' digests."""
        self._file.close()
        (self._path / PAGE_FILE).write_text(self._page(tally, told), encoding="utf-8")
        digests = {name: digest_of(self._path / name) for name in (CSV_FILE, PAGE_FILE)}
        signed = manifest(told, tally, digests)
        (self._path / MANIFEST).write_bytes(signed)
        (self._path / SIGNATURE).write_bytes(sign(signed))

    def _page(self, tally: Tally, told: Mapping[str, Any]) -> str:
        counts = "".join(f"<tr><td>{html.escape(word(n))}</td><td>{c}</td></tr>" for n, c in tally.counts.items())
        days = _days(tally) if tally.days else ""
        rows = "".join(self._row(one) for one in tally.unlawful)
        heads = "".join(f"<th>{word(n)}</th>" for n in ("time", "call", "campaign", "number", "rulebook"))
        table = f"<table><tr>{heads}<th>{word('verdict')}</th><th>{word('why')}</th></tr>{rows}</table>"
        more = f"<p>{word('more')}</p>" if len(tally.unlawful) == SHOWN else ""
        period = html.escape(f"{told['tenant']}: {told['from']} – {told['to']}")
        return PAGE.format(
            title=word("title"), period=period, counts=counts, days=days, table=(table + more) if rows else word("none")
        )

    def _row(self, one: Judgement) -> str:
        call = one.call
        why = [f"{label(wrong.reason)}: {wrong.fact}" for wrong in one.wrongs] + list(one.missing)
        campaign = self._codes.get(call.campaign_id) or ""
        told = (
            at(call.intended_at, self._zone),
            call.id,
            campaign,
            self._number(call),
            book_of(call),
            word(one.outcome),
        )
        cells = "".join(f"<td>{html.escape(str(cell))}</td>" for cell in (*told, "; ".join(why)))
        return f"<tr>{cells}</tr>"


def _days(tally: Tally) -> str:
    """A line a day and rulebook, however many calls: how many of each verdict, and a bar beside the busiest day's."""
    heads = "".join(f"<th>{word(n)}</th>" for n in ("day", "rulebook", "calls", *Outcome))
    most = max(verdicts.total() for verdicts in tally.days.values())
    lines = []
    for (day, book), verdicts in sorted(tally.days.items()):
        told = (f"{day}", book, verdicts.total(), *(verdicts[outcome] for outcome in Outcome))
        cells = "".join(f"<td>{html.escape(str(cell))}</td>" for cell in told)
        lines.append(f'<tr>{cells}<td class="bar">{_bar(verdicts, most)}</td></tr>')
    about = f"<h2>{word('days')}</h2><table><tr>{heads}<th></th></tr>"
    return f"{about}{''.join(lines)}</table><p>{word('list')}</p>"


def _bar(verdicts: Counter[Outcome], most: int) -> str:
    shares = ((outcome, 100 * verdicts[outcome] / most) for outcome in Outcome)
    return "".join(f'<i class="{outcome}" style="width:{share:.2f}%"></i>' for outcome, share in shares if share)


PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:14px/1.5 sans-serif;margin:2em;max-width:75em}}table{{border-collapse:collapse;margin:1em 0}}
td,th{{border:1px solid #bbb;padding:.3em .6em;text-align:left;vertical-align:top}}
.bar{{width:20em;white-space:nowrap;font-size:0}}.bar i{{display:inline-block;height:14px;min-width:1px}}
.lawful{{background:#2a7f4f}}.violation{{background:#c0392b}}.unjudgeable{{background:#e0a030}}</style></head>
<body><h1>{title}</h1><p>{period}</p><table>{counts}</table>{days}{table}</body></html>
"""


def digest_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def faults_of(folder: Path, genuine: Callable[[bytes, bytes], bool]) -> list[str]:
    """What is wrong with a folder: the files that are not what the manifest says, and the signature."""

    def digest(name: str) -> str | None:
        file = folder / Path(name).name
        return digest_of(file) if file.exists() else None

    return faults((folder / MANIFEST).read_bytes(), (folder / SIGNATURE).read_bytes(), digest, genuine)
