from pathlib import Path

import pytest

from poller.config import SecretUrl, load, parse
from poller.core.secret import Secret
from poller.errors import ConfigError
from tests.config.samples import KEY, OTHER_KEY, PLANTED, avatar, notifier, source, webhook


def _token(written: str, environ: dict[str, str], folder: Path) -> Secret:
    config = parse(source(auth=f'auth = {{ method = "token", token = {written} }}'), environ=environ, folder=folder)
    auth = avatar(config).auth
    assert auth.method == "token"
    return auth.token


def _refusal(written: str, environ: dict[str, str], folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        _token(written, environ, folder)
    (line,) = caught.value.problems
    assert PLANTED not in line
    return line.removeprefix("sources.prod.auth.token: ")


def test_a_secret_is_read_in_all_four_ways(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(PLANTED)
    environ = {"TOKEN": PLANTED, "CREDENTIALS_DIRECTORY": str(tmp_path)}
    ways = [
        '"hunter2"',
        '{ env = "TOKEN" }',
        '{ file = "token" }',
        f'{{ file = "{tmp_path}/token" }}',
        '{ credential = "token" }',
    ]

    assert {_token(way, environ, tmp_path).reveal() for way in ways} == {PLANTED}


@pytest.mark.parametrize(("content", "secret"), [("a b\n", "a b"), ("a\r\n", "a"), ("a", "a")])
def test_one_newline_at_the_end_of_a_file_is_not_part_of_the_secret(tmp_path: Path, content: str, secret: str) -> None:
    (tmp_path / "token").write_bytes(content.encode())

    assert _token('{ file = "token" }', {}, tmp_path).reveal() == secret


def test_a_second_newline_is_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "sk").write_text(f"{PLANTED}\n\n")
    auth = 'auth = { method = "aksk", access_key = "a", secret_key = { file = "sk" } }'

    config = parse(source(auth=auth), environ={}, folder=tmp_path)

    found = avatar(config).auth
    assert found.method == "aksk"
    assert found.secret_key.reveal() == f"{PLANTED}\n"


def test_a_relative_file_is_below_the_folder_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "poller.toml").write_text(notifier(secret='secret = { file = "key" }'))

    config = load(tmp_path / "poller.toml", environ={})

    assert webhook(config).secret == Secret(KEY)


def test_what_cannot_be_read_is_told_with_its_name_and_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe" + PLANTED.encode())
    (tmp_path / "large").write_text(PLANTED * 10000)
    (tmp_path / "folder").mkdir()
    environ = {"EMPTY": "", "CREDENTIALS_DIRECTORY": str(tmp_path)}
    refusals = {
        '""': "found an empty value",
        '{ env = "NOPE" }': "the environment variable NOPE is not set",
        '{ env = "EMPTY" }': "found an empty value through env",
        '{ env = "hunter2!" }': "found no name of an environment variable",
        f'{{ env = "{KEY}" }}': "found no name of an environment variable",
        '{ env = ["hunter2"] }': "env is a list",
        '{ env = "" }': "env is empty",
        "{ env = 5 }": "env is an integer",
        '{ file = "nope" }': 'the file "nope" does not exist',
        '{ file = "empty" }': "found an empty value through file",
        '{ file = "binary" }': 'the file "binary" is not UTF-8 text',
        '{ file = "large" }': "found more than 64 KiB",
        '{ file = "folder" }': 'the file "folder" is not a regular file',
        '{ file = "empty/x" }': 'the file "empty/x" cannot be read (Not a directory)',
        '{ file = "a\\u0000b" }': "found a NUL character",
        '{ credential = "nope" }': "the credential nope does not exist",
        '{ credential = "../hunter2" }': "found no name of a credential",
        "{}": "found a table with no keys",
        "5": "found an integer",
        "true": "found a boolean",
        '["hunter2"]': "found a list",
    }
    for written, told in refusals.items():
        line = _refusal(written, environ, tmp_path)
        assert line.startswith(told), written
        assert "expected " in line or "check " in line, written


def test_a_credential_outside_systemd_is_told_with_the_remedy(tmp_path: Path) -> None:
    assert "CREDENTIALS_DIRECTORY is not set; expected systemd's LoadCredential=token:PATH" in _refusal(
        '{ credential = "token" }', {}, tmp_path
    )


def test_a_secret_in_a_secret_place_is_checked_after_it_was_looked_up() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(notifier(secret='secret = { env = "HOOK" }'), environ={"HOOK": PLANTED})

    assert "notifiers.backend.secret: found a secret without the prefix whsec_" in str(caught.value)
    assert PLANTED not in str(caught.value)


def test_the_signing_keys_are_those_of_secret_or_of_secrets_newest_first() -> None:
    one = webhook(parse(notifier(), environ={}))
    two = webhook(parse(notifier(secret=f'secrets = ["{OTHER_KEY}", "{KEY}"]'), environ={}))

    assert two.signing_keys == (bytes(range(32)), *one.signing_keys)
    assert [len(key) for key in one.signing_keys] == [33]


def test_of_a_url_the_host_is_shown_unless_it_was_given_as_a_secret() -> None:
    plain = webhook(parse(notifier(), environ={})).url
    given = notifier(url='url = { env = "HOOK" }')
    secret = webhook(parse(given, environ={"HOOK": "https://example.com/hunter2"})).url

    assert plain == secret
    assert isinstance(plain, SecretUrl)
    assert (plain.shown, secret.shown) == ("https://example.com", "<secret>")
    assert (str(plain), repr(plain), f"{plain}") == ("<secret>",) * 3
