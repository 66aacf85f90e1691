"""Variational autoencoders: sampling, divergence, bound."""

from __future__ import annotations

from math import exp, log
from random import Random

from course.exam.question import Question, ask, listed, question

WORDS = ("vae", "variational", "latent", "elbo")


@question(difficulty=1, minutes=3)
def latent_sample(rng: Random) -> Question:
    """The reparametrisation."""
    mean, log_var = rng.choice([-1.0, 0.0, 0.5, 2.0]), rng.choice([-2.0, -1.0, 1.0, 1.5])
    epsilon = rng.choice([-1.2, -0.7, 0.4, 0.9, 1.6])
    return ask(
        f"An encoder gives the mean {mean} and the logarithm of the variance {log_var}; the noise "
        f"is {epsilon}. Which latent value is sampled?",
        mean + exp(log_var / 2) * epsilon,
        solution=f"z = μ + e^(½·log σ²)·ε = {mean} + {exp(log_var / 2):.4f}·({epsilon}) = "
        f"{mean + exp(log_var / 2) * epsilon:.3f}.",
        given={"mean": mean, "log_var": log_var, "epsilon": epsilon},
        decimals=3,
        traps=[
            (
                mean + exp(log_var) * epsilon,
                "e^(log σ²) is the variance; the deviation is its root.",
            ),
            (mean + log_var * epsilon, "The logarithm has to be undone."),
        ],
    )


def _kl(mean: float, log_var: float) -> float:
    return (exp(log_var) + mean**2 - 1 - log_var) / 2


@question(difficulty=3, minutes=4)
def kl_to_the_prior(rng: Random) -> Question:
    """Summed over the latent dimensions."""
    means = [rng.choice([-1.5, -1.0, 0.5, 1.0, 2.0]) for _ in range(2)]
    log_vars = [rng.choice([-1.0, -0.5, 0.5, 1.0]) for _ in range(2)]
    each = [_kl(m, v) for m, v in zip(means, log_vars, strict=True)]
    return ask(
        f"An encoder gives the means [{listed(means)}] and the logarithms of the variances "
        f"[{listed(log_vars)}]. What is the KL divergence to the standard normal prior, as in the "
        "ELBO?",
        sum(each),
        solution="½·(σ² + μ² − 1 − log σ²) for each dimension: "
        f"{listed([f'{e:.4f}' for e in each])}; the sum is {sum(each):.3f}.",
        given={"means": means, "log_vars": log_vars},
        decimals=3,
        traps=[
            (sum(each) / 2, "Latent dimensions are summed, not averaged."),
            (-sum(each), "A divergence is never negative: the sign is turned."),
            (2 * sum(each), "The factor ½ is missing."),
        ],
    )


@question(difficulty=2, minutes=4)
def negative_elbo(rng: Random) -> Question:
    """Reconstruction and divergence."""
    pixels = [rng.randint(0, 1) for _ in range(3)]
    p = [rng.randint(1, 9) / 10 for _ in range(3)]
    kl = rng.randint(5, 40) / 10
    each = [-log(q if x else 1 - q) for x, q in zip(pixels, p, strict=True)]
    right = sum(each) + kl
    return ask(
        f"The pixels [{listed(pixels)}] are decoded to the Bernoulli probabilities [{listed(p)}]; "
        f"the KL divergence of the latent code is {kl}. What is −ELBO, in nats?",
        right,
        solution=f"−log p(x|z) is summed over pixels: {listed([f'{e:.3f}' for e in each])}, "
        f"together {sum(each):.3f}; plus KL: {right:.3f}.",
        given={"pixels": pixels, "p": p, "kl": kl},
        decimals=3,
        traps=[
            (sum(each) / 3 + kl, "Pixels are summed; their mean lets the KL term take over."),
            (sum(each) - kl, "−ELBO is reconstruction plus KL."),
        ],
    )
