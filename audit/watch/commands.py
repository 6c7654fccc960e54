"""`flask audit unusual`: the nightly look at who did what, by hand or from a timer."""

from datetime import datetime

import click

from audit.watch import nightly


@click.command()
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Look at this day, again if need be.")
def unusual(day: datetime | None) -> None:
    """Look for unusual access in the days that were not looked at yet, and tell those who review it.

    The worker does this every night; run it by hand, or from a timer, where no worker runs.

    Example: flask audit unusual
    """
    found = nightly.look_at(day.date()) if day else nightly.run()
    click.echo(f"{found} new to review.")
