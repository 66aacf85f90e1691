"""Recordings of five sensor units as they might be: the embedded default of `daily_sports`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

N_SUBJECTS, N_SEGMENTS, N_STEPS, N_UNITS = 8, 60, 125, 5
RATE = 25.0  # steps per second
GRAVITY = 9.81  # m/s²
HARMONICS = 3  # a movement is a wave with overtones

# Which way gravity points in the axes of a unit, on torso, arms and legs, near the real means.
POSTURES = {
    "upright": ((0.96, 0.0, 0.28), (0.95, 0.25, 0.1), (-1.0, -0.05, -0.1)),
    "seated": ((0.85, -0.05, 0.5), (0.45, 0.6, 0.65), (-0.35, 0.92, -0.15)),
    "on back": ((-0.35, 0.0, 0.93), (-0.05, 0.35, 0.93), (-0.08, 0.9, -0.4)),
    "on side": ((0.1, -0.92, 0.3), (0.1, 0.93, -0.3), (0.1, 0.15, -0.97)),
}


class Kind(NamedTuple):
    """How an activity is done: posture; movements per second; m/s² of torso, arms and legs."""

    posture: str
    tempo: float
    torso: float
    arms: float
    legs: float


KINDS = {
    1: Kind("seated", 0.25, 0.03, 0.02, 0.01),  # the quiet ones breathe
    2: Kind("upright", 0.25, 0.06, 0.05, 0.03),
    3: Kind("on back", 0.25, 0.06, 0.02, 0.01),
    4: Kind("on side", 0.25, 0.04, 0.03, 0.01),
    5: Kind("upright", 1.5, 2.2, 2.0, 3.6),
    6: Kind("upright", 1.7, 2.8, 2.0, 3.2),
    7: Kind("upright", 0.25, 0.09, 0.08, 0.05),
    8: Kind("upright", 0.5, 0.4, 0.5, 0.3),
    9: Kind("upright", 1.8, 2.4, 2.6, 4.2),
    10: Kind("upright", 1.7, 1.9, 1.6, 3.8),
    11: Kind("upright", 1.6, 1.8, 2.1, 4.4),
    12: Kind("upright", 2.7, 7.5, 6.0, 9.0),
    13: Kind("upright", 1.1, 1.4, 1.2, 2.4),
    14: Kind("upright", 1.3, 1.2, 2.6, 2.0),
    15: Kind("seated", 1.2, 0.5, 0.4, 3.0),
    16: Kind("seated", 1.4, 0.9, 0.7, 4.0),
    17: Kind("seated", 0.6, 2.0, 3.2, 1.6),
    18: Kind("upright", 2.1, 9.0, 7.0, 10.0),
    19: Kind("upright", 1.0, 4.0, 5.0, 4.5),
}


def simulate_activities(
    activities: Iterable[int], seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Simulates 60 windows of each activity for each of 8 people.

    People differ: in how they hold themselves, how the units sit on them and which way they face,
    in the tempo and size of their movements, and in how much they fidget. Sensors are noisy, and
    windows of one person differ in drift, tempo and fidgeting.

    Args:
        activities: Numbers from 1 to 19.
        seed: Of people and noise. An activity is the same whichever others are asked for.

    Returns:
        (windows, activity, subject): (n, 125, 45) float32, (n,) int and (n,) int, ordered by
        activity and subject. Columns and units are those of the real recordings.
    """
    pairs = [(a, s) for a in sorted(set(activities)) for s in range(1, N_SUBJECTS + 1)]
    windows = np.concatenate([_recordings(a, s, seed) for a, s in pairs])
    activity, subject = np.repeat(np.array(pairs), N_SEGMENTS, axis=0).T
    return windows, activity, subject


def _recordings(activity: int, subject: int, seed: int) -> np.ndarray:
    """One person's windows of one activity, of shape (60, 125, 45)."""
    kind = KINDS[activity]
    person = np.random.default_rng((seed, 1, subject))
    size, hurry, fidgety = np.exp(person.normal(0, (0.2, 0.06, 0.6)))
    mountings = [_rotation(person.normal(0, 0.12, 3)) for _ in range(N_UNITS)]
    rng = np.random.default_rng((seed, 2, subject, activity))
    tempo = kind.tempo * hurry * np.exp(rng.normal(0, 0.03, (N_SEGMENTS, 1)))
    seconds = np.arange(N_SEGMENTS * N_STEPS).reshape(N_SEGMENTS, N_STEPS) / RATE
    phase = 2 * np.pi * (tempo * seconds + rng.uniform(size=(N_SEGMENTS, 1)))
    fidgets = _fidgets(rng, 0.02 * fidgety)
    facing = _rotation(np.array([0.0, 0.0, rng.uniform(-np.pi, np.pi)]))

    columns = []
    for unit, mounting in enumerate(mountings):
        part = (0, 1, 1, 2, 2)[unit]  # torso, arms, legs
        held = mounting @ _rotation(rng.normal(0, 0.12, 3))
        down = np.array(POSTURES[kind.posture][part])
        down = held @ (down / np.linalg.norm(down))
        amplitude = size * (kind.torso, kind.arms, kind.legs)[part]
        # The same for all people: what makes the activity itself.
        form = np.random.default_rng((seed, 3, activity, unit))
        moves = amplitude * _wave(form, phase) @ held.T  # (60, 125, 3)
        turns = 0.1 * amplitude * _wave(form, phase) @ held.T
        drift = rng.normal(0, 0.05, (N_SEGMENTS, 1, 3)).cumsum(axis=0) / np.sqrt(N_SEGMENTS)
        noise = rng.normal(size=(3, N_SEGMENTS, N_STEPS, 3))
        north = held @ facing @ np.array([0.5, 0.0, -0.8])
        columns += [
            GRAVITY * (down + drift) + moves + fidgets + 0.02 * noise[0],
            turns + 0.4 * fidgets + 0.01 * noise[1],
            north + drift + 0.01 * moves + 0.02 * fidgets + 0.002 * noise[2],
        ]
    return np.concatenate(columns, axis=-1).astype(np.float32)


def _wave(form: np.random.Generator, phase: np.ndarray) -> np.ndarray:
    """A movement in three axes, of shape (60, 125, 3) and a deviation of about 1."""
    total = np.zeros((*phase.shape, 3))
    for harmonic in range(1, HARMONICS + 1):
        weights, offsets = form.normal(size=3) / harmonic, form.uniform(0, 2 * np.pi, 3)
        total += weights * np.sin(harmonic * phase[..., None] + offsets)
    return total


def _fidgets(rng: np.random.Generator, level: float) -> np.ndarray:
    """Small movements that come and go, of shape (60, 125, 3); large ones now and then."""
    strength = level * np.exp(rng.normal(0, 0.5, (N_SEGMENTS, 1, 1)))
    strength *= np.where(rng.random((N_SEGMENTS, 1, 1)) < 1 / 12, 8.0, 1.0)
    steps = rng.normal(size=(N_SEGMENTS, N_STEPS + 8, 3)).cumsum(axis=1)
    return strength * (steps[:, 8:] - steps[:, :-8]) / np.sqrt(8)


def _rotation(vector: np.ndarray) -> np.ndarray:
    """The rotation about a vector by its length in radians (Rodrigues' formula)."""
    angle = float(np.linalg.norm(vector))
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
