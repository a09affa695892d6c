"""Logs and the ways in which an upstream may show them."""

from hypothesis import strategies as st

from poller.core.snapshot import Entry, Snapshot
from tests.core.samples import operation

STATES = st.sampled_from(["MANUAL_VERIFYING", "TRAINING", "JOB_SUCCESS", "JOB_FINISH", "BRAND_NEW"])
ENTRIES = st.builds(
    operation,
    st.integers(0, 3),
    st.sampled_from(["SUBMIT", "VERIFY", "TRAIN"]),
    st.sampled_from(["SYSTEM", "USER", None]),
)
HISTORIES = st.lists(ENTRIES, max_size=8)  # few values: twins and entries of one second are the rule


@st.composite
def growing_looks(draw: st.DrawFn, history: list[Entry], first: int) -> list[Snapshot]:
    """Polls at some moments of one history: each sees a beginning of it, the last one all; the first is given."""
    middle = sorted(draw(st.lists(st.integers(first, len(history)), max_size=6)))
    return [_seen(history[:length]) for length in (first, *middle, len(history))]


@st.composite
def damaged_looks(draw: st.DrawFn, history: list[Entry], first: int) -> list[Snapshot]:
    """As above, but every look in between is shuffled, truncated anywhere and lacks fields that are filled in later."""
    looks = draw(growing_looks(history, first))
    middle = [_seen(draw(_damaged(list(look.entries)))) for look in looks[1:-1]]
    last = draw(st.permutations(history))
    return [looks[0], *middle, _seen(last)]


@st.composite
def _damaged(draw: st.DrawFn, log: list[Entry]) -> list[Entry]:
    shuffled = draw(st.permutations(log))
    kept = shuffled[: draw(st.integers(0, len(shuffled)))]
    return [entry._replace(rest={}) if draw(st.booleans()) else entry for entry in kept]


def with_details(history: list[Entry]) -> list[Entry]:
    return [entry._replace(rest={"log_description": f"entry {at}"}) for at, entry in enumerate(history)]


def _seen(entries: list[Entry]) -> Snapshot:
    return Snapshot(state="TRAINING", fields={"name": "Test Name"}, entries=tuple(entries))
