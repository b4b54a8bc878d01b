"""`dialer person`: one person over all campaigns."""

from dialer.commands import privacy
from dialer.commands.options import noun

app = noun("One person: what is kept about him.")
app.command("export", epilog=privacy.EXPORTING)(privacy.export)
app.command("erase", epilog=privacy.ERASING)(privacy.erase)
