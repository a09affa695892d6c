"""`poller config`: the configuration file itself."""

import typer

from poller.cli.examples import examples
from poller.cli.noun import noun_of

noun = noun_of("The configuration file.")


def register(app: typer.Typer) -> None:
    """Add the noun."""
    app.add_typer(noun, name="config")


@noun.command(
    epilog=examples("poller config schema > poller.schema.json", "poller config schema | jq '.properties | keys'")
)
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    import json

    from poller.config import schema as config_schema

    typer.echo(json.dumps(config_schema(), indent=2))
