"""Scores of classifiers, from counts and from rankings."""

from __future__ import annotations

from random import Random

from course.exam.question import Question, ask, listed, question

WORDS = ("accura", "precision", "recall", "roc", "metric", "confusion")


def _counts(rng: Random) -> tuple[dict[str, int], str]:
    counts = {
        "tp": rng.randint(5, 60),
        "fp": rng.randint(3, 30),
        "fn": rng.randint(3, 30),
        "tn": rng.randint(100, 900),
    }
    return counts, (
        f"A test finds {counts['tp']} true positives, {counts['fp']} false positives, "
        f"{counts['fn']} false negatives and {counts['tn']} true negatives. "
    )


def _precision_recall(counts: dict[str, int]) -> tuple[float, float]:
    tp = counts["tp"]
    return tp / (tp + counts["fp"]), tp / (tp + counts["fn"])


@question(difficulty=1, minutes=2)
def precision(rng: Random) -> Question:
    """How many alarms are right."""
    counts, story = _counts(rng)
    right, recall = _precision_recall(counts)
    return ask(
        f"{story}What is the precision?",
        right,
        solution=f"TP / (TP + FP) = {counts['tp']} / {counts['tp'] + counts['fp']} = {right:.3f}.",
        given=counts,
        decimals=3,
        traps=[
            (recall, "That is the recall: the share of what is positive that was found."),
            ((counts["tp"] + counts["tn"]) / sum(counts.values()), "That is the accuracy."),
        ],
    )


@question(difficulty=1, minutes=2)
def recall(rng: Random) -> Question:
    """How much of what is there is found."""
    counts, story = _counts(rng)
    precise, right = _precision_recall(counts)
    return ask(
        f"{story}What is the recall?",
        right,
        solution=f"TP / (TP + FN) = {counts['tp']} / {counts['tp'] + counts['fn']} = {right:.3f}.",
        given=counts,
        decimals=3,
        traps=[
            (precise, "That is the precision: the share of alarms that are right."),
            (counts["tn"] / (counts["tn"] + counts["fp"]), "That is the specificity."),
        ],
    )


@question(difficulty=2, minutes=3)
def f1_score(rng: Random) -> Question:
    """The harmonic mean of both."""
    counts, story = _counts(rng)
    p, r = _precision_recall(counts)
    right = 2 * p * r / (p + r)
    return ask(
        f"{story}What is F1?",
        right,
        solution=f"Precision {p:.4f}, recall {r:.4f}; 2pr / (p + r) = {right:.3f}.",
        given=counts,
        decimals=3,
        traps=[((p + r) / 2, "F1 is the harmonic mean, not the arithmetic one.")],
    )


@question(difficulty=2, minutes=3)
def f_beta_score(rng: Random) -> Question:
    """When a miss is worse than a false alarm, or the other way round."""
    counts, story = _counts(rng)
    beta = rng.choice([0.5, 2.0, 3.0])
    p, r = _precision_recall(counts)
    square = beta**2
    right = (1 + square) * p * r / (square * p + r)
    return ask(
        f"{story}What is F-beta for beta = {beta}?",
        right,
        solution=f"Precision {p:.4f}, recall {r:.4f}; (1 + β²)·p·r / (β²·p + r) = {right:.3f}.",
        given=counts | {"beta": beta},
        decimals=3,
        traps=[
            (
                (1 + square) * p * r / (p + square * r),
                "β² belongs to the precision below the line.",
            ),
            ((1 + beta) * p * r / (beta * p + r), "It is β squared."),
        ],
    )


@question(difficulty=3, minutes=5)
def macro_f1_score(rng: Random) -> Question:
    """Every class counts the same."""
    matrix = [
        [rng.randint(8, 30) if i == j else rng.randint(0, 9) for j in range(3)] for i in range(3)
    ]
    scores = []
    for c in range(3):
        wrong = sum(matrix[c]) + sum(row[c] for row in matrix) - 2 * matrix[c][c]
        scores.append(2 * matrix[c][c] / (2 * matrix[c][c] + wrong))
    rows = "\n".join("    " + " ".join(f"{value:>3}" for value in row) for row in matrix)
    total = sum(map(sum, matrix))
    return ask(
        f"What is the macro F1 of this confusion matrix (true classes in the rows)?\n\n{rows}",
        sum(scores) / 3,
        solution="F1 of each class, 2·TP / (2·TP + FP + FN): "
        f"{listed([f'{score:.3f}' for score in scores])}; their mean is {sum(scores) / 3:.3f}.",
        given={"matrix": matrix},
        decimals=3,
        traps=[(sum(matrix[c][c] for c in range(3)) / total, "That is the accuracy, or micro F1.")],
    )


@question(difficulty=2, minutes=4)
def area_under_the_roc(rng: Random) -> Question:
    """How often a positive outranks a negative."""
    scores = [value / 100 for value in rng.sample(range(5, 100, 5), 7)]
    positive, negative = scores[:3], scores[3:]
    negative[0] = positive[0]  # a tie, which counts half
    wins = sum((p > n) + (p == n) / 2 for p in positive for n in negative)
    return ask(
        f"The positives got the scores {listed(positive)}, the negatives {listed(negative)}. What "
        "is the area under the ROC curve? (A tie counts half.)",
        wins / 12,
        solution=f"Of 3·4 pairs the positive has the higher score in {wins:g}, ties counted half: "
        f"{wins:g} / 12 = {wins / 12:.3f}.",
        given={"positive": positive, "negative": negative},
        decimals=3,
        traps=[
            (sum(p > n for p in positive for n in negative) / 12, "A tie counts half."),
            (1 - wins / 12, "That is the share of pairs in the wrong order."),
        ],
    )


@question(difficulty=1, minutes=2)
def exact_matches(rng: Random) -> Question:
    """Several labels for each sample."""
    true = [[rng.randint(0, 1) for _ in range(3)] for _ in range(5)]
    predicted = [list(row) for row in true]
    for row in rng.sample(range(5), rng.randint(1, 3)):
        predicted[row][rng.randrange(3)] ^= 1
    exact = sum(t == p for t, p in zip(true, predicted, strict=True)) / 5
    single = sum(
        a == b for t, p in zip(true, predicted, strict=True) for a, b in zip(t, p, strict=True)
    )
    pairs = "\n".join(f"    {t}   {p}" for t, p in zip(true, predicted, strict=True))
    return ask(
        "Five samples with three labels each, true on the left, predicted on the right. What is "
        f"the exact match ratio?\n\n{pairs}",
        exact,
        solution=f"{round(exact * 5)} of 5 rows agree in all labels: {exact:.2f}.",
        given={"true": true, "predicted": predicted},
        decimals=2,
        traps=[(single / 15, "That counts single labels. Here a row counts only as a whole.")],
    )


@question(difficulty=1, minutes=2)
def accuracy_of_the_majority(rng: Random) -> Question:
    """The baseline that needs no model."""
    n, rare = rng.randint(5, 40) * 20, rng.randint(2, 15)
    common = n - rare
    return ask(
        f"Of {n} samples {rare} are positive. Which accuracy has a model that always says "
        "negative?",
        common / n,
        solution=f"It is right on the {common} negatives: {common} / {n} = {common / n:.3f}. So "
        "accuracy alone says little here.",
        given={"n": n, "rare": rare},
        decimals=3,
        traps=[(rare / n, "That is its error."), (0, "It is right on every negative.")],
    )
