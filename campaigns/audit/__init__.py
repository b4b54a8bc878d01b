"""Every call that was placed judged again, under the rulebook of its day, by somebody who was not there.

Nothing here is shared with the gate: the rulebook's text is read anew, hours are looked up minute by minute, and what a
cap counts is counted one by one. It is slow, so that it is obvious.

texts      a rulebook's TOML, as far as the gate holds it
cases      a call, and everything that stood then: other calls, contacts, entries, consents, registers
reckoning  what reached him before, counted one by one
checker    what was wrong with it
tallying   what was said of many: counts, a table, a manifest to be signed
"""

from campaigns.audit.cases import cases, count
from campaigns.audit.checker import Judgement, Outcome, Wrong, judge
from campaigns.audit.tallying import Tally

__all__ = ["Judgement", "Outcome", "Tally", "Wrong", "cases", "count", "judge"]
