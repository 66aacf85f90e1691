"""Gradients and what optimizers make of them."""

from __future__ import annotations

from math import exp, hypot
from random import Random

from course.exam.question import Question, ask, listed, question

WORDS = ("gradient", "descent", "backprop", "optimi")


@question(difficulty=2, minutes=3)
def descent_step(rng: Random) -> Question:
    """One step on a mean squared error."""
    x, y = [1, 2, 3], [rng.randint(-4, 9) for _ in range(3)]
    w, rate = float(rng.randint(-2, 3)), rng.choice([0.01, 0.05, 0.1])
    residuals = [w * a - b for a, b in zip(x, y, strict=True)]
    total = sum(r * a for r, a in zip(residuals, x, strict=True))
    gradient = 2 * total / 3
    return ask(
        f"The model ŷ = w·x has w = {w}. On x = [{listed(x)}], y = [{listed(y)}] it makes one step "
        f"of gradient descent on the mean squared error (no ½) with learning rate {rate}. What is "
        "w then?",
        w - rate * gradient,
        solution=f"Residuals ŷ − y: {listed(residuals)}; gradient 2/3 · Σ residual·x = "
        f"{gradient:.4f}; w − r·g = {w - rate * gradient:.3f}.",
        given={"x": x, "y": y, "w": w, "rate": rate},
        decimals=3,
        traps=[
            (w + rate * gradient, "That is uphill: subtract the gradient."),
            (w - rate * gradient / 2, "The 2 of the derivative is missing."),
            (w - rate * 2 * total, "The error is a mean, so divide by the number of samples."),
        ],
    )


@question(difficulty=2, minutes=3)
def momentum_steps(rng: Random) -> Question:
    """Two steps with a memory."""
    w, a = float(rng.randint(2, 9)), rng.choice([1.0, 2.0, 3.0])
    rate, momentum = rng.choice([0.05, 0.1]), rng.choice([0.5, 0.8, 0.9])
    v1 = -rate * a * w
    w1 = w + v1
    w2 = w1 + momentum * v1 - rate * a * w1
    return ask(
        f"f(w) = {a}·w²/2, w = {w}. Two steps with momentum, v ← {momentum}·v − {rate}·f′(w), "
        "w ← w + v, from v = 0. What is w then?",
        w2,
        solution=f"f′(w) = {a}·w. First v = {v1:.4f}, w = {w1:.4f}; then v = {w2 - w1:.4f}, w = "
        f"{w2:.3f}.",
        given={"w": w, "a": a, "rate": rate, "momentum": momentum},
        decimals=3,
        traps=[
            (w1 - rate * a * w1, "That is without momentum."),
            (w1, "That is after the first step."),
        ],
    )


@question(difficulty=2, minutes=3)
def adam_first_step(rng: Random) -> Question:
    """Adam's first step is as long as the learning rate."""
    w, gradient = float(rng.randint(-3, 3)), rng.choice([-40.0, -5.0, -0.5, 0.5, 5.0, 40.0])
    rate = rng.choice([0.01, 0.05, 0.1])
    right = w - rate * (1 if gradient > 0 else -1)
    return ask(
        f"Adam starts at w = {w} with learning rate {rate} and meets the gradient {gradient}. What "
        "is w after this first step? (epsilon is negligible)",
        right,
        solution="Both moving averages are corrected for their start, so the step is r·g/√(g²) = "
        f"{rate} against the sign of the gradient: {right:.3f}.",
        given={"w": w, "gradient": gradient, "rate": rate},
        decimals=3,
        traps=[
            (w - rate * gradient, "That is plain gradient descent. Adam divides by √(g²)."),
            (w + (w - right), "That is uphill."),
        ],
    )


@question(difficulty=2, minutes=3)
def clipped_by_global_norm(rng: Random) -> Question:
    """One factor for all arrays."""
    triple = rng.choice([(3, 4, 12), (2, 3, 6), (1, 4, 8), (4, 4, 7), (2, 6, 9), (6, 6, 7)])
    a, b, c = (value * rng.choice([-1, 1]) for value in triple)
    limit = rng.choice([1.0, 2.0, 3.0])
    norm = hypot(a, b, c)
    own = hypot(a, b)
    return ask(
        f"Two layers have the gradients [{a}, {b}] and [{c}]. They are clipped to a global norm of "
        f"{limit}. What becomes of the first number, {a}?",
        a * limit / norm,
        solution=f"The global norm is √({a}² + {b}² + {c}²) = {norm:g}, so all are multiplied by "
        f"{limit} / {norm:g}: {a * limit / norm:.3f}.",
        given={"first": [a, b], "second": [c], "limit": limit},
        decimals=3,
        traps=[
            (a * limit / own, "That clips each array by itself, and changes the direction."),
            (max(-limit, min(a, limit)), "That clips each value."),
        ],
    )


