"""What went wrong, in one line. Surprises keep their traceback; everything else is a sentence and exit code 2."""


def told(error: BaseException) -> str | None:
    """What to tell a person, None for a surprise."""
    error = _sole(error)
    if isinstance(error, OSError):
        return _of_the_system(error)
    if isinstance(error, _expected()):
        return _one_line(str(error) or type(error).__name__)
    return _of_the_database(error)


def _sole(error: BaseException) -> BaseException:
    """The one error in a group of one: task groups wrap whatever stopped them."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _expected() -> tuple[type[Exception], ...]:
    # Imported here: a command that succeeds needs none of them.
    from campaigns.accounts import InUse
    from campaigns.directory import BadCode, NotFound, Taken
    from campaigns.ledger import NotNow
    from campaigns.lists import BadRow, UnreadableList
    from campaigns.rulebooks import BadRulebook
    from campaigns.shelf import OnUse
    from campaigns.terms import BadTerms
    from dialer.api.tls import BadCertificate
    from dialer.commands.session import BadSetting
    from dialer.demo import DemoFailed
    from dialer.gateways import GatewayError
    from dialer.migrations import Outdated
    from dialer.runtime import AlreadyServing, BadRole
    from dialer.sinks import SinkMissing
    from dialer.vault import KeyLost, KeyMissing
    from dialer.vendors import TooFast

    of_the_domain = (BadCode, BadRow, BadRulebook, BadTerms, InUse, NotFound, NotNow, OnUse, Taken, UnreadableList)
    of_the_engine = (
        AlreadyServing,
        BadCertificate,
        BadRole,
        BadSetting,
        DemoFailed,
        GatewayError,
        KeyLost,
        KeyMissing,
        Outdated,
        SinkMissing,
        TooFast,
    )
    return (*of_the_domain, *of_the_engine)


def _of_the_system(error: OSError) -> str:
    if error.filename is not None and error.strerror:
        return _one_line(f"{error.filename}: {error.strerror}")
    return _one_line(str(error))


def _of_the_database(error: BaseException) -> str | None:
    """A database that is away, locked or full; its own words, without the statement, which may hold numbers."""
    from sqlalchemy.exc import InterfaceError, OperationalError

    if isinstance(error, (InterfaceError, OperationalError)):
        return _one_line(f"the database: {error.orig}")
    return None


def _one_line(text: str) -> str:
    return " ".join(text.split())
