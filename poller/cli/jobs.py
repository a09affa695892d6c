"""`poller jobs`: which jobs are watched."""

import typer

from poller.cli import job_changes, job_views
from poller.cli.noun import noun_of

noun = noun_of("The jobs that are watched: add, list, explain, pause, remove.")


def register(app: typer.Typer) -> None:
    """Add the noun."""
    app.add_typer(noun, name="jobs")


job_changes.register(noun)
job_views.register(noun)
