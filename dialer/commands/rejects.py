"""What was wrong with a file goes back to whoever brought it."""

from collections.abc import Sequence
from pathlib import Path

from campaigns import lists
from campaigns.lists import Remark
from dialer.commands.printing import note


def write_rejects(remarks: Sequence[Remark], asked: Path | None, file: Path) -> Path | None:
    """Where the remarks went, before anything is loaded: where they were asked for, or else beside the file if there
    are any. Nobody asked for that one, so a folder that cannot be written is no reason to refuse the file."""
    if asked is None and not remarks:
        return None
    target = asked or file.with_name(f"{file.stem}.rejects.csv")
    try:
        lists.write_rejects(remarks, target)
    except OSError as error:
        if asked is not None:
            raise
        note(f"{target} cannot be written ({error.strerror}): name another with --rejects")
        return None
    return target
