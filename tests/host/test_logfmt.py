"""Log lines as logfmt: the same as structlog's own renderer writes."""

import re
import time
from datetime import datetime

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from poller.host.logfmt import Logfmt, stamp

ORDER = ("level", "event")
VALUES = st.one_of(
    st.text(alphabet='ab= "\\\n\t\x7f\u2028é🎬', max_size=6),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.just(["a b"]),
)
KEYS = st.sampled_from((*ORDER, "job_id", "é", "a=b"))


@given(st.dictionaries(KEYS, VALUES))
def test_a_line_is_what_structlog_makes_of_it(line: dict[str, object]) -> None:
    expected = structlog.processors.LogfmtRenderer(key_order=ORDER)(None, "info", dict(line))
    assert Logfmt(ORDER)(None, "info", dict(line)) == expected


def test_a_field_that_logfmt_cannot_name_is_refused() -> None:
    with pytest.raises(ValueError, match="Invalid key"):
        Logfmt(ORDER)(None, "info", {"level": "info", "event": "e", "a b": 1})


def test_the_time_of_a_line_is_that_of_now_in_utc_with_microseconds() -> None:
    before = time.time()
    written = stamp(None, "info", {"event": "e"})["timestamp"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", written)
    assert before - 1e-6 <= datetime.fromisoformat(written).timestamp() <= time.time()
