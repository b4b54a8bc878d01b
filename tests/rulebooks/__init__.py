"""The law as data: hours, caps, the shipped rulebooks, and how strict a house's own ones are."""
