"""What a person may ask for: everything about him, and to be forgotten as far as others' protection allows.

subjects  who is meant, and all rows that are about him
erasing   his personal fields are wiped; the chain, the do-not-call list and what caps count stay true
"""

from campaigns.privacy.erasing import CLEAR_FOR, Erased, due, erase, finish, window
from campaigns.privacy.subjects import about, find, receipts_naming

__all__ = ["CLEAR_FOR", "Erased", "about", "due", "erase", "find", "finish", "receipts_naming", "window"]
