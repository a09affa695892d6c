import pytest

from poller.core.vocabulary import CLASSES, StateClass, Vocabulary, avatar_vocabulary, voice_vocabulary


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


@pytest.mark.parametrize(
    ("state", "state_class"),
    [
        ("CREATING", "waiting_on_us"),
        ("PROCESSING", "active"),
        ("AUDITING", "waiting_on_vendor"),
        ("AUDIT_FAILED", "failed"),
        ("SUCCEED", "done"),
        ("JOB_SUCCESS", "unknown"),
        (None, "unknown"),
    ],
)
def test_voices_have_a_vocabulary_of_their_own(state: str | None, state_class: StateClass) -> None:
    assert voice_vocabulary().classify(state) == state_class


def test_the_states_of_a_voice_are_those_that_the_vendors_client_knows() -> None:
    from huaweicloudsdkmetastudio.v1 import JobState

    assert set(voice_vocabulary().classes) == {name for name in vars(JobState) if name.isupper()}


@pytest.mark.parametrize(("vocabulary", "least"), [(avatar_vocabulary(), 20), (voice_vocabulary(), 16)])
def test_every_listed_state_has_a_class_and_a_meaning(vocabulary: Vocabulary, least: int) -> None:
    assert set(vocabulary.classes.values()) == set(CLASSES) - {"unknown"}
    assert all(vocabulary.meanings[state] for state in vocabulary.classes)
    assert len(vocabulary.classes) >= least
