"""What an exam can ask, and over which topics."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from course.catalogue import Exercise, Week
from course.errors import CourseError
from course.exam.bank import Subject, draw_question, read_bank
from course.exam.mistakes import Mistake, read_mistakes
from course.exam.modules import TaskModule
from course.exam.question import Answer, Question, QuestionKind, Trap
from course.language import say
from course.project import Project
from course.source import SourceProblem, read_source

Kind = Literal["question", "mistake", "exercise"]


@dataclass(frozen=True)
class Task:
    """One task of an exam, or, as long as it has no `question` or `module`, what it might become.

    Attributes:
        kind: which sort of task.
        name: tells it from all other tasks that can be drawn.
        topic: the week or the subject of questions that it belongs to.
        difficulty, minutes, points: as for exercises.
        exercise: id of the exercise that is to be written or mended; empty for a question.
        shows: ids of the exercises whose answers its module gives away.
        rejected_by: for a mistake, the check that notices it.
        says: for a mistake, what is wrong.
        module: the text that the student gets.
        question: what is asked, with the numbers filled in.
    """

    kind: Kind
    name: str
    topic: str
    difficulty: int
    minutes: int
    points: float
    exercise: str = ""
    shows: tuple[str, ...] = ()
    rejected_by: str = ""
    says: str = ""
    module: str = ""
    question: Question | None = None

    @property
    def week(self) -> str:
        return self.exercise.partition(".")[0]

    @property
    def function(self) -> str:
        return self.exercise.partition(".")[2]

    @property
    def fingerprint(self) -> str:
        """Equal for two tasks that ask the same; with other numbers, a question is another."""
        if self.question is None:
            return self.name
        return "\n".join([self.name, self.question.text, *sorted(self.question.answer.options)])

    def clashes_with(self, other: Task) -> bool:
        """Whether one of the two gives the other's answer away.

        By the functions' names: what two weeks call the same is much the same.
        """
        return bool(self.exercise) and (
            self.function == other.function
            or self.function in {name.partition(".")[2] for name in other.shows}
            or other.function in {name.partition(".")[2] for name in self.shows}
        )

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Task:
        """Raises KeyError, TypeError or ValueError where these are not what `to_json` gives."""
        question = values["question"]
        shows = tuple(values["shows"])
        return cls(**{**values, "shows": shows, "question": question and _question(question)})


def _question(values: Mapping[str, Any]) -> Question:
    answer = values["answer"]
    return Question(
        values["text"],
        Answer(tuple(answer["values"]), answer["decimals"], tuple(answer["options"])),
        values["solution"],
        tuple(Trap(tuple(trap["values"]), trap["says"]) for trap in values["traps"]),
        values["given"],
    )


class Pool:
    """All tasks that can be drawn.

    Args:
        project: where the exercises lie.
        weeks: whose exercises and misconceptions.
        subjects: whose questions.
    """

    def __init__(
        self, project: Project, weeks: Sequence[Week], subjects: Sequence[Subject]
    ) -> None:
        self._modules: dict[str, TaskModule] = {}
        self._mistakes: dict[str, Mistake] = {}
        self._kinds: dict[str, QuestionKind] = {}
        self.tasks = [
            *(task for week in weeks for task in self._of_week(project, week)),
            *(self._of_question(kind) for subject in subjects for kind in subject.kinds),
        ]

    def complete(self, task: Task, seed: int) -> Task:
        """The task with its module or, drawn from the seed, its question."""
        if task.kind == "question":
            return dataclasses.replace(task, question=draw_question(self._kinds[task.name], seed))
        module = self._modules[task.exercise]
        if task.kind == "exercise":
            return dataclasses.replace(task, module=module.stub())
        body = self._mistakes[task.name].body
        return dataclasses.replace(task, module=module.with_body(body))

    def _of_week(self, project: Project, week: Week) -> Iterator[Task]:
        mistakes = read_mistakes(project.misconceptions / f"{week.name}.py")
        modules = task_modules(project, week)
        for exercise in week.exercises:
            module = modules[exercise.name]
            self._modules[exercise.id] = module
            shows = tuple(sorted(f"{week.name}.{name}" for name in module.given))
            yield _of_exercise(exercise, shows)
            for mistake in mistakes:
                if mistake.exercise == exercise.name and mistake.fits(module):
                    task = _of_mistake(exercise, mistake, shows)
                    self._mistakes[task.name] = mistake
                    yield task

    def _of_question(self, kind: QuestionKind) -> Task:
        name = f"question {kind.subject}.{kind.name}"
        self._kinds[name] = kind
        points = float(kind.difficulty)
        return Task("question", name, kind.subject, kind.difficulty, kind.minutes, points)


def task_modules(project: Project, week: Week) -> dict[str, TaskModule]:
    """What the modules of a week's tasks are cut out of, by the exercise's name."""
    try:
        graders = read_source(project.graders / f"{week.name}.py")
    except SourceProblem:
        graders = ""  # marking will say that they are not there
    text = read_source(week.path)
    return {e.name: TaskModule(text, week.name, e.name, graders) for e in week.exercises}


def find_topics(
    catalogue: Mapping[str, Week], names: Collection[str]
) -> tuple[list[Week], list[Subject]]:
    """The weeks and the subjects of questions that topics stand for.

    Args:
        catalogue: as `read_catalogue` returns it.
        names: weeks (`week04` stands for all that begin so), whose questions come along, and
            subjects. None means all weeks.

    Raises:
        CourseError: there is no such topic; suggests one.
    """
    bank = {subject.name: subject for subject in read_bank()}
    weeks: list[Week] = [] if names else list(catalogue.values())
    subjects: list[Subject] = []
    for name in names:
        found = [week for week in catalogue.values() if f"{week.name}_".startswith(f"{name}_")]
        weeks += found
        if name in bank:
            subjects.append(bank[name])
        elif not found:
            raise CourseError(_unknown(name, [*catalogue, *bank]))
    subjects += [one for one in bank.values() if any(map(one.is_treated_in, weeks))]
    chosen_weeks = [week for week in catalogue.values() if week in weeks]
    return chosen_weeks, [subject for subject in bank.values() if subject in subjects]


def _of_exercise(exercise: Exercise, shows: tuple[str, ...]) -> Task:
    return Task(
        "exercise",
        f"exercise {exercise.id}",
        exercise.week,
        exercise.difficulty,
        exercise.minutes,
        float(exercise.points),
        exercise.id,
        shows,
    )


def _of_mistake(exercise: Exercise, mistake: Mistake, shows: tuple[str, ...]) -> Task:
    # To mend takes about half of what it takes to write.
    return Task(
        "mistake",
        f"mistake {exercise.id} {mistake.name}",
        exercise.week,
        exercise.difficulty,
        max(3, exercise.minutes // 2),
        float(max(1, round(exercise.points / 2))),
        exercise.id,
        shows,
        mistake.rejected_by,
        mistake.says,
    )


def _unknown(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    advice = say("there are {names}", names=", ".join(known))
    if close:
        advice = say("did you mean {name!r}?", name=close[0])
    return say("no topic {name!r}; {advice}", name=name, advice=advice)
