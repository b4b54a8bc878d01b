"""Questions asked of the ledger, answered in frozen rows. Nothing here writes.

standing   a campaign in numbers
results    the uploaded rows beside what came of them
listed     a campaign's customers in parts, each with his reason
calls      calls in parts, and one with its facts
timeline   one customer: what happened, in order, and why he was (not) called
number     one number: every call with it, and why it was listed
roster     agents and their state
explaining a whole campaign: why is nobody called, who is next and when
checking   before a start: what would stand against it
health     how the vendors do
triggers   triggered calls in parts, and one with what happened for it
reasons    why a customer waits or is final, as one SQL expression
"""

from campaigns.reports.calls import CALL_SORTS, SoughtCalls, find_call, read_calls
from campaigns.reports.checking import Check, check
from campaigns.reports.explaining import Explanation, Group, Turn, explain
from campaigns.reports.health import Health, Monitor, Spread, monitor
from campaigns.reports.listed import CUSTOMER_SORTS, Sought, read_customers
from campaigns.reports.number import DayOfCalls, NumberCall, NumberStory, number_story
from campaigns.reports.results import Columns, Result, columns, results
from campaigns.reports.roster import AgentLine, AgentState, roster
from campaigns.reports.standing import FINISHED, Standing, standing
from campaigns.reports.timeline import Answer, Event, Timeline, timeline, why
from campaigns.reports.triggers import (
    TRIGGERED_SORTS,
    SoughtOrders,
    Triggered,
    events,
    events_of_call,
    find_triggered,
    read_orders,
)

__all__ = [
    "CALL_SORTS",
    "CUSTOMER_SORTS",
    "FINISHED",
    "TRIGGERED_SORTS",
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
    "Monitor",
    "NumberCall",
    "NumberStory",
    "Result",
    "Sought",
    "SoughtCalls",
    "SoughtOrders",
    "Spread",
    "Standing",
    "Timeline",
    "Triggered",
    "Turn",
    "check",
    "columns",
    "events",
    "events_of_call",
    "explain",
    "find_call",
    "find_triggered",
    "monitor",
    "number_story",
    "read_calls",
    "read_customers",
    "read_orders",
    "results",
    "roster",
    "standing",
    "timeline",
    "why",
]
