"""Help that teaches by example."""


def examples(*lines: str) -> str:
    """An epilog of command lines as they would be typed, each with a remark after `#` where one helps."""
    # The help's layout joins lines that no blank line parts; brackets would be markup.
    shown = (f"  $ {line}".replace("[", r"\[").replace(" ", "\u00a0") for line in lines)
    return "\n\n".join(("[bold]Examples[/bold]", *shown))
