"""What is announced to others, derived from the committed rows of the ledger and never told beside them.

kinds       the kinds of events, each a model with a version
telling     a row of the ledger as an event
sources     which rows are told, and how they are read
frontier    up to where rows can be read without a hole
reading     the next events of a tenant, in order; and events again
sinks       cursors: how far each sink has told
webhooks    where a company wants its events, and who wants which
deliveries  what is still to be posted, what was taken, what is dead
patience    when to try again
"""
