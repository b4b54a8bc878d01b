"""Questions asked of the ledger, answered in frozen rows. Nothing here writes.

standing   a campaign in numbers
results    the uploaded rows beside what came of them
listed     a campaign's customers in pages, each with his reason
calls      calls in pages, and one with its facts
timeline   one customer: what happened, in order, and why he was (not) called
number     one number: every call with it, and why it was listed
roster     agents and their state
explaining a whole campaign: why is nobody called, who is next and when
checking   before a start: what would stand against it
health     how the vendors do
triggers   a triggered call, and what happened for it
reasons    why a customer waits or is final, as one SQL expression
"""

from campaigns.reports.calls import calls_before, find_call
from campaigns.reports.checking import Check, check
from campaigns.reports.explaining import Explanation, Group, Turn, explain
from campaigns.reports.health import Health, Monitor, Spread, monitor
from campaigns.reports.listed import Listed, listed_after
from campaigns.reports.number import DayOfCalls, NumberCall, NumberStory, number_story
from campaigns.reports.results import Columns, Result, columns, results
from campaigns.reports.roster import AgentLine, AgentState, roster
from campaigns.reports.standing import FINISHED, Standing, standing
from campaigns.reports.timeline import Answer, Event, Timeline, timeline, why
from campaigns.reports.triggers import Triggered, events, events_of_call, find_triggered

__all__ = [
    "FINISHED",
    "AgentLine",
    "AgentState",
    "Answer",
    "Check",
    "Columns",
    "DayOfCalls",
    "Event",
    "Explanation",
    "Group",
    "Health",
    "Listed",
    "Monitor",
    "NumberCall",
    "NumberStory",
    "Result",
    "Spread",
    "Standing",
    "Timeline",
    "Triggered",
    "Turn",
    "calls_before",
    "check",
    "columns",
    "events",
    "events_of_call",
    "explain",
    "find_call",
    "find_triggered",
    "listed_after",
    "monitor",
    "number_story",
    "results",
    "roster",
    "standing",
    "timeline",
    "why",
]
