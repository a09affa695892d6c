import pytest

from poller.core.vocabulary import CLASSES, StateClass, avatar_vocabulary


@pytest.mark.parametrize(
    ("state", "state_class"),
    [
        ("AUTO_VERIFYING", "active"),
        ("MANUAL_VERIFYING", "waiting_on_vendor"),
        ("MANUAL_VERIFY_FAILED", "failed"),
        ("JOB_SUCCESS", "done"),
        ("JOB_FINISH", "done"),
        ("SYSTEM_VERIFY_SUCCESS", "unknown"),
        ("training", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_state_says_who_has_to_act_and_an_unlisted_one_is_unknown(state: str | None, state_class: StateClass) -> None:
    assert avatar_vocabulary().classify(state) == state_class


def test_every_listed_state_has_a_class_and_a_meaning() -> None:
    vocabulary = avatar_vocabulary()
    assert set(vocabulary.classes.values()) == set(CLASSES) - {"unknown"}
    assert all(vocabulary.meanings[state] for state in vocabulary.classes)
    assert len(vocabulary.classes) >= 20
