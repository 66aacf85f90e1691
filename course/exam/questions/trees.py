"""Trees, forests and their neighbours."""

from __future__ import annotations

from math import sqrt
from random import Random

from course.exam.question import Question, ask, choose, listed, question

WORDS = ("tree", "gini", "forest", "bagging", "bootstrap", "tabular", "pca", "means", "neighbo")


def _gini(counts: list[int]) -> float:
    return 1 - sum((count / sum(counts)) ** 2 for count in counts) if sum(counts) else 0.0


@question(difficulty=1, minutes=2)
def gini_impurity(rng: Random) -> Question:
    """How mixed a node is."""
    counts = [rng.randint(1, 12) for _ in range(3)]
    right = _gini(counts)
    return ask(
        f"A node holds {counts[0]}, {counts[1]} and {counts[2]} samples of three classes. What is "
        "its Gini impurity?",
        right,
        solution=f"1 − Σp² = {right:.3f}.",
        given={"counts": counts},
        decimals=3,
        traps=[
            (1 - right, "That is Σp²; the impurity is 1 minus it."),
            (1 - max(counts) / sum(counts), "That is the error of the majority vote."),
        ],
    )


@question(difficulty=2, minutes=3)
def impurity_of_a_split(rng: Random) -> Question:
    """Both sides, weighted by their sizes."""
    left, right_side = (
        [rng.randint(0, 9), rng.randint(1, 9)],
        [rng.randint(5, 20), rng.randint(0, 9)],
    )
    sizes = sum(left), sum(right_side)
    impurities = _gini(left), _gini(right_side)
    right = sum(s * g for s, g in zip(sizes, impurities, strict=True)) / sum(sizes)
    return ask(
        f"A split sends {left[0]} samples of class A and {left[1]} of class B to the left, "
        f"{right_side[0]} of A and {right_side[1]} of B to the right. What is the Gini impurity of "
        "the split, weighted by the sizes?",
        right,
        solution=f"Left {impurities[0]:.4f} of {sizes[0]}, right {impurities[1]:.4f} of "
        f"{sizes[1]}: {right:.3f}.",
        given={"left": left, "right": right_side},
        decimals=3,
        traps=[(sum(impurities) / 2, "The sides are weighted by how many samples they hold.")],
    )


@question(difficulty=2, minutes=3)
def best_threshold(rng: Random) -> Question:
    """Where a tree cuts first."""
    x = sorted(rng.sample(range(1, 40), 6))
    cut = rng.choice([2, 3, 4])
    labels = [int(i >= cut) for i in range(6)]
    if rng.random() < 0.5:
        labels = [1 - label for label in labels]
    middles = [(x[i] + x[i + 1]) / 2 for i in range(5)]
    rows = ", ".join(f"{value}: {'AB'[label]}" for value, label in zip(x, labels, strict=True))
    wrong = [middle for i, middle in enumerate(middles) if i != cut - 1]
    return choose(
        rng,
        f"One feature and the class of six samples: {rows}. At which threshold does a tree split?",
        f"{middles[cut - 1]:g}",
        [(f"{middle:g}", "One side stays mixed there.") for middle in rng.sample(wrong, 3)],
        solution=f"At {middles[cut - 1]:g} both sides are pure: impurity 0.",
        given={"x": x, "labels": labels},
    )


@question(difficulty=2, minutes=2)
def out_of_bag_share(rng: Random) -> Question:
    """What a bootstrap sample leaves out."""
    n = rng.randint(2, 12)
    right = (1 - 1 / n) ** n
    return ask(
        f"{n} samples are drawn with replacement from {n}. How probable is it that the first of "
        "them is not drawn at all?",
        right,
        solution=f"Each draw misses it with probability 1 − 1/{n}: (1 − 1/{n})^{n} = {right:.3f}; "
        "for large n this tends to 1/e = 0.368.",
        given={"n": n},
        decimals=3,
        traps=[
            (0.368, "That is the limit for large n."),
            (1 - right, "That is how probably it is drawn."),
            (1 - 1 / n, "That is for one draw."),
        ],
    )


@question(difficulty=3, minutes=4)
def explained_variance(rng: Random) -> Question:
    """The share of the first component."""
    a, c = rng.randint(3, 9), rng.randint(1, 6)
    b = rng.choice([-1, 1]) * rng.randint(1, max(1, int(sqrt(a * c)) - 1))
    spread = sqrt((a - c) ** 2 / 4 + b**2)
    first = (a + c) / 2 + spread
    return ask(
        f"Two features have the covariance matrix [[{a}, {b}], [{b}, {c}]]. Which share of the "
        "variance does the first principal component explain?",
        first / (a + c),
        solution=f"The eigenvalues are ({a} + {c})/2 ± √(({a} − {c})²/4 + {b}²) = {first:.4f} and "
        f"{a + c - first:.4f}; the first one's share is {first / (a + c):.3f}.",
        given={"covariance": [[a, b], [b, c]]},
        decimals=3,
        traps=[
            (max(a, c) / (a + c), "That is the larger feature; the component is turned."),
            (
                sqrt(first) / (sqrt(first) + sqrt(max(a + c - first, 0))),
                "Those are deviations; variances are the eigenvalues themselves.",
            ),
        ],
    )


@question(difficulty=2, minutes=3)
def k_means_step(rng: Random) -> Question:
    """Assign, then average."""
    points = sorted(rng.sample(range(40), 6))
    centres = [points[0], points[rng.randint(1, 3)]]
    groups: list[list[int]] = [[], []]
    for point in points:
        groups[abs(point - centres[1]) < abs(point - centres[0])].append(point)
    right = [sum(group) / len(group) for group in groups]
    return ask(
        f"The points {listed(points)} are clustered by k-means with the centres {listed(centres)} "
        "(a tie goes to the first). Where are the two centres after one step?",
        right,
        solution=f"The groups are {groups[0]} and {groups[1]}; their means: "
        f"{listed([f'{centre:.2f}' for centre in right])}.",
        given={"points": points, "centres": centres},
        decimals=2,
        traps=[(right[::-1], "The order of the centres is turned around.")],
    )


@question(difficulty=1, minutes=2)
def nearest_neighbours(rng: Random) -> Question:
    """Who votes."""
    x = rng.sample(range(0, 60, 3), 7)
    labels = [rng.randint(0, 2) for _ in range(7)]
    query = rng.randrange(1, 58, 3)
    order = sorted(range(7), key=lambda i: abs(x[i] - query))
    if len({labels[i] for i in order[:3]}) == 3:
        labels[order[2]] = labels[order[0]]
    votes = [labels[i] for i in order[:3]]
    right = max(set(votes), key=votes.count)
    rows = ", ".join(f"{value}: {label}" for value, label in zip(x, labels, strict=True))
    return ask(
        f"Value and class of seven samples: {rows}. Which class do the 3 nearest neighbours give "
        f"to the value {query}?",
        right,
        solution=f"The nearest are {listed([x[i] for i in order[:3]])} of the classes "
        f"{listed(votes)}.",
        given={"x": x, "labels": labels, "query": query},
        traps=[
            (labels[order[0]], "That is the nearest one alone."),
            (max(range(3), key=labels.count), "That is the most frequent class of all."),
        ],
    )
