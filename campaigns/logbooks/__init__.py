"""Files that tell, a row an event, what happened with people: how they were reached, what they agreed to.

vocabulary   the words of headers and cells
sheets       which row is the header, and each row's cells by field
cells        moments, words of closed lists, yes and no
events       rows read as contacts or as consents
owners       whose each row is
recording    contacts and consents are written down
"""

from campaigns.logbooks.events import Event, Given, Logbook, read_consents, read_contacts, rejected
from campaigns.logbooks.owners import Owned, owned
from campaigns.logbooks.recording import Consented, record_consents, record_contacts

__all__ = [
    "Consented",
    "Event",
    "Given",
    "Logbook",
    "Owned",
    "owned",
    "read_consents",
    "read_contacts",
    "record_consents",
    "record_contacts",
    "rejected",
]
