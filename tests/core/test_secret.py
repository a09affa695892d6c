import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable

import pytest

from poller.core.secret import MASK, Secret

SECRET = Secret("hunter2")


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        ascii,
        lambda secret: f"{secret}{secret!r}{secret!s}{secret:>20}",
        lambda secret: "{} {:s}".format(secret, secret),  # noqa: UP032 another way to format
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 another way to format
        lambda secret: repr({"key": [secret]}),
        lambda secret: repr(BaseException(secret)),
    ],
)
def test_no_way_of_showing_it_shows_it(show: Callable[[Secret], str]) -> None:
    shown = show(SECRET)
    assert "hunter2" not in shown
    assert MASK in shown


def test_a_traceback_and_a_log_line_do_not_show_it(caplog: pytest.LogCaptureFixture) -> None:
    error = ValueError(SECRET)
    logging.getLogger("t").error("failed %s", SECRET, exc_info=error)
    assert MASK in caplog.text
    assert "hunter2" not in caplog.text + "".join(traceback.format_exception(error))


@pytest.mark.parametrize("write", [pickle.dumps, json.dumps, copy.deepcopy])
def test_it_is_not_written_or_copied_by_accident(write: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError):
        write(SECRET)


def test_it_has_no_attributes_to_be_listed() -> None:
    assert not hasattr(SECRET, "__dict__")


def test_equal_values_are_equal_secrets_and_no_secret_equals_a_string() -> None:
    assert Secret("hunter2") == SECRET
    assert hash(Secret("hunter2")) == hash(SECRET)
    assert Secret("other") != SECRET
    assert SECRET != "hunter2"
    assert (bool(SECRET), bool(Secret(""))) == (True, False)


def test_it_is_revealed_when_asked() -> None:
    assert SECRET.reveal() == "hunter2"
