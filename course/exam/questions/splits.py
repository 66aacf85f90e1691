"""Splitting, cross-validation, and when to stop."""

from __future__ import annotations

from random import Random

from course.exam.question import Question, ask, choose, listed, question

WORDS = ("fold", "validate", "overfit", "stopping", "generalization")


@question(difficulty=2, minutes=3)
def updates_of_a_cross_validation(rng: Random) -> Question:
    """What k-fold costs."""
    k, batch, epochs = rng.choice([4, 5, 8, 10]), rng.choice([16, 32, 64]), rng.randint(3, 12)
    n = k * rng.randint(12, 60)
    train = n - n // k
    per_epoch = -(-train // batch)
    right = k * epochs * per_epoch
    return ask(
        f"{n} samples, {k}-fold cross-validation, {epochs} epochs with batches of {batch} (the "
        "last one may be smaller). How many updates of the weights are made in all?",
        right,
        solution=f"Each of {k} models trains on {train} samples, ceil({train} / {batch}) = "
        f"{per_epoch} updates an epoch: {k}·{epochs}·{per_epoch} = {right}.",
        given={"n": n, "k": k, "batch": batch, "epochs": epochs},
        traps=[
            (k * epochs * -(-n // batch), "One fold is kept back from each training."),
            (k * epochs * (train // batch), "The last, smaller batch is an update as well."),
            (epochs * per_epoch, "That is for one of the folds."),
        ],
    )


@question(difficulty=1, minutes=2)
def stratified_test_positives(rng: Random) -> Question:
    """A split that keeps the mixture."""
    n, share, fraction = rng.randint(3, 20) * 100, rng.choice([4, 6, 8, 12]), rng.choice([25, 50])
    right = n * share * fraction // 10_000
    return ask(
        f"{n} samples, {share} % of them positive, are split with stratification; {fraction} % go "
        "to the test. How many positives are in the test?",
        right,
        solution=f"{share} % of the test's {n * fraction // 100} samples: {right}.",
        given={"n": n, "share": share, "fraction": fraction},
        traps=[(n * share // 100, "Those are all positives; the test holds a part of them.")],
    )


@question(difficulty=2, minutes=3)
def early_stopping(rng: Random) -> Question:
    """The best epoch among those that were run."""
    patience = rng.randint(2, 3)
    dip = rng.randint(2, 4)
    losses = [90 - 9 * i - rng.randint(0, 4) for i in range(dip + 1)]
    losses += [losses[dip] + rng.randint(2, 15) for _ in range(patience)]
    losses += [losses[dip] - rng.randint(3, 9), losses[dip] + 4]
    shown = [f"{loss / 100:.2f}" for loss in losses]
    return ask(
        f"The validation loss of epochs 0, 1, 2, … would be {listed(shown)}. Training ends after "
        f"{patience} epochs in a row without improvement, and the best weights are restored. From "
        "which epoch are they?",
        dip,
        solution=f"After epoch {dip} come {patience} that are no better, so epoch {dip + patience} "
        f"is the last one; the best of those run is {dip}.",
        given={"losses": [float(loss) for loss in shown], "patience": patience},
        traps=[
            (dip + patience, "That is where training ends; the best epoch was before."),
            (dip + patience + 1, "Training has ended before that epoch."),
        ],
    )


def _people(rng: Random, n_shared: int) -> tuple[list[str], list[str]]:
    """The people of a training and a test set, of whom some are in both."""
    names = rng.sample("ABCDEFGHJKLM", 6)
    test = names[4:] + names[:n_shared]
    train = [name for name in names[:4] for _ in range(rng.randint(1, 2))]
    return sorted(train), sorted(test)


@question(difficulty=2, minutes=2)
def split_without_a_leak(rng: Random) -> Question:
    """No person on both sides."""
    splits = [_people(rng, n_shared) for n_shared in (0, 1, 1, 2)]
    texts = [f"train {' '.join(train)} | test {' '.join(test)}" for train, test in splits]
    return choose(
        rng,
        "Each letter is a window of measurements of the person so named. Which split tells how "
        "well the model will do for people that it does not know?",
        texts[0],
        [
            (text, "Somebody is in train and in test, so the model may recognise them.")
            for text in dict.fromkeys(texts[1:])
        ],
        solution=f"Only in «{texts[0]}» is nobody on both sides.",
        given={"splits": dict(zip(texts, splits, strict=True))},
    )
