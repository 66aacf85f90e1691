"""Week 9's GAN against the plain DCGAN, at equal seconds on the same machine in the same run.

    python benchmarks/gan_against_dcgan.py [--seeds 3] [--steps N]

For each seed the small GAN takes its steps, and then two DCGANs train for as many seconds: one of
the width that is usual for MNIST, and one as narrow as the small GAN, so that its advantage is not
that of size alone. All are judged by the same classifier on the same test images.
"""

from __future__ import annotations

import argparse
import functools
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import keras
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from course.table import format_table
from datasets.digit_judge import load_judge
from datasets.mnist import load_mnist
from solutions import week09_gan as week


@dataclass
class Quiet:
    """What `train_and_judge` needs of a run; it shows and saves nothing."""

    seed: int
    quick: bool = False

    def progress(self, items: Iterable[int], what: str) -> Iterable[int]:
        return items

    def save_figure(self, figure: Figure, name: str) -> None:
        plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare week 9's GAN with a plain DCGAN.")
    parser.add_argument("--seeds", type=int, default=3, help="how many (default: 3)")
    parser.add_argument("--steps", type=int, default=week.N_STEPS, help="of the small GAN")
    options = parser.parse_args()
    mnist = load_mnist()
    x_train, x_test = (x[..., None].astype("float32") / 255 for x in (mnist.x_train, mnist.x_test))
    judge = load_judge()
    real_features, _ = judge.predict(x_test[: week.N_JUDGED], batch_size=500, verbose=0)
    assess = functools.partial(week.judged, judge=judge, real_features=real_features)
    rows: list[dict[str, object]] = []
    for seed in range(options.seeds):
        run = Quiet(seed)
        keras.utils.set_random_seed(seed)
        networks = (
            week.build_generator(week.LATENT),
            week.build_discriminator(),
            *week.build_optimizers(options.steps),
        )
        small = week.train_and_judge(run, "GAN", networks, x_train, assess, n_steps=options.steps)
        rows.append(row("GAN", seed, small))
        for name, width in (("DCGAN", 128), ("narrow DCGAN", 64)):
            keras.utils.set_random_seed(seed)
            networks = week.build_dcgan(width)
            seconds = small["seconds"]
            plain = week.train_and_judge(run, name, networks, x_train, assess, seconds=seconds)
            rows.append(row(name, seed, plain))
    print(f"on {mnist.provenance.name} ({mnist.provenance.source} data)")
    print(format_table([*rows, *medians(rows)]))


def row(name: str, seed: int, result: dict[str, Any]) -> dict[str, object]:
    return {
        "model": name,
        "seed": seed,
        "parameters": result["parameters"],
        "steps": result["steps"],
        "seconds": round(result["seconds"], 1),
        "digits": round(10 * result["coverage"]),
        "confidence": round(result["confidence"], 3),
        "frechet_distance": round(result["frechet"], 2),
    }


def medians(rows: list[dict[str, Any]]) -> list[dict[str, object]]:
    """The median over seeds of each model."""
    figures = ("steps", "seconds", "digits", "confidence", "frechet_distance")
    found = []
    for name in dict.fromkeys(row["model"] for row in rows):
        own = [row for row in rows if row["model"] == name]
        median = {figure: statistics.median(row[figure] for row in own) for figure in figures}
        found.append({"model": name, "seed": "median", **median})
    return found


if __name__ == "__main__":
    main()
