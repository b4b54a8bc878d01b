"""Draws docs/states.md from what the code does: `PYTHONPATH=tests python -m architecture.states_page`."""

import io
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from campaigns import words
from campaigns.retries import STATUS_OF
from campaigns.states import ORDER, UNRUNG
from campaigns.words import LIVE_STATES, CallState, FactKind, Mode, Outcome, Reason, Status

from . import call_states, customer_states
from .call_states import Walk
from .customer_states import Findings
from .source import ROOT

PAGE = ROOT / "docs" / "states.md"
HEAD = """# States

Drawn by `make docs` from what the code does, never by hand; a test fails when this page is stale. A call is the
*evidence gathered so far*: facts may come in any order, late and doubled, and the state is read off the evidence."""
OF_A_CALL = """
## A call

From a frame, an arrow leads from every state within it. A label names the facts that lead there."""
OF_A_CUSTOMER = """
## A customer

A label names the reason that is written with the status, or the act that brings it about."""
START = "[*]"


def page() -> str:
    """The whole page."""
    walk, findings = call_states.walk(), customer_states.look()
    parts = [
        HEAD,
        OF_A_CALL,
        *mermaid(call_diagram(walk)),
        *call_table(walk),
        *refusals(walk),
        *outcomes(walk),
        OF_A_CUSTOMER,
        *mermaid(customer_diagram(findings)),
        *ends(findings),
        *statuses(),
        *hindrances(),
        *reasons(),
    ]
    return "\n".join(parts) + "\n"


def mermaid(lines: Iterable[str]) -> list[str]:
    return ["", "```mermaid", "stateDiagram-v2", *(f"    {line}" for line in lines), "```"]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["", *("| " + " | ".join(line) + " |" for line in lines)]


def code(values: Iterable[str]) -> str:
    """Words in their own order, each once."""
    return ", ".join(f"`{value}`" for value in dict.fromkeys(values)) or "–"


def call_diagram(walk: Walk) -> Iterator[str]:
    yield f"{START} --> {CallState.INTENDED}: {FactKind.INTENDED}"
    yield "state live {"
    yield "    state unrung {"
    yield from (f"        {state}" for state in ORDER if state in UNRUNG)
    yield "    }"
    yield from (f"    {state}" for state in ORDER if state in LIVE_STATES and state not in UNRUNG)
    yield "}"
    for (source, target), kinds in _framed(walk).items():
        yield f"{source} --> {target}: {', '.join(sorted(kinds, key=list(FactKind).index))}"
    yield from (f"{state} --> {START}" for state in CallState if state.final)


FRAMES: Mapping[str, frozenset[CallState]] = {"live": frozenset(LIVE_STATES), "unrung": frozenset(UNRUNG)}


def _framed(walk: Walk) -> dict[tuple[str, CallState], set[FactKind]]:
    """Arrows, with one from a frame in place of one from each of its states."""
    sources: dict[tuple[FactKind, CallState], set[CallState]] = defaultdict(set)
    for (source, target), kinds in walk.moves.items():
        for kind in kinds:
            sources[kind, target].add(source)
    arrows: dict[tuple[str, CallState], set[FactKind]] = defaultdict(set)
    for (kind, target), states in sources.items():
        for frame, within in FRAMES.items():
            if within <= states and target not in within:
                arrows[frame, target].add(kind)
                states -= within
        for state in states:
            arrows[state, target].add(kind)
    places = [*FRAMES, *CallState]
    return dict(sorted(arrows.items(), key=lambda item: (places.index(item[0][0]), list(CallState).index(item[0][1]))))


def call_table(walk: Walk) -> list[str]:
    rows = [
        (
            f"`{state}`",
            "yes" if state.live else "",
            "yes" if state.final else "",
            code(target for source, target in sorted(walk.moves, key=str) if source is state),
        )
        for state in CallState
    ]
    return table(["state", "live: a telephone may ring", "final", "may be followed by"], rows)


