"""Probabilities, likelihoods, cross-entropies and divergences."""

from __future__ import annotations

from math import exp, log
from random import Random
from statistics import mean, pstdev, stdev

from course.exam.question import Question, ask, listed, question

WORDS = ("crossentropy", "softmax", "likelihood", "divergence", "probab", "variational")


def _distribution(rng: Random) -> list[float]:
    a, b = sorted(rng.sample(range(10, 100, 5), 2))
    return [a / 100, (b - a) / 100, (100 - b) / 100]


@question(difficulty=1, minutes=3)
def softmax_by_hand(rng: Random) -> Question:
    """From scores to probabilities."""
    logits = rng.sample([-1, 0, 1, 2, 3], 3)
    weights = [exp(logit) for logit in logits]
    right = [weight / sum(weights) for weight in weights]
    return ask(
        f"Which probabilities does softmax make of the logits [{listed(logits)}]?",
        right,
        solution=f"e^z = {listed([f'{w:.3f}' for w in weights])}, their sum {sum(weights):.3f}: "
        f"{listed([f'{p:.3f}' for p in right])}.",
        given={"logits": logits},
        decimals=3,
        traps=[
            ([1 / (1 + exp(-z)) for z in logits], "Those are sigmoids, which do not add up to 1.")
        ],
    )


@question(difficulty=2, minutes=3)
def binary_crossentropy(rng: Random) -> Question:
    """The loss of three probabilities."""
    labels = [rng.randint(0, 1) for _ in range(3)]
    p = [rng.randint(1, 9) / 10 for _ in range(3)]
    each = [-log(q if y else 1 - q) for y, q in zip(labels, p, strict=True)]
    return ask(
        f"Labels [{listed(labels)}], predicted probabilities of 1: [{listed(p)}]. What is the mean "
        "binary cross-entropy (natural logarithm)?",
        sum(each) / 3,
        solution=f"−log of what the right class got: {listed([f'{e:.3f}' for e in each])}; mean "
        f"{sum(each) / 3:.3f}.",
        given={"labels": labels, "p": p},
        decimals=3,
        traps=[
            (sum(each), "That is the sum; take the mean."),
            (
                sum(-log(q) for y, q in zip(labels, p, strict=True) if y) / 3,
                "Where the label is 0, −log(1 − p) counts.",
            ),
        ],
    )


@question(difficulty=2, minutes=3)
def crossentropy_from_logits(rng: Random) -> Question:
    """The loss of one sample."""
    logits, label = [rng.randint(-2, 4) for _ in range(3)], rng.randrange(3)
    total = sum(exp(z) for z in logits)
    right = log(total) - logits[label]
    return ask(
        f"A classifier gives the logits [{listed(logits)}]; the right class is number {label} "
        "(from 0). What is the categorical cross-entropy?",
        right,
        solution=f"log Σe^z − z[{label}] = {log(total):.4f} − {logits[label]} = {right:.3f}.",
        given={"logits": logits, "label": label},
        decimals=3,
        traps=[
            (exp(-right), "That is the probability; the loss is −log of it."),
            (-right, "The sign is turned: a loss is −log p."),
        ],
    )


@question(difficulty=3, minutes=4)
def kl_of_two_gaussians(rng: Random) -> Question:
    """How far one normal distribution is from another."""
    m1, m2 = float(rng.randint(-2, 2)), float(rng.randint(-2, 2))
    s1, s2 = rng.sample([0.5, 1.0, 1.5, 2.0, 3.0], 2)

    def divergence(m1: float, s1: float, m2: float, s2: float) -> float:
        return log(s2 / s1) + (s1**2 + (m1 - m2) ** 2) / (2 * s2**2) - 0.5

    right = divergence(m1, s1, m2, s2)
    return ask(
        f"p is normal with mean {m1} and standard deviation {s1}, q with mean {m2} and standard "
        f"deviation {s2}. What is KL(p ‖ q), in nats?",
        right,
        solution="log(σq/σp) + (σp² + (μp − μq)²) / (2σq²) − ½ = "
        f"{log(s2 / s1):.4f} + {(s1**2 + (m1 - m2) ** 2) / (2 * s2**2):.4f} − 0.5 = {right:.3f}.",
        given={"m1": m1, "s1": s1, "m2": m2, "s2": s2},
        decimals=3,
        traps=[
            (divergence(m2, s2, m1, s1), "That is KL(q ‖ p); it is not symmetric."),
            (
                divergence(m1, s1**0.5, m2, s2**0.5),
                "The standard deviation was taken for the variance.",
            ),
        ],
    )


@question(difficulty=2, minutes=3)
def kl_of_two_distributions(rng: Random) -> Question:
    """The same for three outcomes."""
    p, q = _distribution(rng), _distribution(rng)
    while p == q:
        q = _distribution(rng)
    right = sum(a * log(a / b) for a, b in zip(p, q, strict=True))
    return ask(
        f"p = [{listed(p)}], q = [{listed(q)}]. What is KL(p ‖ q), in nats?",
        right,
        solution=f"Σ p·log(p/q) = {right:.3f}.",
        given={"p": p, "q": q},
        decimals=3,
        traps=[
            (sum(b * log(b / a) for a, b in zip(p, q, strict=True)), "That is KL(q ‖ p)."),
            (
                -sum(a * log(b) for a, b in zip(p, q, strict=True)),
                "That is the cross-entropy; subtract the entropy of p.",
            ),
            (right / log(2), "That is in bits; nats are asked for."),
        ],
    )


@question(difficulty=1, minutes=3)
def gaussian_likelihood_fit(rng: Random) -> Question:
    """The maximum-likelihood deviation."""
    x = rng.sample(range(1, 20), 4)
    return ask(
        "Which standard deviation does maximum likelihood give a normal distribution for the "
        f"sample {listed(x)}?",
        pstdev(x),
        solution=f"Mean {mean(x):g}; the mean of the squared deviations, with n: √"
        f"{pstdev(x) ** 2:.4f} = {pstdev(x):.3f}.",
        given={"x": x},
        decimals=3,
        traps=[
            (stdev(x), "That divides by n − 1; maximum likelihood divides by n."),
            (pstdev(x) ** 2, "That is the variance."),
        ],
    )


@question(difficulty=3, minutes=4)
def share_of_true_alarms(rng: Random) -> Question:
    """What a rare event makes of a good detector."""
    rare, recall, false = rng.randint(1, 8), rng.randint(75, 99), rng.randint(2, 12)
    hits, wrong = rare * recall, (100 - rare) * false
    right = hits / (hits + wrong)
    return ask(
        f"{rare} % of windows are abnormal. A detector flags {recall} % of the abnormal ones and "
        f"{false} % of the normal ones. Which share of its alarms is right?",
        right,
        solution=f"Of 10,000 windows it flags {hits} abnormal and {wrong} normal ones: {hits} / "
        f"{hits + wrong} = {right:.3f}.",
        given={"rare": rare, "recall": recall, "false": false},
        decimals=3,
        traps=[
            (recall / 100, "That is the recall. Normal windows are far more, and give alarms too."),
            (recall / (recall + false), "How rare the abnormal is has been left out."),
        ],
    )
