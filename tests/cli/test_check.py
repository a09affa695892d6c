import anyio
import pytest

from poller.simulator.server import running_simulator
from poller.simulator.world import World
from tests.cli.operating import Operator
from tests.config import samples


def test_a_notifier_that_is_told_only_when_others_are_late_or_in_trouble_is_not_remarked_upon(poller: Operator) -> None:
    routes = '[[routes]]\nnotify = ["backend"]\nescalate_after = "1h"\nescalate_to = ["boss"]\n'
    notifiers = samples.notifier('fallback = "spare"') + samples.notifier(name="spare") + samples.notifier(name="boss")
    poller.configure(samples.source() + notifiers + routes)

    ran = poller("check")

    assert ran.code == 0
    assert not [line for line in ran.lines if line.startswith("remark")]


def test_a_good_configuration_is_summed_up_without_its_secrets(poller: Operator) -> None:
    routes = '[[routes]]\non = ["state:*"]\nnotify = ["backend"]\n'
    poller.configure(samples.source('jobs = ["a", "b"]') + samples.notifier() + samples.notifier(name="spare") + routes)

    ran = poller("check")

    assert ran.code == 0
    facts = {line.split("  ")[0]: line.split("  ")[-1].strip() for line in ran.lines}
    assert facts["configuration"].endswith("poller.toml: ok")
    assert facts["source prod"].endswith("token, 5/s, 2 jobs in the file")
    assert facts["notifier backend"] == "webhook, https://example.com"
    assert facts["routes[0]"] == "state:* -> backend"
    assert facts["remark"] == "no route names the notifier spare: it is told nothing"
    assert samples.PLANTED not in ran.out


def test_an_empty_configuration_is_allowed_and_remarked_upon(poller: Operator) -> None:
    poller.configure("")

    ran = poller("check")

    assert ran.code == 0
    assert "nothing is polled" in ran.out
    assert "nobody is told" in ran.out


def test_every_mistake_is_told_at_once_with_its_place(poller: Operator) -> None:
    poller.configure(samples.source('rate = "fast"') + samples.notifier("timeout = 5") + "[stor]\n")

    ran = poller("check")

    assert (ran.code, ran.out) == (2, "")
    assert "3 mistakes" in ran.err
    assert all(place in ran.err for place in ("sources.prod.rate", "notifiers.backend.timeout", "stor"))


@pytest.mark.parametrize(("token", "code", "result"), [("simulated-static-token", 1, "ok"), ("wrong", 1, "no")])
def test_online_the_credentials_and_the_notifiers_are_proved(
    poller: Operator, token: str, code: int, result: str
) -> None:
    """The simulator runs in a thread of its own; nobody listens where the notifier is."""
    world = World(jobs=1)
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(running_simulator(world)) as simulator,
    ):
        auth = f'auth = {{ method = "token", token = "{token}" }}'
        where = f'endpoint = "{simulator.endpoint}"'
        project = f'project_id = "{world.project_id}"'
        source = samples.source(where=where, project=project, auth=auth)
        poller.configure(source + samples.notifier(url='url = "http://127.0.0.1:9/x"'))

        ran = poller("check", "--online")

    found = {
        line.split()[1]: line.split()[2]
        for line in ran.lines
        if line.startswith(("source prod  ", "notifier backend  "))
    }
    assert ran.code == code
    rows = [
        line.split()[:3] for line in ran.lines[ran.lines.index(next(x for x in ran.lines if x.startswith("CHECK"))) :]
    ]
    assert ["source", "prod", result] in rows
    assert ["notifier", "backend", "no"] in rows
    assert found


def test_a_file_with_secrets_that_everybody_can_read_is_remarked_upon(poller: Operator) -> None:
    poller.configure(samples.source())
    file = poller.folder / "poller.toml"
    file.chmod(0o644)
    ran = poller("check")
    assert (ran.code, ran.err.startswith(f"{file} holds a secret, and everybody")) == (0, True)
    file.chmod(0o600)
    assert poller("check").err == ""


def test_what_can_be_known_of_a_program_and_of_apprise_is_said(poller: Operator) -> None:
    there = '[notifiers.there]\nkind = "command"\ncommand = ["true", "hunter2"]\n'
    gone = '[notifiers.gone]\nkind = "command"\ncommand = ["/nowhere/tell"]\n'
    chat = '[notifiers.chat]\nkind = "apprise"\nurls = ["json://user:hunter2@127.0.0.1/x"]\n'
    poller.configure(there + gone + chat)

    plain, online = poller("check"), poller("check", "--online")

    assert (plain.code, online.code) == (0, 1)
    assert 'notifier gone: "/nowhere/tell" is not there, or may not be executed: what it is owed waits' in plain.out
    found = {line.split()[1]: line.split(maxsplit=3)[2:] for line in online.lines if line.startswith("notifier ")}
    assert found["there"] == ["ok", '"true" is there']
    assert found["gone"] == ["no", "the program is not there, or may not be executed"]
    assert found["chat"] == ["ok", "json://… can be read; only `poller notify test` tells more"]
    assert "hunter2" not in plain.out + online.out
