"""What an answer loads is known from its text, so that it can be loaded beforehand."""

import textwrap

import pytest

from course.grading.libraries import libraries_used

IMPORTS = """
import keras
import numpy as np
import matplotlib.pyplot as plt
from course import exercise
from datasets.chicago_ridership import load_ridership
"""
ANSWERS = {
    "nothing": ("def f(x):\n    return np.sum(x)", set()),
    "a name": ("def f(x):\n    return keras.ops.sum(x)", {"keras"}),
    "an alias": ("def f(x):\n    return plt.plot(x)", {"matplotlib"}),
    "another's": ("def g(x):\n    return keras.ops\ndef f(x):\n    return 1", set()),
    "a helper": ("def g(x):\n    return keras.x\ndef f(x):\n    return g(x)", {"keras"}),
    "a recursion": ("def g(x):\n    return f(x)\ndef f(x):\n    return g(plt)", {"matplotlib"}),
    "a constant": ("L = keras.layers\ndef f(x):\n    return 1", {"keras"}),
    "a class": ("class M(keras.Model):\n    pass\ndef f(x):\n    return 1", {"keras"}),
    "a decorator": ("@keras.saving.register\ndef g():\n    pass", {"keras"}),
    "a default": ("def g(x=keras.ops):\n    pass", {"keras"}),
    "from": ("from tensorflow.keras.layers import LSTM\ndef f(x):\n    return 1", {"tensorflow"}),
    "inside": ("def f(x):\n    from scipy import stats\n    import pandas", {"scipy", "pandas"}),
    "guarded": ("def f(x):\n    return 1\nif __name__ == '__main__':\n    keras.x", set()),
    "tried": ("try:\n    import sklearn.svm\nexcept ImportError:\n    pass", {"sklearn"}),
    "a lambda": ("f = lambda x: plt.plot(x)", {"matplotlib"}),
    "missing": ("def g(x):\n    return 1", set()),
    "relative": ("from . import keras as k\nfrom .keras import x", set()),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_libraries_used(name):
    text, used = ANSWERS[name]
    assert libraries_used(textwrap.dedent(IMPORTS + text), "f") == used
