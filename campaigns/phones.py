"""Parse or refuse a telephone number, and say what its numbering plan tells of it. Pure."""
