"""Who and what a job is about: the parts of its answers that do not change while it lives. People here are invented."""

from dataclasses import dataclass
from typing import Final

from poller.simulator.dice import dice, identifier

NAMES: Final = (
    "Test Name",
    "小林 · 客服",
    "Ana María Núñez",
    'Presenter "B"',
    "Зоя",
    "讲师-王",
    "avatar\\studio",
    "José 🎬",
    "news <anchor>",
    "Ünal",
)
BATCHES: Final = (None, None, "spring-2024", "spring-retake", "autumn", "客服批次", "")
TAGS: Final = ("news", "retail", "客服", "pilot", "vip")
RESOLUTIONS: Final = ("1080P", "1080P", "1080P", "4K", "720P")
MOBILE_DIGITS: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Portrait:
    """The constant fields. `contact` is what must never be kept: a phone number."""

    job_id: str
    name: str
    contact: str
    batch_name: str | None
    tags: tuple[str, ...] | None
    model_resolution: str
    app_user_id: str | None
    asset_id: str
    voice_train_job_id: str
    worker_type: tuple[str, ...]
    is_background_replacement: bool
    samples: int


def paint(seed: int, number: int) -> Portrait:
    """The portrait of job `number`: a function of its arguments alone."""
    chance = dice("portrait", seed, number)
    tags = tuple(chance.sample(TAGS, k=chance.randint(0, 3)))
    digits = "".join(str(chance.randint(0, 9)) for _ in range(MOBILE_DIGITS))
    return Portrait(
        job_id=identifier("job", seed, number),
        name=f"{chance.choice(NAMES)} {number}",
        contact=f"1{digits}",
        batch_name=chance.choice(BATCHES),
        tags=tags or chance.choice((None, ())),
        model_resolution=chance.choice(RESOLUTIONS),
        app_user_id=chance.choice((None, None, f"user-{number % 7}")),
        asset_id=identifier("asset", seed, number),
        voice_train_job_id=identifier("voice", seed, number),
        worker_type=("x86", "arm")[: chance.randint(1, 2)],
        is_background_replacement=chance.choice((True, True, False)),
        samples=chance.randint(0, 2),
    )
