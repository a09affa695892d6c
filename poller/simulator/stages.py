"""The stages that every job passes, in the vendor's order (states.toml, log_types.txt). Some states have no log line of their own."""

from typing import Final

from poller.simulator.pen import HOUR, MINUTE, Pen

FLEXUS_RETRIES: Final = 3


def create(pen: Pen, *, uploads_late: bool, flexus: bool) -> None:
    """The user creates the job; perhaps the files follow hours later."""
    pen.log("USER_CREATE_JOD")
    pen.set(is_flexus=flexus, flexus_retry_count=FLEXUS_RETRIES if flexus else 0, is_mask_file_uploaded=False)
    pen.state("WAIT_FILE_UPLOAD")
    if uploads_late:
        pen.wait(0.5 * HOUR, 5 * HOUR)
        pen.log("USER_UPDATE_VIDEO")
    pen.wait(1 * MINUTE, 20 * MINUTE)
    pen.log("SYSTEM_ANALYSE_FILE_INFO")


def analyse(pen: Pen) -> None:
    """The uploaded video is checked."""
    pen.state("VIDEO_ANALYZE_PROCESSING")
    pen.log("VIDEO_ANALYZE_PROCESSING")
    pen.wait(5 * MINUTE, 20 * MINUTE)
    pen.state("VIDEO_ANALYZE_SUCCESS")
    pen.log("VIDEO_ANALYZE_SUCCESS")
    pen.wait(10, 1 * MINUTE)


def submit(pen: Pen, *, twice: bool) -> None:
    """The user hands the job in: several lines of one second, now and then the same line two times."""
    pen.state("AUTO_VERIFYING")
    pen.log("SYSTEM_MARKABLE_VIDEO")
    if twice:
        pen.log("SYSTEM_MARKABLE_VIDEO")
    pen.log("USER_VERIFYING_SUBMITTED")
    pen.set(submitted_at=pen.at)


def pass_automatic_review(pen: Pen) -> None:
    """The automatic review agrees; people are next."""
    pen.wait(1 * MINUTE, 10 * MINUTE)
    pen.state("MANUAL_VERIFYING")
    pen.log("SYSTEM_VERIFY_SUCCESS")
    pen.wait(1 * MINUTE, 5 * MINUTE)
    pen.log("SYSTEM_MARKABLE_VIDEO_SUCCESS", description="duration 00:05:12.480, 1080x1920", described_after=45)


def pass_manual_review(pen: Pen) -> None:
    """A person agrees, within a working day; what else that person does shows in the log alone."""
    pen.wait(2 * HOUR, 10 * HOUR)
    pen.log("ADMIN_UPDATE_JOB_PRIORITY")
    pen.wait(1 * MINUTE, 10 * MINUTE)
    pen.log("ADMIN_MASK_UPLOADED")
    pen.set(is_mask_file_uploaded=True)
    pen.state("MANUAL_VERIFY_SUCCESS")
    pen.log("ADMIN_VERIFY_SUCCESS")


def preprocess(pen: Pen) -> None:
    """Training data are made ready."""
    pen.wait(5 * MINUTE, 1 * HOUR)
    pen.state("WAIT_TRAINING_DATA_PREPROCESS")
    pen.wait(5 * MINUTE, 2 * HOUR)
    pen.state("TRAINING_DATA_PREPROCESSING")
    pen.log("SYSTEM_TRAIN_DATA_PREPROCESSING")
    pen.wait(2 * HOUR, 6 * HOUR)
    pen.state("TRAINING_DATA_PREPROCESS_SUCCESS")
    pen.log("SYSTEM_TRAIN_DATA_PREPROCESS_SUCCESS")


def train(pen: Pen) -> None:
    """Training starts and runs for most of two days."""
    pen.wait(10 * MINUTE, 3 * HOUR)
    pen.state("TRAINING")
    pen.log("SYSTEM_TRAINING")
    pen.wait(18 * HOUR, 36 * HOUR)


def trained(pen: Pen) -> None:
    """Training is done."""
    pen.state("TRAIN_SUCCESS")
    pen.log("SYSTEM_TRAIN_SUCCESS")


