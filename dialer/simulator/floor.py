"""The agents of the floor: who is logged in, who is in a call, who is next."""

from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from uuid import NAMESPACE_DNS, uuid5

import anyio


class Declined(Exception):
    """The extension cannot take a call. The message is the vendor's error code (7.4)."""


NOT_REGISTERED = "USER_NOT_REGISTERED"
BUSY = "USER_BUSY"


@dataclass(slots=True, eq=False)
class Agent:
    extension: str
    username: str
    user_uuid: str
    name: str
    logged_in: bool = True
    busy: bool = False


@dataclass(slots=True, eq=False)
class Waiter:
    """An answered customer who waits for one of these agents."""

    members: Collection[str] | None
    agent: Agent | None = None
    served: anyio.Event = field(default_factory=anyio.Event)


class Floor:
    """`changed` is called whenever an agent may have become free."""

    def __init__(self, agents: Iterable[tuple[str, str]], changed: Callable[[], None]) -> None:
        self.agents = {
            extension: Agent(extension, username, str(uuid5(NAMESPACE_DNS, username)), f"Agent {extension}")
            for extension, username in agents
        }
        self._changed = changed
        self._free = dict(self.agents)  # Longest idle first: a dict keeps the order of insertion.
        self._waiters: deque[Waiter] = deque()

    def reserve(self, extension: str) -> Agent:
        """Take this agent for a call. Raises `Declined`."""
        agent = self.agents.get(extension)
        if agent is None or not agent.logged_in:
            raise Declined(NOT_REGISTERED)
        if agent.busy:
            raise Declined(BUSY)
        return self._take(agent)

    def try_reserve(self, extension: str) -> Agent | None:
        try:
            return self.reserve(extension)
        except Declined:
            return None

    def free(self, agent: Agent) -> None:
        """His call is over: he goes to the first customer who waits for him, or idles."""
        agent.busy = False
        self._offer(agent)

    def log(self, extension: str, logged_in: bool) -> None:
        """Log an extension in or out; a call that it is in goes on. Raises KeyError for an unknown one."""
        agent = self.agents[extension]
        agent.logged_in = logged_in
        if not logged_in:
            self._free.pop(extension, None)
        elif not agent.busy and extension not in self._free:
            self._offer(agent)

    def available(self, members: Collection[str] | None) -> int:
        """How many are logged in and not in a call; `members` None means all."""
        return len(self._free) if members is None else sum(extension in self._free for extension in members)

    async def next_free(self, members: Collection[str] | None, patience: float) -> Agent | None:
        """The agent who has idled longest, or the first to become free in `patience` *real* seconds, or None."""
        for agent in self._free.values():
            if _serves(agent, members):
                return self._take(agent)
        waiter = Waiter(members)
        self._waiters.append(waiter)
        with anyio.move_on_after(patience):
            await waiter.served.wait()
        if waiter.agent is None:
            self._waiters.remove(waiter)
        return waiter.agent

    def find(self, user: str) -> Agent | None:
        """By user name or uuid, not by extension (9.1)."""
        return next((agent for agent in self.agents.values() if user in (agent.username, agent.user_uuid)), None)

    def clear(self) -> None:
        """Every call was cut off."""
        self._waiters.clear()
        for agent in self.agents.values():
            agent.busy = False
        self._free = {agent.extension: agent for agent in self.agents.values() if agent.logged_in}

    def _take(self, agent: Agent) -> Agent:
        agent.busy = True
        del self._free[agent.extension]
        return agent

    def _offer(self, agent: Agent) -> None:
        if not agent.logged_in:
            return
        for waiter in self._waiters:
            if _serves(agent, waiter.members):
                self._waiters.remove(waiter)
                agent.busy, waiter.agent = True, agent
                waiter.served.set()
                return
        self._free[agent.extension] = agent
        self._changed()


def _serves(agent: Agent, members: Collection[str] | None) -> bool:
    return members is None or agent.extension in members
