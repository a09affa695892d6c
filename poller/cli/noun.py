"""What the nouns of the command line have in common."""

import typer

from poller.cli.setting import ConfigFile


def noun_of(meaning: str) -> typer.Typer:
    """A noun without its verbs; `--config` may stand after it too. `meaning` is its help."""
    noun = typer.Typer(no_args_is_help=True)

    @noun.callback(help=meaning)
    def _noun(config: ConfigFile = None) -> None:  # read by the verbs: each looks upwards for it
        pass

    return noun