@question(difficulty=2, minutes=2)
def largest_learning_rate(rng: Random) -> Question:
    """Where descent begins to diverge."""
    a = rng.randint(2, 60) / 4
    return ask(
        f"Gradient descent on f(w) = {a}·w²/2 converges to 0 for all learning rates between 0 and "
        "which number?",
        2 / a,
        solution=f"Each step multiplies w by 1 − r·{a}, whose size is below 1 for r < 2 / {a} = "
        f"{2 / a:.3f}.",
        given={"a": a},
        decimals=3,
        traps=[
            (1 / a, "At that rate one step arrives; beyond it w still comes nearer, in turns."),
            (4 / a, "f′(w) = a·w, without a 2."),
        ],
    )


@question(difficulty=1, minutes=2)
def updates_in_training(rng: Random) -> Question:
    """Epochs, batches, updates."""
    n, batch, epochs = rng.randint(300, 3000), rng.choice([16, 32, 64, 128]), rng.randint(3, 20)
    right = -(-n // batch) * epochs
    return ask(
        f"{n} samples, batches of {batch} (the last one may be smaller), {epochs} epochs. How many "
        "updates of the weights?",
        right,
        solution=f"ceil({n} / {batch}) · {epochs} = {-(-n // batch)} · {epochs} = {right}.",
        given={"n": n, "batch": batch, "epochs": epochs},
        traps=[
            (n // batch * epochs, "The last, smaller batch is an update as well."),
            (n * epochs, "That is one update for each sample."),
        ],
    )


@question(difficulty=2, minutes=2)
def vanishing_sigmoids(rng: Random) -> Question:
    """How fast a gradient can vanish."""
    limit = rng.randint(2, 900) * 100
    layers = 1
    while 4**layers <= limit:
        layers += 1
    return ask(
        "The derivative of the sigmoid is at most ¼. Through how many sigmoids (all weights 1) "
        f"must a gradient go at least, to be surely below 1/{limit} of what it was?",
        layers,
        solution=f"(1/4)^n < 1/{limit} from n = {layers} on: 4^{layers} = {4**layers}.",
        given={"limit": limit},
        traps=[(layers - 1, "At that number the largest possible gradient is still above.")],
    )


@question(difficulty=3, minutes=4)
def gradient_of_a_neuron(rng: Random) -> Question:
    """Sigmoid and cross-entropy together."""
    w, b = rng.choice([-1.0, -0.5, 0.5, 1.0, 1.5]), rng.choice([-1.0, 0.0, 0.5])
    x, y = rng.choice([-2.0, -1.0, 1.5, 2.0, 3.0]), rng.randint(0, 1)
    p = 1 / (1 + exp(-(w * x + b)))
    return ask(
        f"p = sigmoid(w·x + b) with w = {w}, b = {b}; the loss is the binary cross-entropy. What "
        f"is dL/dw for x = {x} and the label {y}?",
        (p - y) * x,
        solution=f"p = {p:.4f}; dL/dz = p − y = {p - y:.4f}; dL/dw = (p − y)·x = "
        f"{(p - y) * x:.3f}.",
        given={"w": w, "b": b, "x": x, "y": y},
        decimals=3,
        traps=[
            ((p - y) * p * (1 - p) * x, "p(1 − p) cancels against the cross-entropy's derivative."),
            ((y - p) * x, "The sign is turned: dL/dz = p − y."),
            (p - y, "That is dL/db; dL/dw has the factor x."),
        ],
    )


@question(difficulty=2, minutes=3)
def gradient_through_relu(rng: Random) -> Question:
    """Where a unit is off, nothing comes through."""
    z = [rng.choice([-3, -2, -1, 1, 2, 4]) for _ in range(4)]
    z[rng.randrange(4)] = -rng.randint(1, 5)
    upstream = [rng.choice([-3, -1, 2, 4, 5]) for _ in range(4)]
    through = [u if value > 0 else 0 for u, value in zip(upstream, z, strict=True)]
    return ask(
        f"For four samples a unit has z = wx + b = [{listed(z)}], its output relu(z) receives the "
        f"gradients [{listed(upstream)}]. What is the gradient of the bias b?",
        sum(through),
        solution=f"Where z is below 0 nothing passes: {listed(through)}. b is shared by all "
        f"samples, so these add up: {sum(through)}.",
        given={"z": z, "upstream": upstream},
        traps=[
            (sum(upstream), "Where z is below 0, relu lets no gradient through."),
            (sum(through) / 4, "Gradients of samples add up; a mean comes from the loss alone."),
        ],
    )
