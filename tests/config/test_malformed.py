"""Every malformed file is one clear problem: its key path, what was found, what is allowed; and nothing that may be a secret."""

import pytest

from poller.config import parse
from poller.errors import ConfigError
from tests.config.samples import KEY, PLANTED, SECRET, notifier, route, source, voices

S, N, R = "sources.prod", "notifiers.backend", "routes[0]"
LONG = "x" * 201
SHORT_KEY = "whsec_aHVudGVyMg=="
COMMAND = 'command = ["/bin/true"]'


def apprise(line: str) -> str:
    return f'[notifiers.backend]\nkind = "apprise"\n{line}\n'


SERVER, FROM, TO = 'server = "smtps://mail.example.com"', 'from = "a@example.com"', 'to = ["b@example.com"]'


def email(*lines: str, server: str = SERVER, sender: str = FROM, to: str = TO) -> str:
    return "\n".join(["[notifiers.backend]", 'kind = "email"', server, sender, to, *lines, ""])


def command(*lines: str) -> str:
    return "\n".join(["[notifiers.backend]", 'kind = "command"', *lines, ""])


CASES: list[tuple[str, str, str, str]] = [
    # what stands in the file, the key path, what was found, what is allowed
    ("stoer = {}", "stoer", "unknown key", 'did you mean "store"? allowed: store, sources, notifiers, routes'),
    ('web = "127.0.0.1:1"', "web", "found a string", "expected a table with the keys listen, token"),
    ("[web]", "web.listen", "found nothing", "expected: HOST:PORT"),
    ("[web]\nlisten = 8780", "web.listen", "found 8780", '"127.0.0.1:8780"'),
    ('[web]\nlisten = ":8780"', "web.listen", 'found ":8780"', '"0.0.0.0:8780"'),
    ('[web]\nlisten = "127.0.0.1"', "web.listen", 'found "127.0.0.1"', "HOST:PORT"),
    ('[web]\nlisten = "::1:8780"', "web.listen", 'found "::1:8780"', "IPv6 address in brackets"),
    ('[web]\nlisten = "[::1::2]:8780"', "web.listen", 'found "[::1::2]:8780"', "IPv6 address in brackets"),
    ('[web]\nlisten = "127.0.0.256:8780"', "web.listen", 'found "127.0.0.256:8780"', "HOST:PORT"),
    ('[web]\nlisten = "127.0.0.1:65536"', "web.listen", 'found "127.0.0.1:65536"', "a port up to 65535"),
    ('[web]\nlisten = "http://127.0.0.1:8780"', "web.listen", "found", "HOST:PORT"),
    ('[web]\nlisten = "0.0.0.0:8780"', "web.token", "0.0.0.0, which other machines can reach", "a loopback address"),
    ('[web]\nlisten = "[::]:8780"', "web.token", "found nothing", "openssl rand -hex 32"),
    ('[web]\nlisten = "status.example.com:80"', "web.token", "found nothing", "expected a token"),
    ('[web]\nlisten = "127.0.0.1:1"\ntoken = "hunter2 "', "web.token", "found spaces", "openssl rand -hex 32"),
    ('[web]\nlisten = "127.0.0.1:1"\ntoken = ""', "web.token", "found an empty value", "expected a secret"),
    ('[web]\nlisten = "0.0.0.0:1"\ntoken = { env = "NO" }', "web.token", "NO is not set", "environment of poller"),
    ('[web]\nlisten = "[::1]:1"\ntokn = "hunter2"', "web.tokn", "unknown key", 'did you mean "token"?'),
    ('[heartbeat]\nevery = "1m"', "heartbeat.url", "found nothing", "expected: what is called"),
    ('[heartbeat]\nurl = "ftp://hunter2"', "heartbeat.url", "the scheme ftp", "https:// or http://"),
    ('[heartbeat]\nurl = "https://x/hunter2"\nevery = 60', "heartbeat.every", "found 60", '"30s"'),
    ('[heartbeat]\nurl = "https://x/hunter2"\nmethod = "PUT"', "heartbeat.method", 'found "PUT"', "allowed: GET, POST"),
    (
        'store = "postgresql://u:hunter2@h/d"',
        "store",
        "found a string",
        "expected a table with the keys url, lease, listen, retain",
    ),
    ("sources = []", "sources", "found a list", "expected a table"),
    ("[routes]\nnotify = []", "routes", "found a table", "expected a list; the tables of a list are written [[NAME]]"),
    ('routes = ["hunter2"]', "routes[0]", "found a string", "expected a table with the keys on, sources"),
    ('sources.prod = "hunter2"', S, "found a string", "expected a table with kind = one of metastudio-avatar"),
    (source(name='"my prod"'), 'sources."my prod"', 'found "my prod"', "letters, digits, _ and -"),
    (source(name=f"a{'b' * 63}"), f"sources.a{'b' * 63}", "bbb…", "up to 63"),
    ('[store]\nurl = "sqlite+aiosqlite:///hunter2.db"', "store.url", "the scheme sqlite+aiosqlite", '"sqlite:///FILE"'),
    (
        '[store]\nurl = "postgresql+psycopg://u:hunter2@h/d"',
        "store.url",
        "the scheme postgresql+psycopg",
        "postgresql://USER@HOST/DATABASE",
    ),
    ('[store]\nurl = "mysql://u:hunter2@h/d"', "store.url", "the scheme mysql", "postgresql://USER@HOST/DATABASE"),
    ('[store]\nurl = "hunter2.db"', "store.url", "no scheme", '"sqlite:///FILE"'),
    ('[store]\nurl = "sqlite:///:memory:"', "store.url", "in memory", '"sqlite:///FILE"'),
    ('[store]\nurl = "sqlite:///~/hunter2.db"', "store.url", "cannot be used", "without ~"),
    ('[store]\nurl = "sqlite:///a.db?mode=hunter2"', "store.url", "cannot be used", "expected sqlite:///PATH"),
    ('[store]\nurl = "postgresql://u:hunter2@h"', "store.url", "no database name", "postgresql://USER@HOST/DATABASE"),
    ('[store]\nurl = "postgresql://u:hun#ter2@h/d"', "store.url", "port cannot be read", "expected HOST"),
    ('[store]\nurl = "postgresql://u:hunter2@h:99999/d"', "store.url", "host or port cannot be read", "1 to 65535"),
    ("[store]\nurl = 5", "store.url", "found an integer", "expected a string"),
    ("[store]\npool = 5", "store.pool", "unknown key pool", "allowed: url, lease, listen, retain"),
    ("[store]\nlease = 5", "store.lease", "found 5", "in quotes and with its unit"),
    ('[store]\nlease = "100ms"', "store.lease", "100ms", "1s"),
    ('[store]\nlisten = "no"', "store.listen", '"no"', "allowed: true, false"),
    ('[store]\nretain = "30d"', "store.retain", "found a string", "keys events, snapshots, deliveries"),
    ("[store]\nretain = { events = 30 }", "store.retain.events", "found 30 (an integer)", '"7d", in quotes'),
    ('[store]\nretain = { evnts = "1d" }', "store.retain.evnts", "unknown key", 'did you mean "events"?'),
    (
        source().replace("metastudio-avatar", "metastudio-avatr"),
        f"{S}.kind",
        '"metastudio-avatr"',
        "allowed: metastudio-avatar",
    ),
    (source().replace('kind = "metastudio-avatar"', ""), f"{S}.kind", "found nothing", "allowed: metastudio-avatar"),
    (source(where=""), f"{S}.region", "neither region nor endpoint", "exactly one"),
    (source('endpoint = "https://hunter2"'), f"{S}.endpoint", "both region and endpoint", "exactly one"),
    (source(where='region = "Nordchina 4"'), f"{S}.region", 'found "Nordchina 4"', "cn-north-4"),
    (source(where='endpoint = "ftp://hunter2"'), f"{S}.endpoint", "the scheme ftp", "https:// or http://"),
    (source(where='endpoint = "https://u:hunter2@host"'), f"{S}.endpoint", "a user or password", "without"),
    (source(where='endpoint = "https://host/?k=hunter2"'), f"{S}.endpoint", "a ?query", "scheme, host"),
    (source(where='endpoint = "https://host/#hunter2"'), f"{S}.endpoint", "#fragment", "without it"),
    (source(where='endpoint = "https:///hunter2"'), f"{S}.endpoint", "no host", "https://HOST/"),
    (source(where='endpoint = ["hunter2"]'), f"{S}.endpoint", "found a list", "https://HOST"),
    (source(project=""), f"{S}.project_id", "found nothing", "expected: the project"),
    (source(project='project_id = "0c/../1"'), f"{S}.project_id", '"0c/../1"', "letters, digits"),
    (source('app_user_id = "用户"'), f"{S}.app_user_id", '"用户"', "no Chinese ones"),
    (source('app_user_id = "a\\r\\nX-B: c"'), f"{S}.app_user_id", '"a\\r\\nX-B: c"', "printable ASCII"),
    (source("follow_voice = true"), f"{S}.follow_voice", "found true", "the name of a source"),
    (source('follow_voice = "a b"'), f"{S}.follow_voice", 'found "a b"', "the name of a source"),
    (source('follow_voice = "voices"'), f"{S}.follow_voice", 'found "voices"', "of kind metastudio-voice: none"),
    (
        source('follow_voice = "other"') + source(name="other"),
        f"{S}.follow_voice",
        'found "other", a source of another kind than metastudio-voice',
        "expected a source of kind metastudio-voice: none",
    ),
    (
        source('follow_voice = "voice"') + voices(),
        f"{S}.follow_voice",
        'found "voice"',
        "expected a source of kind metastudio-voice: voices",
    ),
    (voices('follow_voice = "voices"'), "sources.voices.follow_voice", "unknown key follow_voice", "allowed: kind"),
    (voices("concurrency = 0"), "sources.voices.concurrency", "found 0", "from 1 to 1000"),
    (source("discovr = true"), f"{S}.discovr", "unknown key discovr", 'did you mean "discover"?'),
    (source("colour = true"), f"{S}.colour", "unknown key colour", "allowed: kind, region"),
    (source('discover = "yes"'), f"{S}.discover", 'found "yes"', "true, false, or a table with the keys tags"),
    (source("discover = 1"), f"{S}.discover", "found 1", "true, false, or a table"),
    (source('discover = ["vip"]'), f"{S}.discover", "found a list", "true, false, or a table"),
    (source('discover = { tag = ["vip"] }'), f"{S}.discover.tag", "unknown key tag", 'did you mean "tags"?'),
    (source('discover = { tags = "vip" }'), f"{S}.discover.tags", "found a string", "expected a list"),
    (source("discover = { tags = [5] }"), f"{S}.discover.tags[0]", "found 5", "a glob of 1 to 200"),
    (source('discover = { tags = [""] }'), f"{S}.discover.tags[0]", 'found ""', "a glob of 1 to 200"),
    (
        source('discover = { tags = ["a", "b", "a"] }'),
        f"{S}.discover.tags[2]",
        'found "a" a second time',
        "tags[0] is the same: remove one",
    ),
    (source('discover = { batch_names = ["a\\nb"] }'), f"{S}.discover.batch_names[0]", '"a\\nb"', "no control"),
    (source("discover = { batch_names = true }"), f"{S}.discover.batch_names", "found a boolean", "expected a list"),
    (source("discover = { created_within = 30 }"), f"{S}.discover.created_within", "found 30", '"7d", in quotes'),
    (source('discover = { created_within = "0d" }'), f"{S}.discover.created_within", 'found "0d"', "10ms to 36500d"),
    (source("sweep = true"), f"{S}.sweep", "found true", "allowed: auto, list, detail"),
    (source('sweep = "details"'), f"{S}.sweep", 'found "details"', 'did you mean "detail"?'),
    (source('stuck_after = "24h"'), f"{S}.stuck_after", "found a string", "expected a table"),
    (
        source('stuck_after = { waiting_on_uss = "24h" }'),
        f"{S}.stuck_after.waiting_on_uss",
        "neither a class nor the name of a state",
        'did you mean "waiting_on_us"?',
    ),
    (
        source('stuck_after = { training = "24h" }'),
        f"{S}.stuck_after.training",
        'found "training"',
        "allowed: active, waiting_on_us, waiting_on_vendor, failed, done, unknown, or such as TRAINING",
    ),
    (source('stuck_after = { "" = "24h" }'), f'{S}.stuck_after.""', 'found ""', "or such as TRAINING"),
    (source('stuck_after = { "A-B" = "24h" }'), f"{S}.stuck_after.A-B", 'found "A-B"', "or such as TRAINING"),
    (source("stuck_after = { TRAINING = 72 }"), f"{S}.stuck_after.TRAINING", "found 72", '"1h30m"'),
    (source('stuck_after = { active = "1ms" }'), f"{S}.stuck_after.active", 'found "1ms"', "10ms to 36500d"),
    (source('stuck_after = { active = "24" }'), f"{S}.stuck_after.active", 'found "24"', '"1h30m"'),
    (source('regoin = "x"'), f"{S}.regoin", "unknown key", 'did you mean "region"?'),
    (source('jobs = "abc"'), f"{S}.jobs", "found a string", "expected a list"),
    (source('jobs = ["a", "b/c"]'), f"{S}.jobs[1]", '"b/c"', "1 to 200 letters"),
    (source('jobs = ["a", ".."]'), f"{S}.jobs[1]", '".."', "1 to 200 letters"),
    (source('jobs = ["a", 5]'), f"{S}.jobs[1]", "found 5", "a job id"),
    (source(f'jobs = ["{LONG}"]'), f"{S}.jobs[0]", "xxx…", "1 to 200"),
    (source('jobs = ["a", "b", "a"]'), f"{S}.jobs[2]", 'found "a" a second time', "jobs[0] is the same: remove one"),
    (source("rate = 5"), f"{S}.rate", "found 5 (an integer)", '"5/s", "100/min"'),
    (source('rate = "0/s"'), f"{S}.rate", 'found "0/s"', "1/h to 100000/s"),
    (source('rate = "200000/s"'), f"{S}.rate", 'found "200000/s"', "1/h to 100000/s"),
    (source("concurrency = 0"), f"{S}.concurrency", "found 0", "from 1 to 1000"),
    (source("concurrency = true"), f"{S}.concurrency", "found true", "from 1 to 1000"),
    (source('concurrency = "16"'), f"{S}.concurrency", 'found "16"', "from 1 to 1000"),
    (source(f"concurrency = 0x{'f' * 9000}"), f"{S}.concurrency", "found an integer", "from 1 to 1000"),
    (source("concurrency = nan"), f"{S}.concurrency", "found nan", "from 1 to 1000"),
    (source("timeout = 10.5"), f"{S}.timeout", "found 10.5 (a number)", '"30s"'),
    (source('timeout = "10"'), f"{S}.timeout", 'found "10"', '"30s"'),
    (source('timeout = "11m"'), f"{S}.timeout", 'found "11m"', "1ms to 10m"),
    (source("timeout = 07:32:00"), f"{S}.timeout", "found a time", '"30s"'),
    (source('every = "30s"'), f"{S}.every", "found a string", "active, waiting_on_us"),
    (source('every = { active = "5ms" }'), f"{S}.every.active", 'found "5ms"', "10ms to 30d"),
    (source('every = { failing = "5m" }'), f"{S}.every.failing", "unknown key", 'did you mean "failed"?'),
    (source('forget_done_after = "-7d"'), f"{S}.forget_done_after", 'found "-7d"', '"7d"'),
    (
        source('first_sight = "sumary"'),
        f"{S}.first_sight",
        'found "sumary"',
        'did you mean "summary"? allowed: silent, summary, all',
    ),
    (source('keep_fields = ["a b"]'), f"{S}.keep_fields[0]", 'found "a b"', "the name of a field"),
    (source(auth=""), f"{S}.auth", "found nothing", "method = aksk, token or password"),
    (source(auth='auth = "hunter2"'), f"{S}.auth", "found a string", "method = one of aksk, token, password"),
    (
        source(auth='auth = { token = "hunter2" }'),
        f"{S}.auth.method",
        "found nothing",
        "allowed: aksk, token, password",
    ),
    (
        source(auth='auth = { method = "akks", access_key = "hunter2", secret_key = "hunter2" }'),
        f"{S}.auth.method",
        '"akks"',
        'did you mean "aksk"?',
    ),
    (
        source(auth='auth = { method = "aksk", access_key = "hunter2" }'),
        f"{S}.auth.secret_key",
        "found nothing",
        "the secret access key",
    ),
    (
        source(auth='auth = { method = "token", token = ["hunter2"] }'),
        f"{S}.auth.token",
        "found a list",
        "a string, or exactly one of",
    ),
    (
        source(auth='auth = { method = "token", token = "hunter2\\n" }'),
        f"{S}.auth.token",
        "an HTTP header cannot carry",
        "printable ASCII",
    ),
    (
        source(auth='auth = { method = "password", user = "u", password = "p", pasword = "hunter2", domain = "d" }'),
        f"{S}.auth.pasword",
        "unknown key pasword",
        'did you mean "password"?',
    ),
    (
        source(
            where='endpoint = "http://h"',
            auth='auth = { method = "password", user = "u", password = "hunter2", domain = "d" }',
        ),
        f"{S}.auth.endpoint",
        "found nothing",
        "the URL where tokens are fetched",
    ),
    (
        notifier().replace("webhook", "webhok", 1).replace('"webhook"', '"webhok"'),
        "notifiers.backend.kind",
        '"webhok"',
        "allowed: webhook",
    ),
    (
        notifier().replace('kind = "webhook"', 'kind = "pigeon"'),
        f"{N}.kind",
        '"pigeon"',
        "allowed: webhook, command, apprise, email",
    ),
    (
        source(auth='auth = { method = "password", user = "u ", password = "hunter2", domain = "d" }'),
        f"{S}.auth.user",
        'found "u "',
        "without spaces at its ends",
    ),
    (notifier(url=""), f"{N}.url", "found nothing", "where events are posted"),
    (notifier(url='url = "htp://example.com/hunter2"'), f"{N}.url", "the scheme htp", "https:// or http://"),
    (notifier(url='url = "hunter2://x"'), f"{N}.url", "no scheme", "https:// or http://"),
    (notifier(url='url = "https://u:hunter2@h/"'), f"{N}.url", "a user or password", "put credentials into a header"),
    (notifier(url='url = "https://h/hunter2 x"'), f"{N}.url", "spaces", "%XX"),
    (notifier(url='url = "https://h:0/hunter2"'), f"{N}.url", "the port 0", "1 to 65535"),
    (notifier(url='url = "https://[hunter2/"'), f"{N}.url", "host or port cannot be read", "[IPv6]:PORT"),
    (notifier(secret=""), f"{N}.secret", "neither secret nor secrets", "openssl rand -base64 32"),
    (notifier(f'secrets = ["{KEY}"]'), f"{N}.secrets", "both secret and secrets", "exactly one"),
    (notifier(secret="secrets = []"), f"{N}.secrets", "found none", "at least 1"),
    (notifier(secret=f"secrets = {[KEY] * 6}"), f"{N}.secrets", "found 6", "at most 5"),
    (notifier(secret='secrets = "hunter2"'), f"{N}.secrets", "found a string", "expected a list"),
    (
        notifier(secret=f'secrets = ["{KEY}", "hunter2"]'),
        f"{N}.secrets[1]",
        "without the prefix whsec_",
        "openssl rand -base64 32",
    ),
    (notifier(secret="secret = 5"), f"{N}.secret", "found an integer", "a string, or exactly one of"),
    (notifier(secret='secret = "hunter2"'), f"{N}.secret", "without the prefix whsec_", "openssl rand -base64 32"),
    (notifier(secret='secret = "whsec_hunter2!"'), f"{N}.secret", "other than base64", "openssl rand -base64 32"),
    (notifier(secret=f'secret = "{SHORT_KEY}"'), f"{N}.secret", "a key of 7 bytes", "24 to 64"),
    (
        notifier(secret='secret = { env = "A", file = "hunter2" }'),
        f"{N}.secret",
        "a table with env, file",
        "exactly one of",
    ),
    (notifier(secret='secret = { evn = "hunter2" }'), f"{N}.secret", 'the unknown key "evn"', 'did you mean "env"?'),
    (notifier(secret="secret = { hunter2 = 5 }"), f"{N}.secret", "unknown key (not shown)", "exactly one of"),
    (notifier('headers = "hunter2"'), f"{N}.headers", "found a string", "expected a table"),
    (notifier('headers = { "X Y" = "hunter2" }'), f'{N}.headers."X Y"', 'found "X Y"', "the name of an HTTP header"),
    (
        notifier('headers = { Webhook-Id = "hunter2" }'),
        f"{N}.headers.Webhook-Id",
        '"Webhook-Id"',
        "any header but those",
    ),
    (
        notifier('headers = { content-type = "hunter2" }'),
        f"{N}.headers.content-type",
        '"content-type"',
        "any header but those",
    ),
    (
        notifier('headers = { X-A = "hunter2\\r\\nX-B: c" }'),
        f"{N}.headers.X-A",
        "an HTTP header cannot carry",
        "printable ASCII",
    ),
    (notifier('headers = { X-A = "hunter2", x-a = "b" }'), f"{N}.headers.x-a", "X-A again", "remove one"),
    (notifier("headers = { X-A = 5 }"), f"{N}.headers.X-A", "found an integer", "a string, or exactly one of"),
    (notifier('retry = "5s"'), f"{N}.retry", "found a string", "expected a list"),
    (notifier('retry = ["5s", "0s"]'), f"{N}.retry[1]", 'found "0s"', "1ms to 30d"),
    (notifier(f"retry = {['5s'] * 51}"), f"{N}.retry", "found 51", "at most 50"),
    (notifier('ordered = "yes"'), f"{N}.ordered", 'found "yes"', "allowed: true, false"),
    (notifier("public_only = 1"), f"{N}.public_only", "found 1", "allowed: true, false"),
    (notifier('digest = "10m"'), f"{N}.digest", "unknown key digest", "url, secret, secrets"),
    (apprise("urls = []"), f"{N}.urls", "found none", "expected at least 1, the key is required"),
    (apprise('urls = "slack://hunter2"'), f"{N}.urls", "found a string", "expected a list"),
    (apprise(""), f"{N}.urls", "found nothing", "Apprise's URLs"),
    (apprise('urls = ["hunter2"]'), f"{N}.urls[0]", "no scheme, which Apprise does not know", "such as slack://"),
    (apprise('urls = ["slak://hunter2"]'), f"{N}.urls[0]", "the scheme slak", 'did you mean "slack"?'),
    (
        apprise('urls = ["slack://hunter2"]'),
        f"{N}.urls[0]",
        "the scheme slack that Apprise cannot read",
        "its documentation",
    ),
    (
        apprise('urls = ["ntfy://a", { evn = "hunter2" }]'),
        f"{N}.urls[1]",
        'the unknown key "evn"',
        'did you mean "env"?',
    ),
    (email(server=""), f"{N}.server", "found nothing", "smtps://HOST[:PORT]"),
    (email(server='server = "hunter2.example.com"'), f"{N}.server", "no scheme", "smtps://HOST[:PORT], or smtp://"),
    (email(server='server = "https://m/hunter2"'), f"{N}.server", "the scheme https", "smtps://HOST[:PORT]"),
    (email(server='server = "smtp://u:hunter2@m"'), f"{N}.server", "a user or password", "into username and password"),
    (email(server='server = "smtp://m/hunter2"'), f"{N}.server", "something behind the host", "smtps://HOST[:PORT]"),
    (email(server='server = "smtp://m:0"'), f"{N}.server", "the port 0", "1 to 65535"),
    (email(server="server = 25"), f"{N}.server", "an integer", "smtps://HOST[:PORT]"),
    (email(server='server = { env = "A" }'), f"{N}.server", "a table", "smtps://HOST[:PORT]"),
    (email('starttls = "maybe"'), f"{N}.starttls", '"maybe"', "allowed: required, never"),
    (email('username = "u"'), f"{N}.password", "username without password", "both, or neither"),
    (email('password = "hunter2"'), f"{N}.username", "password without username", "both, or neither"),
    (email('username = "u"', "password = 5"), f"{N}.password", "an integer", "a string, or exactly one of"),
    (email(sender=""), f"{N}.from", "found nothing", "the address that the mails come from"),
    (email(sender='from = "Ops <a@b.c>"'), f"{N}.from", '"Ops <a@b.c>"', "without a name beside it"),
    (email(sender='from = "a@b.c\\r\\nBcc: d@e.f"'), f"{N}.from", "found", "a mail address"),
    (email(to=""), f"{N}.to", "found nothing", "the addresses that they go to"),
    (email(to="to = []"), f"{N}.to", "found none", "expected at least 1, the key is required"),
    (email(to='to = "b@example.com"'), f"{N}.to", "found a string", "expected a list"),
    (email(to='to = ["b@example.com", "ops"]'), f"{N}.to[1]", 'found "ops"', "a mail address such as"),
    (email(to='to = ["é@example.com"]'), f"{N}.to[0]", "found", "ASCII"),
    (email(to='to = ["b@c.d", "b@c.d"]'), f"{N}.to[1]", "a second time", "remove one"),
    (email("digest = 10"), f"{N}.digest", "found 10", "a duration"),
    (email('digest = "8d"'), f"{N}.digest", 'found "8d"', "allowed: 1s to 7d"),
    (email('digest_by = "batch_name"'), f"{N}.digest", "the key is missing", 'digest = "10m"'),
    (email('digest = "1m"', 'digest_by = "batch"'), f"{N}.digest_by", '"batch"', "expected batch_name"),
    (email('digest = "1m"', 'group = "1m"'), f"{N}.group", "group beside digest", "one of the two"),
    (notifier("group = 30"), f"{N}.group", "found 30", "a duration"),
    (notifier('group = "2d"'), f"{N}.group", 'found "2d"', "allowed: 10ms to 1d"),
    (notifier('digest = "10m"'), f"{N}.digest", "unknown key", "allowed"),
    (command("command = []"), f"{N}.command", "found none", "expected at least 1, the key is required"),
    (command('command = "tell --now"'), f"{N}.command", "found a string", "expected a list"),
    (command(""), f"{N}.command", "found nothing", "the program"),
    (
        command('command = ["./tell"]'),
        f"{N}.command[0]",
        'found "./tell"',
        "an absolute path, or the name of a program",
    ),
    (command('command = [""]'), f"{N}.command[0]", 'found ""', "an absolute path, or the name of a program"),
    (command('command = ["a", "hunter2\\u0000"]'), f"{N}.command[1]", "found a string", "no NUL character"),
    (command('command = ["a", 5]'), f"{N}.command[1]", "found an integer", "an argument of at most"),
    (command(COMMAND, 'env = "hunter2"'), f"{N}.env", "found a string", "expected a table"),
    (command(COMMAND, 'env = { "A B" = "hunter2" }'), f'{N}.env."A B"', 'found "A B"', "letters, digits and _"),
    (command(COMMAND, 'env = { POLLER_X = "hunter2" }'), f"{N}.env.POLLER_X", '"POLLER_X"', "any name but POLLER_"),
    (command(COMMAND, 'env = { A = "hunter2\\u0000" }'), f"{N}.env.A", "a NUL character", "an environment variable"),
    (command(COMMAND, "env = { A = 5 }"), f"{N}.env.A", "found an integer", "a string, or exactly one of"),
    (command(COMMAND, 'shell = "x"'), f"{N}.shell", "unknown key shell", "command, env"),
    (route(notify=""), f"{R}.notify", "found nothing", "names of notifiers"),
    (route(notify="notify = []"), f"{R}.notify", "found none", "expected at least 1, the key is required"),
    (
        route(notify='notify = ["bakend"]'),
        f"{R}.notify[0]",
        'found "bakend"',
        'did you mean "backend"? allowed: backend',
    ),
    (route('sources = ["prod", "test"]'), f"{R}.sources[1]", 'found "test"', "allowed: prod"),
    (route('on = ["A", "B", "stat:X"]'), f"{R}.on[2]", 'found "stat:X"', 'did you mean "state"?'),
    (route('on = ["!jb:X"]'), f"{R}.on[0]", 'found "!jb:X"', 'did you mean "job"?'),
    (route('on = [""]'), f"{R}.on[0]", 'found ""', "GLOB"),
    (route('on = ["!"]'), f"{R}.on[0]", 'found "!"', "GLOB"),
    (route('on = ["A B"]'), f"{R}.on[0]", 'found "A B"', "without spaces"),
    (route('on = "JOB_SUCCESS"'), f"{R}.on", "found a string", "expected a list"),
    (route("on = []"), f"{R}.on", "found none", "leave the key out"),
    (
        route('classes = ["faild"]'),
        f"{R}.classes[0]",
        'found "faild"',
        'did you mean "failed"? allowed: active, waiting_on_us',
    ),
    (route('labels = "team=x"'), f"{R}.labels", "found a string", "expected a table"),
    (route("labels = { team = 5 }"), f"{R}.labels.team", "found 5", "a text of 1 to 200"),
    (route('operators = ["a b"]'), f"{R}.operators[0]", 'found "a b"', "USER, ADMIN or SYSTEM"),
    (route('batch_name = ["x"]'), f"{R}.batch_name", "unknown key", 'did you mean "batch_names"?'),
]


@pytest.mark.parametrize(
    ("text", "path", "found", "allowed"), CASES, ids=[f"{n}-{case[1]}" for n, case in enumerate(CASES)]
)
def test_a_mistake_is_one_line_with_its_path_what_was_found_and_what_is_allowed(
    text: str, path: str, found: str, allowed: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, environ={"A": "x"}, place="poller.toml")

    (line,) = caught.value.problems
    assert line.startswith(f"{path}: ")
    assert found in line
    assert allowed in line
    assert str(caught.value) == f"poller.toml: 1 mistake in the configuration\n  {line}"


@pytest.mark.parametrize(
    ("text", "path", "found", "allowed"), CASES, ids=[f"{n}-{case[1]}" for n, case in enumerate(CASES)]
)
def test_an_error_shows_no_secret_and_no_traceback(text: str, path: str, found: str, allowed: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, environ={"A": PLANTED})

    said = f"{caught.value}{caught.value!r}"
    assert PLANTED not in said
    assert KEY not in said
    assert SHORT_KEY not in said
    assert "Traceback" not in said
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_the_cases_are_many() -> None:
    assert len(CASES) >= 100
    assert SECRET in CASES[-1][0]
