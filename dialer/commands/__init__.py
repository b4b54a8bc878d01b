"""The command line: parses words, calls one function, prints what it answers. One file a noun.

session      settings and database open, one transaction, who asks
options      options that several commands share
printing     tables, one JSON object, notes beside them
language     Vietnamese or English labels
complaints   what went wrong, in one line
sheets       a report as CSV, XLSX or JSON
"""
