"""The command line: parses words, calls one function, prints what it answers. One file a noun; and beside them

session      settings and database open, one transaction, who asks
options      options that several commands share
printing     tables, one JSON object, notes beside them
language     Vietnamese or English labels
complaints   what went wrong, in one line
calls        calls listed, and what happened to one
entering     customers listed, entered and corrected without a file
credentials  a vendor account's secrets, entered and kept
rejects      what was wrong with a file, written beside it
watching     a campaign's numbers on a terminal
bars         a bar for long work
periods      days and moments as they are typed
replays      a replay as a page, a table and a signed manifest
privacy      a person's own data, exported and erased
sheets       a report as CSV, XLSX or JSON
"""