def refusals(walk: Walk) -> list[str]:
    ordered = sorted(walk.refusals.items(), key=lambda item: (item[0][1], list(FactKind).index(item[0][0])))
    rows = [
        (f"`{kind}`", why, code(state for state in CallState if state in states)) for (kind, why), states in ordered
    ]
    return [
        "",
        "### Contradictions",
        "",
        "Refused, recorded and counted, and nothing else.",
        *table(["fact", "because of", "may be refused in"], rows),
    ]


def outcomes(walk: Walk) -> list[str]:
    rows = []
    for outcome in Outcome:
        seen = {mode: walk.outcomes[mode, outcome] for mode in Mode if (mode, outcome) in walk.outcomes}
        free = [mode for mode, told in seen.items() if not any(charged for charged, _ in told)]
        why = {reason for told in seen.values() for _, reason in told if reason}
        rows.append((f"`{outcome}`", code(seen), code(free), code(sorted(why)), f"`{STATUS_OF[outcome]}`"))
    head = ["outcome", "in modes", "costs no attempt in", "may carry the reason", "customer, when no recall is left"]
    return ["", "### Outcomes", *table(head, rows)]


def customer_diagram(findings: Findings) -> Iterator[str]:
    yield from (f'state "{status}" as {_name(status)}' for status in Status if _name(status) != status)
    yield f"{START} --> {Status.NEW}: enlisted"
    arrows: dict[tuple[Status, Status], set[str]] = defaultdict(set)
    for change in findings.changes:
        arrows[change.before, change.after].add(change.because)
    order = list(Status)
    for (before, after), why in sorted(arrows.items(), key=lambda item: [order.index(one) for one in item[0]]):
        yield f"{_name(before)} --> {_name(after)}: {', '.join(sorted(why))}"


def _name(status: Status) -> str:
    """Mermaid takes a dash for the beginning of an arrow."""
    return status.value.replace("-", "_")


def ends(findings: Findings) -> list[str]:
    rows = []
    for way, came_to in findings.ends.items():
        waiting = {(status, reason) for status, reason in came_to if not status.final}
        rows.append((way, _standings(waiting), _standings(came_to - waiting)))
    head = ["a call", "while recalls are left, he waits as", "or else he ends as"]
    return ["", "### After a call", *table(head, rows)]


def _standings(found: Iterable[tuple[Status, Reason | None]]) -> str:
    return code(sorted(f"{status}: {reason}" if reason else status for status, reason in found)) if found else "–"


def statuses() -> list[str]:
    rows = [(f"`{status}`", "yes" if status.final else "") for status in Status]
    return ["", "### Statuses", *table(["status", "final"], rows)]


def hindrances() -> list[str]:
    waits = customer_states.hindrances()
    rows = [
        (f"`{reason}`", "waits until it may be over" if waits[reason] else f"becomes `{Status.FAIL}`")
        for reason in Reason
        if reason in waits
    ]
    said = "The first hindrance found is the answer. Who has no number left that is not suppressed becomes `dnc`."
    return ["", "### What the gate says", "", said, *table(["reason", "the customer"], rows)]


def reasons() -> list[str]:
    rows = [(title, code(names)) for title, names in _grouped().items()]
    return [
        "",
        "## Reasons",
        "",
        "One closed list: the same word in log, metric, screen and test.",
        *table(["of", "words"], rows),
    ]


def _grouped() -> dict[str, list[str]]:
    """The words of `Reason` under the comments that head them in the source."""
    source = (ROOT / "campaigns" / "words.py").read_text(encoding="utf-8")
    body = source[source.index("class Reason(") :]
    groups: dict[str, list[str]] = {}
    for token in tokenize.generate_tokens(io.StringIO(body).readline):
        if token.type == tokenize.COMMENT:
            groups[token.string.strip("# .")] = []
        elif token.type == tokenize.NAME and token.string in words.Reason.__members__:
            list(groups.values())[-1].append(words.Reason[token.string].value)
    return groups


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
