from pathlib import Path

import pytest

from poller.config import find, load, parse
from poller.config.loading import MAX_FILE_BYTES
from poller.errors import ConfigError
from tests.config.samples import PLANTED


def _refusal(path: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(path, environ={})
    assert caught.value.place == str(path)
    assert "Traceback" not in str(caught.value)
    assert caught.value.exit_code == 2
    return caught.value


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f'[store]\nurl = "{PLANTED}', "line 2, column 15"),
        (f"[store]\nurl = {PLANTED}", "line 2, column 7"),
        (f"[store\nurl = '{PLANTED}'", "line 1, column 7"),
        ("[store]\nurl = ", "line 2, column 7"),
        ("a = 1\na = 2", "line 2, column 6"),
        ("[a]\n[a]", "line 2, column 3"),
        ("x = 2024-02-31", "line 1, column 5"),
        ("\x00", "line 1, column 1"),
    ],
)
def test_what_is_not_toml_is_told_with_line_and_column(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "poller.toml"
    path.write_text(text)

    error = _refusal(path)

    assert error.problems[0].startswith(f"{place}: not valid TOML: ")
    assert PLANTED not in str(error)


def test_a_parser_that_gives_up_otherwise_is_a_problem_too(tmp_path: Path) -> None:
    path = tmp_path / "poller.toml"
    path.write_text("x = " + "[" * 100_000)
    assert "nested too deep" in str(_refusal(path))
    path.write_text("x = " + "9" * 5000)
    assert "too many digits" in str(_refusal(path))


def test_a_file_that_is_not_there_or_cannot_be_read_is_told_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert "the file does not exist; write it, or name another with --config FILE" in str(
        _refusal(tmp_path / "nope.toml")
    )
    assert "this is a directory" in str(_refusal(tmp_path))
    assert "cannot be read (Not a directory)" in str(_refusal(tmp_path / "file" / "poller.toml"))
    assert "cannot be read (File name too long)" in str(_refusal(tmp_path / ("x" * 300)))
    assert "cannot be read (not a path)" in str(_refusal(Path("a\0b")))


def test_a_file_that_is_not_utf8_is_told_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "poller.toml"
    path.write_bytes(b"[store]\n# caf\xe9\n")

    assert "line 2, byte 6: found bytes that are not UTF-8" in str(_refusal(path))


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "poller.toml"
    path.write_bytes(b"\xef\xbb\xbf[store]\r\nurl = 'sqlite:///a.db'\r\n")

    assert load(path, environ={}).store.url.reveal() == "sqlite:///a.db"


def test_a_file_may_have_one_mebibyte_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "poller.toml"
    path.write_bytes(b"#" * MAX_FILE_BYTES)
    assert load(path, environ={}) == parse("", environ={})

    path.write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    assert "larger than 1 MiB" in str(_refusal(path))


def test_the_file_is_looked_for_in_the_order_of_the_contract(tmp_path: Path) -> None:
    cwd, system = tmp_path / "cwd", tmp_path / "system.toml"
    cwd.mkdir()
    local = cwd / "poller.toml"
    environ = {"POLLER_CONFIG": "env.toml"}
    local.touch()
    system.touch()

    assert find(Path("given.toml"), environ, cwd, system_file=system) == cwd / "given.toml"
    assert find(Path("/given.toml"), environ, cwd, system_file=system) == Path("/given.toml")
    assert find(None, environ, cwd, system_file=system) == cwd / "env.toml"
    assert find(None, {"POLLER_CONFIG": ""}, cwd, system_file=system) == local
    local.unlink()
    assert find(None, {}, cwd, system_file=system) == system
    system.unlink()
    with pytest.raises(ConfigError, match="neither --config"):
        find(None, {}, cwd, system_file=system)
