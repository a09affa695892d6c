"""Python's collector of cyclic garbage, kept away from what lives as long as the process."""

import gc


def leave_alone() -> None:
    """Until `settle`: starting makes some hundred thousand objects, nearly all of which stay, and each look at them is in vain."""
    gc.disable()


def settle() -> None:
    """What is there now stays: from now on only what comes later is looked at. That is a tenth of the time of a poll with news."""
    gc.freeze()
    gc.enable()