def infer(pen: Pen, *, beautified: bool) -> None:
    """Inference data are made ready; beautifying shows in the log alone."""
    if beautified:
        pen.wait(1 * MINUTE, 10 * MINUTE)
        pen.log("ADMIN_UPDATE_BEAUTY_LEVEL")
        pen.log("SYSTEM_BEAUTY_PREPROCESSING")
        pen.wait(10 * MINUTE, 1 * HOUR)
        pen.log("SYSTEM_BEAUTY_PREPROCESS_SUCCESS")
    pen.wait(10 * MINUTE, 2 * HOUR)
    pen.state("INFERENCE_DATA_PREPROCESSING")
    pen.log("SYSTEM_INFERENCE_DATA_PREPROCESSING")
    pen.wait(1 * HOUR, 4 * HOUR)
    pen.log("SYSTEM_INFERENCE_DATA_PREPROCESS_SUCCESS")


def generate_actions(pen: Pen) -> None:
    """Atomic actions are generated, confirmed by the vendor's staff and arranged."""
    pen.state("WAIT_GENERATE_ACTION")
    pen.wait(5 * MINUTE, 1 * HOUR)
    pen.state("ACTION_GENERATE_DATA_PROCESSING")
    pen.log("SYSTEM_ACTION_GENERATE_DATA_PREPROCESSING")
    pen.wait(1 * HOUR, 3 * HOUR)
    pen.state("WAIT_ADMIN_CALIBRATION")
    pen.log("SYSTEM_ACTION_GENERATE_DATA_SUCCESS")
    pen.wait(0.5 * HOUR, 3 * HOUR)
    pen.state("ACTION_GENERATE_ORI_PROCESSING")
    pen.log("ADMIN_CONFIRM_ACTION")
    pen.log("SYSTEM_ACTION_GENERATE_ORI_PREPROCESSING")
    pen.wait(0.5 * HOUR, 2 * HOUR)
    pen.state("ACTION_GENERATE_ORI_SUCCESS")
    pen.log("SYSTEM_ACTION_GENERATE_ORI_SUCCESS")
    pen.wait(1 * MINUTE, 10 * MINUTE)


def compile_model(pen: Pen) -> None:
    """The model is compiled."""
    pen.state("WAIT_COMPILE")
    pen.wait(2 * MINUTE, 30 * MINUTE)
    pen.state("COMPILING")
    pen.log("SYSTEM_EXECUTE_COMPILE")
    pen.wait(10 * MINUTE, 1 * HOUR)
    pen.log("SYSTEM_COMPILE_SUCCESS")


def check_test_video(pen: Pen) -> None:
    """A test video is made and judged."""
    pen.state("WAIT_TEST_VIDEO_CHECK")
    pen.log("MAKE_TEST_VIDEO", by="ADMIN")
    pen.log("WAIT_TEST_VIDEO_CHECK")
    pen.wait(5 * MINUTE, 30 * MINUTE)
    pen.state("TEST_VIDEO_CHECK_PROCESSING")
    pen.log("TEST_VIDEO_CHECK_PROCESSING")
    pen.wait(5 * MINUTE, 20 * MINUTE)
    pen.state("TEST_VIDEO_CHECK_SUCCESS")
    pen.log("TEST_VIDEO_CHECK_SUCCESS")
    pen.wait(1 * MINUTE, 5 * MINUTE)


def succeed(pen: Pen) -> None:
    """The model is usable; its cover follows a little later, in the log alone."""
    pen.state("WAIT_ASSET_SYNC")
    pen.wait(1 * MINUTE, 15 * MINUTE)
    pen.state("JOB_SUCCESS")
    pen.log("SYSTEM_JOB_SUCCESS")
    pen.set(has_asset=True)
    pen.wait(5 * MINUTE, 0.5 * HOUR)
    pen.log("SYSTEM_UPDATE_COVER")


def close(pen: Pen) -> None:
    """Closed for good."""
    pen.wait(4 * HOUR, 24 * HOUR)
    pen.state("JOB_FINISH")
    pen.log("ADMIN_ACCEPT")
