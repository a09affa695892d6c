"""Where lives leave the straight way: rejections, failures, redone work, people who change their mind, words nobody documented."""

from typing import Final

from poller.simulator import stages
from poller.simulator.pen import HOUR, MINUTE, Pen

REVIEW_COMPLAINTS: Final = (
    ("MSS.20010012", "The face is not visible during the whole video."),
    ("MSS.20010013", "视频中人物存在遮挡，请重新上传。"),  # noqa: RUF001 - the vendor writes Chinese
    ("MSS.20010015", "The authorisation letter is not signed — please sign “page 2” and upload it again."),
    ("MSS.20010021", "Green screen required: uneven lighting at 00:01:12.040"),
)
TRAIN_ERRORS: Final = (
    ("DHTS.1042", "audio and video are out of step"),
    ("DHTS.2001", 'worker lost; see "node-7/训练.log"'),
)
REDO_REASONS: Final = ("LIP_SYNC", "TEETH", "HAND_BLUR", "背景")


def reject_automatically(pen: Pen) -> None:
    """The automatic review refuses, the user repairs and submits again."""
    pen.wait(1 * MINUTE, 10 * MINUTE)
    code, text = pen.chance.choice(REVIEW_COMPLAINTS)
    pen.state("AUTO_VERIFY_FAILED")
    pen.log("SYSTEM_VERIFY_FAILED", description=text, code=code)
    pen.wait(0.5 * HOUR, 6 * HOUR)
    stages.submit(pen, twice=False)


def reject_manually(pen: Pen) -> None:
    """A person refuses, and explains it in a comment of the same second; the user may answer."""
    pen.wait(1 * HOUR, 8 * HOUR)
    code, text = pen.chance.choice(REVIEW_COMPLAINTS)
    pen.state("MANUAL_VERIFY_FAILED")
    pen.log("ADMIN_VERIFY_FAILED", description=text, code=code)
    pen.comment("ADMIN_COMMENT", "Review", text)
    pen.wait(0.5 * HOUR, 6 * HOUR)
    if pen.chance.random() < 0.5:  # noqa: PLR2004 - every other user answers
        pen.comment("USER_COMMENT", "Re: Review", "重新录制了，谢谢！")  # noqa: RUF001 - users write Chinese
        pen.wait(1 * MINUTE, 1 * HOUR)


def fail_and_redo_training(pen: Pen) -> None:
    """Training fails and is redone."""
    code, text = pen.chance.choice(TRAIN_ERRORS)
    pen.state("TRAIN_FAILED")
    pen.log("SYSTEM_TRAIN_FAILED", description=text, code=code)
    pen.wait(1 * HOUR, 5 * HOUR)
    redo(pen)


def redo(pen: Pen) -> None:
    """Training is started again, with the reasons why; it runs a shorter time."""
    reasons = tuple(pen.chance.sample(REDO_REASONS, k=pen.chance.randint(1, 2)))
    pen.log("REDO_TRAINING", reasons=reasons)
    pen.state("TRAINING")
    pen.log("SYSTEM_TRAINING")
    pen.wait(4 * HOUR, 12 * HOUR)


def stop_and_reset(pen: Pen) -> None:
    """The vendor's staff stop the job and start its preprocessing again."""
    pen.wait(5 * MINUTE, 1 * HOUR)
    pen.state("MANUAL_STOP_TRAINING_DATA_PREPROCESS")
    pen.log("ADMIN_STOP_TRAINING_DATA_PREPROCESS", description="resources needed elsewhere")
    pen.wait(1 * HOUR, 5 * HOUR)
    pen.log("ADMIN_RESET")
    stages.preprocess(pen)


def ask_user(pen: Pen, *, rejects: bool) -> None:
    """The user is asked whether the result will do; a refusal sends it back to inference."""
    pen.state("WAIT_USER_CONFIRM")
    pen.wait(1 * HOUR, 8 * HOUR)
    if not rejects:
        return
    pen.state("JOB_REJECT")
    pen.comment("USER_REJECT", "驳回", "The mouth does not close.")
    pen.wait(1 * HOUR, 3 * HOUR)
    pen.log("REDO_INFERENCE_PREPROCESSING", reasons=("MOUTH",))
    stages.infer(pen, beautified=False)
    pen.state("WAIT_USER_CONFIRM")
    pen.wait(0.5 * HOUR, 4 * HOUR)


def reopen(pen: Pen, *, flexus: bool) -> None:
    """A job that was done is repaired: JOB_SUCCESS, then TRAINING, then JOB_SUCCESS again."""
    pen.wait(3 * HOUR, 12 * HOUR)
    pen.log("USER_REPAIR")
    if flexus:
        pen.log("ADMIN_SET_FLEXUS_RETRY_COUNT")
        pen.set(flexus_retry_count=stages.FLEXUS_RETRIES - 1)
    redo(pen)
    stages.trained(pen)
    stages.infer(pen, beautified=False)
    stages.succeed(pen)


def novelty(pen: Pen) -> None:
    """A state and a log type that no page documents: the vendor adds values without notice."""
    pen.wait(5 * MINUTE, 0.5 * HOUR)
    pen.state("QUALITY_INSPECTING")
    pen.log("SYSTEM_QUALITY_INSPECT_V2", description="new since this week")
    pen.wait(0.5 * HOUR, 2 * HOUR)
