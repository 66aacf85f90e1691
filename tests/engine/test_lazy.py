"""Heavy libraries are loaded when they are used, and not before."""

import os
import subprocess
import sys
import textwrap

import pytest

PREAMBLE = """
import sys
from course import lazy
lazy.install()
def loaded(name):
    return type(sys.modules.get(name)).__name__ == "module"
"""


@pytest.fixture
def run_python(tmp_path):
    """Runs a program after `lazy.install()`, with `tmp_path` importable; gives what it printed."""

    def run(code, check=True):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", PREAMBLE + textwrap.dedent(code)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    return run


@pytest.fixture
def fake_tensorflow(tmp_path):
    """A package of that name that is quick to import."""

    def write(init, **modules):
        folder = tmp_path / "tensorflow"
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").write_text(textwrap.dedent(init))
        for name, text in modules.items():
            (folder / f"{name}.py").write_text(textwrap.dedent(text))

    return write


def test_import_alone_loads_nothing(run_python):
    run_python("""
        import keras, pandas, tensorflow as tf
        import matplotlib.pyplot as plt
        import sklearn.linear_model
        assert not any(map(loaded, ["keras", "pandas", "tensorflow", "matplotlib", "sklearn"]))
        assert not any(name.startswith(("keras.src", "tensorflow.")) for name in sys.modules)
        lazy.install()
        assert sum(type(finder).__name__ == "_HeavyFinder" for finder in sys.meta_path) == 1
    """)


def test_first_use_loads(run_python):
    done = run_python("""
        import pandas as pd
        import matplotlib.pyplot as plt
        import sklearn.linear_model
        from sklearn.ensemble import HistGradientBoostingRegressor
        from scipy import stats
        assert pd.DataFrame({"a": [1]}).a[0] == 1 and loaded("pandas")
        plt.switch_backend("Agg")
        assert plt.figure() and loaded("matplotlib") and loaded("matplotlib.pyplot")
        assert sklearn.linear_model.Ridge().fit([[0.0], [1.0]], [0.0, 1.0]).coef_.shape == (1,)
        assert HistGradientBoostingRegressor().max_iter and stats.norm.cdf(0) == 0.5
        assert pd.__doc__ and pd.__loader__ is pd.__spec__.loader
    """)
    assert done.stderr == ""


def test_keras_loads_silently(run_python):
    done = run_python("""
        import keras
        from keras import layers
        import keras.ops
        assert isinstance(keras.layers.Dense(2), layers.Layer) and loaded("tensorflow")
        import tensorflow as tf
        assert keras.ops.add(tf.constant(1), 1).numpy() == 2
    """)
    assert done.stderr == done.stdout == ""


def test_inspection_does_not_load(run_python):
    run_python("""
        import inspect, keras, matplotlib.pyplot, pandas
        def function():
            pass
        for module in list(sys.modules.values()):
            hasattr(module, "__file__"), hasattr(module, "__spec__"), repr(module)
            hasattr(module, "__wrapped__"), hasattr(module, "__warningregistry__")
        inspect.getmodule(function), inspect.getmodule(inspect.currentframe())
        inspect.unwrap(pandas)
        assert not any(map(loaded, ["keras", "matplotlib", "matplotlib.pyplot", "pandas"]))
    """)


def test_load_loads_now(run_python, fake_tensorflow):
    fake_tensorflow("VALUE = 1")
    run_python("""
        lazy.load("tensorflow")
        assert loaded("tensorflow")
        lazy.load("tensorflow")
        lazy.load("json")
        from course.sandbox import worker
        worker.preload(["pooch"])
        assert loaded("pooch")
    """)


def test_missing_package_is_missing_at_its_import(run_python):
    for name in ("nowhere_to_be_found", "sklearn.nowhere", "keras.nowhere.below"):
        done = run_python(f"import {name}", check=False)
        last = done.stderr.strip().splitlines()[-1]
        assert last.startswith("ModuleNotFoundError: No module named"), last
        assert name in last or name.rpartition(".")[0] in last


def test_missing_name_is_an_attribute_error(run_python, fake_tensorflow):
    fake_tensorflow("VALUE = 1")
    run_python("""
        import tensorflow
        assert not hasattr(tensorflow, "missing") and tensorflow.VALUE == 1
        try:
            from tensorflow import missing
        except ImportError as error:
            assert "missing" in str(error)
        else:
            raise AssertionError
    """)


def test_failing_import_shows_what_it_printed_and_fails_again(run_python, fake_tensorflow):
    fake_tensorflow("""
        import os
        os.write(2, b"the reason, from C++\\n")
        raise ImportError("no such processor")
    """)
    done = run_python("""
        import tensorflow
        for _ in range(2):
            try:
                tensorflow.constant
            except ImportError as error:
                print(error)
    """)
    assert done.stderr == "the reason, from C++\n" * 2
    assert done.stdout == "no such processor\n" * 2


def test_successful_import_keeps_its_noise_to_itself(run_python, fake_tensorflow):
    fake_tensorflow('import os; VALUE = os.write(2, b"Could not find cuda drivers")')
    done = run_python("""
        import tensorflow
        assert tensorflow.VALUE
        print("heard", file=sys.stderr)
    """)
    assert done.stderr == "heard\n"


def test_works_without_standard_error(run_python, fake_tensorflow):
    fake_tensorflow("VALUE = 1")
    run_python("""
        import os, tensorflow
        os.close(2)
        assert tensorflow.VALUE == 1
    """)


def test_threads_wait_until_it_is_loaded(run_python, fake_tensorflow):
    fake_tensorflow(
        """
        import time
        from tensorflow import inner
        time.sleep(0.2)  # the others come in the middle of it
        LAST = "last"
        """,
        inner="import tensorflow\nDEEP = 1",
    )
    run_python("""
        import threading, tensorflow
        seen = []
        def use():
            seen.append(tensorflow.LAST)
        threads = [threading.Thread(target=use) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert seen == ["last"] * 8, seen
        assert tensorflow.inner.DEEP == 1
    """)
