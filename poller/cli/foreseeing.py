"""What `poller plan` knows before it reckons: the configuration's terms, the database's jobs, the running daemon's list."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from poller.core.advice import Advice, advise
from poller.core.forecast import PRIOR_RATE, Crowd, Forecast, Survey, Terms, forecast, imagined
from poller.core.vocabulary import CLASSES
from poller.errors import PollerError

if TYPE_CHECKING:
    from poller.cli.setting import Setting
    from poller.config import Config, SourceConfig

Basis: TypeAlias = Literal["database", "file", "what if"]
ListBasis: TypeAlias = Literal["option", "daemon", "assumed"]
ENOUGH: Final = 20  # jobs whose classes say something about those of many more

_UNKNOWN: Final = Survey(crowds=(), overdue=0, changes=0.0, stays={})


@dataclass(frozen=True, kw_only=True, slots=True)
class Foreseen:
    """One source. `basis` says where the jobs are from, `list_basis` where the length of the list is, None without a list."""

    source: str
    forecast: Forecast
    advice: tuple[Advice, ...]
    survey: Survey
    basis: Basis
    list_basis: ListBasis | None
    discovers: bool


async def foresee(setting: "Setting", config: "Config", jobs: int | None, listed: int | None) -> list[Foreseen]:
    """Every source of the configuration; with `jobs`, as if each had so many. Raises StoreError."""
    surveys = await _surveys(setting, config)
    told = await _told_by_daemon(setting) if listed is None and jobs is None else {}
    return [
        _foresee(name, source, surveys.get(name, _UNKNOWN), jobs=jobs, given=listed, told=told.get(name))
        for name, source in config.sources.items()
    ]


def terms_of(source: "SourceConfig") -> Terms:
    """What the table says."""
    has_list = getattr(source, "pages", True) is not None  # of the kinds only http-json may have none
    return Terms(
        rate=source.rate,
        sweep=source.sweep,
        every={state_class: source.every.of(state_class) for state_class in CLASSES},
        can_list=has_list,
        discovers=source.discover is not None,
    )


def _foresee(
    name: str, source: "SourceConfig", survey: Survey, *, jobs: int | None, given: int | None, told: int | None
) -> Foreseen:
    terms = terms_of(source)
    crowds, basis = _crowds(source, survey, jobs)
    listed, list_basis = _listed(sum(crowd.jobs for crowd in crowds), given, told)
    # Twice as many jobs change twice as often.
    there = sum(crowd.jobs for crowd in survey.crowds)
    changes = survey.changes * (jobs / there if jobs is not None and there else 1.0)
    made = forecast(terms, crowds, listed=listed, changes=changes)
    return Foreseen(
        source=name,
        forecast=made,
        advice=tuple(advise(terms, crowds, made, changes=changes)),
        survey=survey,
        basis=basis,
        list_basis=list_basis if terms.can_list else None,
        discovers=terms.discovers,
    )


def _crowds(source: "SourceConfig", survey: Survey, jobs: int | None) -> tuple[list[Crowd], Basis]:
    """Few jobs say nothing about the classes of many: then all are taken to be working, which asks for most."""
    if jobs is not None:
        known = sum(crowd.jobs for crowd in survey.crowds) >= ENOUGH
        return imagined(survey.crowds if known else (), jobs), "what if"
    if survey.crowds:
        return list(survey.crowds), "database"
    return [Crowd(state_class="active", rate=PRIOR_RATE, jobs=len(source.jobs))] if source.jobs else [], "file"


def _listed(jobs: int, given: int | None, told: int | None) -> tuple[int, ListBasis]:
    if given is not None:
        return given, "option"
    return (told, "daemon") if told is not None else (jobs, "assumed")


async def _surveys(setting: "Setting", config: "Config") -> Mapping[str, Survey]:
    """What the database knows; nothing where there is none yet."""
    if setting.database.file is not None and not setting.database.file.exists():
        return {}
    from poller.cli.reading import reading

    now = time.time()
    async with reading(setting) as archive:
        return {name: await archive.survey(name, now=now) for name in config.sources}


async def _told_by_daemon(setting: "Setting") -> Mapping[str, int]:
    """How long the lists are, as far as a daemon runs and has looked."""
    from poller.cli.control import control

    try:
        async with control(setting.socket) as daemon:
            status: Any = await daemon.get("status")
    except PollerError:
        return {}
    plans: Mapping[str, Any] = status.get("plans") or {}
    return {name: plan["listed"] for name, plan in plans.items() if plan is not None and plan.get("listed") is not None}
