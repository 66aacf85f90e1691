"""`runs/report.html`: what was graded, what was measured, on which data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from course.catalogue import Week
from course.grading.report import Report
from course.language import say
from course.pages import words
from course.pages.exercises import exercise_boxes
from course.pages.figures import figure
from course.pages.frame import Section, page
from course.pages.markup import Html, breakable, element
from course.pages.runs import Outcome, bars_list, data_used, n_met, results
from course.pages.table import Cell, Column, number, table


def verify_page(
    report: Report,
    outcomes: Sequence[Outcome],
    weeks: Mapping[str, Week],
    runs: Path,
    at: datetime,
) -> str:
    """The page as text.

    Args:
        report: the graders' verdicts.
        outcomes: how each week's run went.
        weeks: the catalogue.
        runs: the directory in which each week has left its plots.
        at: when all this was found.
    """
    graded = report.by_week()
    nothing = Report(report.submission, report.seed, ())
    parts = [
        _Part(weeks[outcome["week"]], outcome, graded.get(outcome["week"], nothing))
        for outcome in outcomes
    ]
    caption = say("Every week, its data, and what it reached")
    summary = table(caption, _columns(), [part.row() for part in parts])
    return page(
        say("Course report"),
        _lead(report, outcomes, at),
        [Section("summary", say("Summary"), summary), *(part.section(runs) for part in parts)],
    )


def _lead(report: Report, outcomes: Sequence[Outcome], at: datetime) -> list[Html]:
    met, bars = sum(map(n_met, outcomes)), sum(len(outcome["bars"]) for outcome in outcomes)
    failed = sum("metrics" not in outcome for outcome in outcomes)
    seconds = sum(outcome.get("seconds", 0.0) for outcome in outcomes)
    graders = say("graders: {points}", points=words.points(report.score, report.max_score))
    badges = [
        words.outcome_badge(report.passed, graders),
        words.outcome_badge(met == bars, say("{met} of {n} bars met", met=met, n=bars)),
    ]
    if failed:
        badges.append(words.outcome_badge(False, say("runs failed: {n}", n=failed)))
    if any(outcome.get("quick") for outcome in outcomes):
        badges.append(words.badge(say("quick runs, looser bars"), "warn"))
    took = say("the runs took {seconds} seconds", seconds=f"{seconds:.0f}")
    about = element("p", f"{words.when(at)}; {took}", class_="quiet")
    return [words.badges(badges), about]


def _columns() -> list[Column]:
    return [
        Column(say("week")),
        Column(say("data")),
        Column(say("graders"), numeric=True),
        Column(say("bars met"), numeric=True),
        Column(say("metrics against bars")),
        Column(say("seconds"), numeric=True),
    ]


@dataclass(frozen=True)
class _Part:
    """A week on the page."""

    week: Week
    outcome: Outcome
    report: Report

    def row(self) -> list[Cell]:
        met, bars = n_met(self.outcome), len(self.outcome["bars"])
        graders = words.share(f"{self.report.score:.4g}", f"{self.report.max_score:.4g}")
        mark = words.outcome_sign(self._good, say("all is well"), say("not all is well"))
        link = element("a", breakable(self.week.name), href=f"#{self.week.name}")
        return [
            Cell([mark, " ", link], value=self.week.name),
            Cell(data_used(self.outcome)),
            number(_share(self.report.score, self.report.max_score), graders),
            number(_share(met, bars), words.share(met, bars)),
            Cell(bars_list(self.outcome), kind="wide"),
            number(self.outcome.get("seconds")),
        ]

    def section(self, runs: Path) -> Section:
        pictures = sorted((runs / self.week.name).glob("*.png"))
        points = words.points(self.report.score, self.report.max_score)
        content = [
            results(self.outcome),
            [figure(path) for path in pictures],
            element("h3", say("Graders: {points}", points=points)),
            exercise_boxes(self.report, self.week.exercises),
        ]
        name, title = self.week.name, say(self.week.title).rstrip(".")
        return Section(name, title, content, words.outcome_mark(self._good), short=name)

    @property
    def _good(self) -> bool:
        return self.outcome["ok"] and self.report.passed


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
