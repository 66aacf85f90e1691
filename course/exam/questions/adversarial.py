"""Losses of generative adversarial networks, and how to judge what they make."""

from __future__ import annotations

from math import exp, log, log1p
from random import Random

from course.exam.question import Question, ask, question

WORDS = ("gan", "adversarial", "generator", "discriminator")


@question(difficulty=2, minutes=3)
def discriminator_loss(rng: Random) -> Question:
    """Real should be 1, fake 0."""
    real, fake = rng.randint(30, 95) / 100, rng.randint(5, 80) / 100
    right = -log(real) - log(1 - fake)
    return ask(
        f"A discriminator gives a real image the probability {real} of being real and a generated "
        f"one {fake}. What is its loss, the sum of both binary cross-entropies?",
        right,
        solution=f"−log {real} − log(1 − {fake}) = {-log(real):.4f} + {-log(1 - fake):.4f} = "
        f"{right:.3f}.",
        given={"real": real, "fake": fake},
        decimals=3,
        traps=[
            (-log(real) - log(fake), "The generated image has the label 0: −log(1 − p)."),
            (right / 2, "That is the mean of both."),
        ],
    )


@question(difficulty=2, minutes=3)
def generator_loss(rng: Random) -> Question:
    """Non-saturating, from the logit."""
    logit = rng.choice([-1, 1]) * rng.randint(2, 35) / 10
    right = log1p(exp(-logit))
    return ask(
        f"The discriminator gives a generated image the logit {logit}. What is the non-saturating "
        "loss of the generator?",
        right,
        solution=f"−log sigmoid({logit}) = log(1 + e^({-logit})) = {right:.3f}.",
        given={"logit": logit},
        decimals=3,
        traps=[
            (log1p(exp(logit)), "That is the loss with the label fake: the discriminator's."),
            (-log1p(exp(logit)), "That is log(1 − D), the saturating loss."),
            (1 / (1 + exp(-logit)), "That is the probability; the loss is −log of it."),
        ],
    )


@question(difficulty=2, minutes=2)
def best_discriminator(rng: Random) -> Question:
    """What the best discriminator says."""
    data, fake = rng.sample(range(1, 20), 2)
    return ask(
        f"At some point the density of the data is {data / 10} and that of the generator "
        f"{fake / 10}. Which probability of being real does the best discriminator give there?",
        data / (data + fake),
        solution=f"p_data / (p_data + p_generator) = {data} / {data + fake} = "
        f"{data / (data + fake):.3f}.",
        given={"data": data, "fake": fake},
        decimals=3,
        traps=[
            (0.5, "½ is right only where both densities are equal."),
            (fake / (data + fake), "That is the probability of being generated."),
        ],
    )


@question(difficulty=3, minutes=3)
def frechet_distance(rng: Random) -> Question:
    """Between two normal distributions of one feature."""
    m1, m2 = rng.randint(-3, 3), rng.randint(-3, 3)
    s1, s2 = rng.sample([1, 2, 3, 4], 2)
    right = (m1 - m2) ** 2 + (s1 - s2) ** 2
    return ask(
        f"A feature is normal with mean {m1} and variance {s1**2} for real images, and with mean "
        f"{m2} and variance {s2**2} for generated ones. What is the (squared) Fréchet distance, as "
        "in FID?",
        right,
        solution=f"(μ1 − μ2)² + σ1² + σ2² − 2·√(σ1²·σ2²) = {(m1 - m2) ** 2} + {s1**2} + {s2**2} − "
        f"2·{s1 * s2} = {right}.",
        given={"m1": m1, "m2": m2, "s1": s1, "s2": s2},
        traps=[
            ((m1 - m2) ** 2 + s1**2 + s2**2, "2·√(σ1²·σ2²) has to be subtracted."),
            ((m1 - m2) ** 2 + (s1**2 - s2**2) ** 2, "The roots of the variances are compared."),
            (abs(m1 - m2) + abs(s1 - s2), "The differences are squared."),
        ],
    )
