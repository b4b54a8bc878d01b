"""The domain: whom to call, when, and what came of it. Opens no socket, starts no task, configures no log."""
