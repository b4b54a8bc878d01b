"""The engine: owns time, tasks, sockets and vendors; owns no tables and no rules."""

__version__ = "0.1.0"
