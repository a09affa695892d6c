"""A notifier with recipients owes each of them, and each has its own attempts and its own end. On both databases."""

from poller.core.work import Owed
from poller.store.store import Store
from tests.core.samples import NOON
from tests.store.making import LEASE, deliver, fail, names, owed, reject, tell

TEAM = ("a@example.com", "b@example.com")
MAIL = ("mail",)


async def mails(
    store: Store, *, to: tuple[str, ...] = TEAM, now: float = NOON, limit: int = 100, ordered: bool = True
) -> list[Owed]:
    until = now + LEASE
    return list(
        await store.outbox.claim("mail", now=now, until=until, limit=limit, ordered=ordered, recipients=to, window=None)
    )


def of(recipient: str, claimed: list[Owed]) -> list[Owed]:
    return [one for one in claimed if one.notification.recipient == recipient]


async def test_each_recipient_is_owed_every_event(store: Store) -> None:
    await tell(store, "a", 1, notifiers=MAIL)
    claimed = await mails(store)
    assert [(one.event.id, one.notification.recipient, one.delivery.recipient) for one in claimed] == [
        ("a-1", "a@example.com", "a@example.com"),
        ("a-1", "b@example.com", "b@example.com"),
    ]
    await deliver(store, claimed)
    assert await mails(store) == []
    assert {row.recipient for row in await store.archive.deliveries()} == set(TEAM)


async def test_what_one_recipient_refuses_is_no_concern_of_the_other(store: Store) -> None:
    await tell(store, "a", 1, 2, notifiers=MAIL)
    claimed = await mails(store)
    await reject(store, of("a@example.com", claimed))
    await fail(store, of("b@example.com", claimed))
    assert [(one.event.id, one.notification.recipient) for one in await mails(store)] == [("a-2", "a@example.com")]
    assert [(one.event.id, one.notification.recipient) for one in await mails(store, now=NOON + 5)] == [
        ("a-1", "b@example.com")
    ]


async def test_what_is_owed_to_a_recipient_who_has_left_stays_pending_until_they_are_back(store: Store) -> None:
    await tell(store, "a", 1, notifiers=MAIL)
    await fail(store, await mails(store))
    alone = TEAM[:1]
    assert await store.outbox.next_attempt("mail", recipients=alone) == NOON + 5
    await deliver(store, await mails(store, to=alone, now=NOON + 5))
    assert await mails(store, to=alone, now=NOON + 500) == []
    assert await store.outbox.next_attempt("mail", recipients=alone) is None
    assert [(row.recipient, row.state) for row in await store.archive.deliveries()] == [
        ("b@example.com", "pending"),
        ("a@example.com", "delivered"),
    ]
    assert [one.notification.recipient for one in await mails(store, now=NOON + 500)] == ["b@example.com"]


async def test_a_recipient_who_joins_is_owed_what_comes_from_then_on(store: Store) -> None:
    await tell(store, "a", 1, notifiers=MAIL)
    await deliver(store, await mails(store, to=TEAM[:1]))
    await tell(store, "a", 2, notifiers=MAIL)
    assert {(one.event.id, one.notification.recipient) for one in await mails(store)} == {
        ("a-2", recipient) for recipient in TEAM
    }


async def test_a_notifier_that_becomes_one_with_recipients_keeps_what_it_owes(store: Store) -> None:
    await tell(store, "a", 1, 2, notifiers=MAIL)
    await fail(store, await owed(store, notifier="mail"))
    assert {(one.event.id, one.delivery.attempts) for one in await mails(store, now=NOON + 5)} == {("a-1", 0)}
    assert len(await store.archive.deliveries()) == 4


async def test_what_is_not_addressed_yet_is_due_as_well(store: Store) -> None:
    await tell(store, "a", 1, notifiers=MAIL)
    assert await store.outbox.next_attempt("mail", recipients=TEAM) == NOON
    assert names(await mails(store, limit=1)) == ["a-1"]
