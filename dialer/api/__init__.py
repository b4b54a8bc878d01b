"""The front door: a REST API over the same functions as the command line.

peers      where a request comes from, with proxies before us
origins    pages of other origins: none, or those that are named
lines      connections that say nothing are hung up
tls        a certificate and its key
problems   what can go wrong: a closed list, as RFC 9457 has it
bodies     what comes with a request, read within bounds
xml        JSON as XML and back
media      in which form something is told
routes     the shape of a route, and what its work is given
access     who asks, and what he may
guessing   who guesses secrets waits
grants     tokens for clients
keys       requests that may come twice, and are done once
limits     how often a client may ask, over all workers
pages      lists in pages
deeds      each change, written down: who, what, before and after
versions   what differs between /v1 and /v2, and when one ends
linking    what leads from one operation to another
resources  what can be asked for: one file a noun, all in one table
openapi    the table as an OpenAPI file, and as a page to read
server     the order in which a request is looked at
"""
