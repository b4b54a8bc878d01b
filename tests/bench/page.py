"""docs/performance.md, made from one run's figures and from nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
Said = Mapping[str, Any]
NAMES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
# What each row measures, and against what; in the order of the page.
ROWS = {
    "choose": (
        "Whom to call",
        "The claim: lock, count every ceiling, take the customers whose turn it is, ask the do-not-call list, lease. "
        "Against the same in the fewest statements by hand: three over asyncpg, one transaction over `sqlite3`. "
        "The gate is Python in ours and a `WHERE` in the other.",
    ),
    "law": (
        "The law in the gate",
        "The claim under the whole `vn-debt` rulebook: hours on each person's own clock, roles, the creditor, and five "
        "reminders a day counted from the ledger. Against the same claim of the same customers under `none`, which "
        "holds no law.",
    ),
    "intake": (
        "Taking hooks in",
        "Each hook is durable before it is acknowledged; what comes within three milliseconds shares a transaction. "
        "Against an aiohttp handler that reads, checks and drops.",
    ),
    "ordering": (
        "Calls that a CRM orders",
        "`POST /v1/calls`: the key, the person on the list, the gate's word, the order and its kept answer, a durable "
        "transaction each. Against hooks taken in during the same run, which share their transactions.",
    ),
    "settling": (
        "Settling",
        "From stored hooks to the states of calls, customers and numbers, with all history. Against batches of 200 by "
        "hand, which know one order of hooks and doubt nothing.",
    ),
    "placing": (
        "Placing",
        "Claim, gate, intent, one HTTP request, answer in the ledger; the vendor is another process and answers at "
        "once. The answers of five milliseconds share a transaction. Against an aiohttp client that posts the same "
        "requests and writes nothing.",
    ),
    "campaign": (
        "A whole campaign",
        "The engine as `dialer serve` starts it, the vendor in a process of its own, every call with its hooks.",
    ),
    "memory": ("Memory of a worker", "Resident memory of the `dialer serve` process."),
}


HEAD = """# How fast it is

`make bench SCALE=full` measures and writes this page; nothing on it is written by hand. Each row runs ours and a
reference by turns, over the same rows in the same run, both durable, and gives the ratio of the medians. A ratio says
more than a rate: it stays when the machine is another or is busy with other things.
""".splitlines()
WHY = {
    "choose": "The gate is asked of each customer in Python, so that it can say why; the reference never leaves SQL.",
    "law": "What reached each person lately is read from the ledger and counted in Python; `none` reads nothing.",
    "intake": "Each hook waits for the commit that it shares with others; the reference writes nothing.",
    "ordering": "Each order is twenty statements in a transaction of its own; hooks share theirs.",
    "settling": "Each hook is read tolerantly and folded in any order, in Python; the reference trusts them all.",
    "placing": "At most twenty calls of a campaign are ahead of the wire, and each twenty passes claim, intent and "
    "answer, a transaction each; the reference posts only.",
    "campaign": "",
    "memory": "",
}


def write(run: Said, page: Path = PAGE) -> None:
    page.write_text(made(run), encoding="utf-8")


def made(run: Said) -> str:
    """The whole page."""
    return "\n".join([*_head(run), *_rows(run), *_bottleneck(run), *_missed(run)]) + "\n"


def _head(run: Said) -> Iterator[str]:
    versions = ", ".join(f"{NAMES.get(name, name)} {number}" for name, number in sorted(run["versions"].items()))
    yield from (*HEAD, "")
    yield f"Run of {run['at']}, scale `{run['scale']}`, in {run['seconds']} s. Engine, database, vendor and reference"
    yield f"shared {run['cores']} cores, whatever else ran on them."
    yield f"{versions}."


def _rows(run: Said) -> Iterator[str]:
    for row, (title, what) in ROWS.items():
        figures = [figure for figure in run["figures"] if figure["row"] == row]
        if figures:
            yield from ("", f"## {title}", "", what, "")
            yield "| database | case | ours | reference | ratio (lowest, highest) | aim | met |"
            yield "|---|---|---|---|---|---|---|"
            yield from map(_line, figures)


def _line(figure: Said) -> str:
    ratio, reference = "", ""
    if figure["ratio"] is not None:
        low, high = figure["spread"]
        ratio = f"**{figure['ratio']:.2f}** ({low:.2f}, {high:.2f})"
        reference = f"{figure['reference']:,.0f}"
    ours = f"{figure['ours']:,.2f}" if figure["unit"] == "times" else f"{figure['ours']:,.0f}"
    aim = _aim(figure)
    met = ("yes" if figure["met"] else "**no**") if aim else ""
    shown = (NAMES[figure["database"]], figure["case"], f"{ours} {figure['unit']}", reference, ratio, aim, met)
    return f"| {' | '.join(shown)} |"


def _aim(figure: Said) -> str:
    if figure["at_least"] is not None:
        return f"≥ {figure['at_least']:g}"
    return f"≤ {figure['at_most']:g} {figure['unit']}" if figure["at_most"] is not None else ""


def parts(figures: Sequence[Said], database: str) -> dict[str, float]:
    """Milliseconds that each part takes for one call, by what the other rows measured."""
    rates = {f["row"]: f["ours"] for f in figures if f["database"] == database and f["ratio"] is not None}
    calls = {"intake": 4, "settling": 4, "placing": 1}
    return {row: 1000 * times / rates[row] for row, times in calls.items() if row in rates}


def _bottleneck(run: Said) -> Iterator[str]:
    whole = [figure for figure in run["figures"] if figure["row"] == "campaign"]
    lines = []
    for figure in whole:
        known = parts(run["figures"], figure["database"])
        if known:
            total = sum(known.values())
            widest = max(known, key=lambda row: known[row])
            each = ", ".join(f"{ROWS[row][0].lower()} {ms:.2f} ms" for row, ms in known.items())
            took = 1000 / figure["ours"]
            lines.append(
                f"- {NAMES[figure['database']]}, {figure['case']}: {took:.2f} ms a call; the sum of the parts is "
                f"{total:.2f} ms ({each}), so the whole is {total / took:.2f} of it in speed. The bottleneck is "
                f"**{ROWS[widest][0].lower()}**."
            )
    if lines:
        yield from (
            "",
            "The parts of a call, as the rows above measured them one by one (placing one call at a time, where an",
        )
        yield from ("autocall queue is fed with twenty in a request):", "", *lines)


def _missed(run: Said) -> Iterator[str]:
    missed = [figure for figure in run["figures"] if not figure["met"]]
    yield from ("", "## Where an aim is missed", "")
    if not missed:
        yield "Nowhere in this run."
    for figure in missed:
        judged = figure["ours"] if figure["ratio"] is None else figure["ratio"]
        aim = figure["at_least"] if figure["at_least"] is not None else figure["at_most"]
        off = f"{max(judged / aim, aim / judged):.2f}"
        where = f"{ROWS[figure['row']][0]}, {NAMES[figure['database']]}, {figure['case']}"
        yield f"- {where}: {judged:.2f} where the aim is {_aim(figure)}, off by a factor of {off}. {WHY[figure['row']]}"
