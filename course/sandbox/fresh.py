"""Puts a worker back, as far as honest code changes it, to what the next exercise would find in a
new one.

A verdict must not depend on what ran before it. Code that is not honest can still change what it
likes for the exercises that follow, as it could at import: they are its own.
"""

from __future__ import annotations

import random
import sys
import warnings
from pathlib import Path

import numpy.random  # which numpy itself loads on first use, and that would be in each worker

from course import lazy


def begin(seed: int) -> None:
    """Before each check: seeds all that draws random numbers without a seed of its own, and lets
    warnings that have been shown be shown again."""
    with warnings.catch_warnings():  # makes Python forget which
        pass
    if lazy.is_loaded("keras"):
        import keras

        keras.utils.set_random_seed(seed)
    else:
        random.seed(seed)
        numpy.random.seed(seed)


def forget(folder: Path) -> None:
    """Forgets the submission's modules, and what Keras and TensorFlow keep for the process.

    Args:
        folder: where the submission's files lie.
    """
    for path in folder.glob("*.py"):
        module = sys.modules.get(path.stem)
        if getattr(module, "__file__", None) == str(path):
            del sys.modules[path.stem]
    if lazy.is_loaded("keras"):
        import keras

        keras.utils.clear_session(free_memory=False)  # names of layers, policies
        keras.config.set_floatx("float32")
    if lazy.is_loaded("tensorflow"):
        import tensorflow as tf

        tf.config.run_functions_eagerly(False)
