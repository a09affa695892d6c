"""Python's collector of cyclic garbage, kept away from what lives as long as the process."""

import gc
from typing import Final

# Objects before there is a look at them. Those of a job with news, some 120, are in use until it is recorded, and a round of 16 seats
# records some 500 jobs (`engine.poller.HAND_PER_SEAT`).
YOUNG: Final = 80_000
# Looks at the younger ones before one at the middle-aged, and of these before one at all. Python's own ten and ten would multiply
# with so many more young ones: a look at all comes after a million objects, as it would with 10,000.
MIDDLE, OLD = 4, 3


def leave_alone() -> None:
    """Until `settle`: starting makes some hundred thousand objects, nearly all of which stay, and each look at them is in vain."""
    gc.disable()


def settle() -> None:
    """What is there now stays: from now on only what comes later is looked at. Both are a tenth of the time of a poll with news."""
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    gc.enable()
