"""The mails themselves: what they say, how they are threaded, and that nothing in an event can change what they are."""

import re
from collections.abc import Sequence
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

import pytest

from poller.core.delivery import Delivered, Outcome, Rejected, Retry, Unavailable
from poller.core.event import EVENT_TYPES, Event, EventType
from poller.core.exchange import Broken
from poller.core.letter import Accepted, Insecure, Posted, Refused
from poller.core.notification import notification_of
from poller.core.specimens import examples
from poller.notifiers.email.composing import COLOURS, Sender, compose
from poller.notifiers.email.judging import judge
from poller.notifiers.email.wording import CLASSES
from poller.testing.notifiers import HOSTILE, worded

SENDER = Sender(notifier="ops", address="poller@example.com")
EXAMPLES = examples()
LOGGED = EXAMPLES["poller.job.operation_logged"]
OURS = {
    *("Subject", "From", "To", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type"),
    *("Auto-Submitted", "X-Auto-Response-Suppress", "X-Poller-Id", "X-Poller-Notifier"),
}


def mail(*events: Event, recipient: str = "ops@example.com", sender: Sender = SENDER) -> EmailMessage:
    content = compose(sender, notification_of(*events, recipient=recipient)).content
    read = message_from_bytes(content, policy=default)
    assert isinstance(read, EmailMessage)
    return read


def text_of(read: EmailMessage, kind: str = "plain") -> str:
    body = read.get_body((kind,))
    assert isinstance(body, EmailMessage)
    content = body.get_content()
    assert isinstance(content, str)
    return content


def job(event: Event, job_id: str, **changes: object) -> Event:
    """The same event of another job."""
    table = event.data["job"]
    assert isinstance(table, dict)
    data = {**event.data, "job": {**table, "job_id": job_id, "name": job_id, **changes}}
    return event._replace(id=f"{event.id}-{job_id}", job_id=job_id, subject=job_id, data=data)


class Tags(HTMLParser):
    """Every tag of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)


def tags(page: str) -> set[str]:
    parser = Tags()
    parser.feed(page)
    return set(parser.seen)


def test_the_subject_says_where_who_and_what() -> None:
    assert mail(LOGGED)["Subject"] == "[prod] Test Name: SYSTEM_VERIFY_SUCCESS"
    assert mail(EXAMPLES["poller.source.blind"])["Subject"] == "[prod] prod: BLIND"
    assert mail(EXAMPLES["poller.notifier.disabled"])["Subject"] == "[poller] backend: DISABLED"


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_it_says_what_happened_how_the_job_is_and_who_has_to_act(kind: str) -> None:
    said = text_of(mail(LOGGED), kind)
    for words in (
        *("Test Name", "SYSTEM_VERIFY_SUCCESS", "by SYSTEM", "2023-12-09 07:31:43 UTC"),
        *("MANUAL_VERIFYING", "waiting on the vendor", "Manual review running.", "spring-7", "team=avatars"),
        *(LOGGED.subject, f"poller jobs explain prod {LOGGED.subject}", LOGGED.id),
    ):
        assert words in said, words


def test_an_operation_is_told_with_all_that_the_vendor_says_of_it() -> None:
    operation = {
        "operate_time": None,
        "log_type": "REDO",
        "log_description": "hands are cut off",
        "operate_user": "ADMIN",
    }
    event = LOGGED._replace(
        data={**LOGGED.data, "operation": {**operation, "error_code": "MSS.1", "redo_reasons": ["a", "b"]}}
    )
    said = text_of(mail(event))
    assert "by ADMIN" in said
    assert "Description: hands are cut off" in said
    assert "Error code: MSS.1" in said
    assert "Redo reasons: a, b" in said


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("poller.job.state_changed", "The state changed from AUTO_VERIFYING after 10m 30s."),
        ("poller.job.commented", "The light is good; the review is passed."),
        ("poller.job.watched", "- 2023-12-09 07:21:05 UTC · USER_VERIFYING_SUBMITTED"),
        ("poller.job.reopened", "The job was done, and goes on."),
        ("poller.job.stuck", "for 1d, and 1d are allowed. Of 8 others half stayed up to 9h, nearly all up to 1d 7h."),
        ("poller.job.missing", "no such job any more"),
        ("poller.source.blind", "Reason: HTTP 502 APIG.0201: backend unavailable"),
        ("poller.source.recovered", "Blind for: 17m 49s"),
        ("poller.notifier.disabled", "More: poller deliveries list --notifier backend"),
        ("poller.notifier.failing", "The notifier cannot deliver."),
        ("poller.job.reminder", "Nobody has acted for 1d: the job is still in TRAIN_FAILED."),
        ("poller.job.escalated", "Nobody has acted for 2d"),
        ("poller.job.acknowledged", "alice takes care of it."),
        ("poller.job.acknowledged", "Comment: new material is on its way"),
        ("poller.batch.done", "Reason: 12 jobs: 11 done, 1 failed"),
        ("poller.batch.done", "More: poller batches"),
        ("poller.test", "This is a test: no job has changed."),
    ],
)
def test_each_kind_of_event_has_its_words(kind: EventType, words: str) -> None:
    assert words in text_of(mail(EXAMPLES[kind]))


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_every_type_of_event_says_something_in_both_forms(kind: EventType) -> None:
    read = mail(EXAMPLES[kind])
    summary = EXAMPLES[kind].transition
    assert summary in text_of(read)
    assert summary in text_of(read, "html")


def test_every_class_has_words_and_a_colour_that_white_text_is_read_on() -> None:
    assert set(CLASSES) < set(COLOURS)
    for colour in COLOURS.values():
        channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert 1.05 / (luminance + 0.05) >= 4.5, colour


def test_mails_of_one_job_are_one_thread_and_each_has_its_own_id() -> None:
    of_job = [mail(event) for event in EXAMPLES.values() if event.job_id]
    assert len({read["References"] for read in of_job}) == 1
    assert {read["In-Reply-To"] for read in of_job} == {of_job[0]["References"]}
    assert len({read["Message-ID"] for read in of_job}) == len(of_job)
    assert mail(job(LOGGED, "other"))["References"] not in {None, of_job[0]["References"]}
    assert mail(LOGGED, EXAMPLES["poller.job.missing"])["References"] == of_job[0]["References"]


def test_what_has_no_job_in_common_is_no_thread() -> None:
    assert mail(EXAMPLES["poller.source.blind"])["References"] is None
    assert mail(LOGGED, job(LOGGED, "other"))["In-Reply-To"] is None


def test_ids_are_short_and_the_same_on_every_attempt_and_differ_by_recipient_and_notifier() -> None:
    long = Sender(notifier="ops", address=f"poller@{'long-' * 40}name.example.com")
    for read in (mail(LOGGED), mail(LOGGED, sender=long)):
        assert all(
            len(read[name]) < 70 and re.fullmatch(r"<\S+@\S+>", read[name]) for name in ("Message-ID", "References")
        )
    assert mail(LOGGED)["Message-ID"] == mail(LOGGED)["Message-ID"]
    others = [mail(LOGGED, recipient="b@example.com"), mail(LOGGED, sender=replace(SENDER, notifier="night"))]
    assert len({read["Message-ID"] for read in [mail(LOGGED), *others]}) == 3


def test_no_machine_answers_it() -> None:
    read = mail(LOGGED)
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["X-Auto-Response-Suppress"] == "All"


def test_the_same_notification_makes_the_same_bytes_dated_by_what_was_seen() -> None:
    notification = notification_of(LOGGED, recipient="ops@example.com")
    assert compose(SENDER, notification) == compose(SENDER, notification)
    assert mail(LOGGED)["Date"] == "Sat, 09 Dec 2023 07:31:50 +0000"


@pytest.mark.parametrize("text", HOSTILE, ids=["quotes", "lines", "unicode", "long", "empty"])
@pytest.mark.parametrize("several", [False, True])
def test_no_words_of_the_upstream_change_what_a_mail_is(text: str, several: bool) -> None:
    event = worded(text)
    event = event._replace(subject=text, source=text)
    events = (event, job(event, "other")) if several else (event,)
    content = compose(SENDER, notification_of(*events, recipient="ops@example.com")).content
    read = message_from_bytes(content, policy=default)
    assert isinstance(read, EmailMessage)
    assert set(read.keys()) <= OURS
    assert len(read.get_all("Subject", [])) == len(read.get_all("To", [])) == 1
    assert [part.get_content_type() for part in read.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert read.defects == []
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert len(content) < 60_000
    allowed = {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "table",
        "tr",
        "td",
        "p",
        "h1",
        "h2",
        "span",
        "strong",
        "br",
    }
    assert tags(text_of(read, "html")) <= allowed
    assert "\u202e" not in text_of(read) + text_of(read, "html") + read["Subject"]


def test_a_digest_counts_and_groups_by_batch_and_job() -> None:
    failed = {"class": "failed", "state": "MANUAL_VERIFY_FAILED"}
    events = [
        *(LOGGED, EXAMPLES["poller.job.stuck"], job(LOGGED, "two", batch_name="autumn", **failed)),
        *(job(LOGGED, "three", batch_name="autumn"), EXAMPLES["poller.source.blind"]),
    ]
    read = mail(*events)
    assert read["Subject"] == "[prod] 5 events (1 failed, 1 in trouble, 2 waiting on the vendor)"
    said = text_of(read)
    places = [
        said.index(words) for words in ("BLIND", "## Batch autumn", "two: ", "three: ", "## Batch spring-7", "STUCK")
    ]
    assert places == sorted(places)
    page = text_of(read, "html")
    assert "<h2" in page
    assert page.count("Batch ") == 2
    assert COLOURS["failed"] in page


def test_a_digest_of_one_batch_is_named_by_it_and_one_of_one_job_by_the_job() -> None:
    assert (
        mail(LOGGED, job(LOGGED, "two"))["Subject"] == "[prod] spring-7: 2 events of 2 jobs (2 waiting on the vendor)"
    )
    assert mail(LOGGED, EXAMPLES["poller.job.stuck"])["Subject"] == "[prod] Test Name: STUCK and 1 more"


def test_a_digest_of_the_most_events_is_bounded() -> None:
    events: Sequence[Event] = [job(worded("long " * 20_000), f"job{number}") for number in range(500)]
    assert len(compose(SENDER, notification_of(*events, recipient="ops@example.com")).content) < 3_000_000


@pytest.mark.parametrize(
    ("posted", "outcome"),
    [
        (Accepted(), Delivered()),
        (Refused(step="recipient", code=550, enhanced="5.1.1"), Rejected(reason="SMTP 550 5.1.1: the server refuses the recipient")),
        (Refused(step="content", code=552), Rejected(reason="SMTP 552: the server refuses the mail")),
        (Refused(step="sender", code=553), Rejected(reason="SMTP 553: the server refuses the sender")),
        (Refused(step="recipient", code=451, enhanced="4.7.1"), Retry(reason="SMTP 451 4.7.1: the server refuses the recipient")),
        (Refused(step="greeting", code=421), Retry(reason="SMTP 421: the server takes no mail")),
        (Refused(step="greeting", code=554), Unavailable(reason="SMTP 554: the server takes no mail")),
        (Refused(step="sender", code=530), Unavailable(reason="SMTP 530: the server refuses the sender")),
        (Refused(step="login", code=454), Unavailable(reason="SMTP 454: the server refuses to log us in: check username and password")),
        (Insecure(detail="the server offers no STARTTLS"), Unavailable(reason="the server offers no STARTTLS")),
        (Broken(how="timeout", detail="no answer in time"), Retry(reason="timeout: no answer in time")),
        (Broken(how="refused_address", detail="link-local address"), Retry(reason="address refused: link-local address")),
    ],
)  # fmt: skip
def test_what_the_answer_means(posted: Posted, outcome: Outcome) -> None:
    assert judge(posted) == outcome
