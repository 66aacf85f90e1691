"""Week 3's reference and its graders' own expectations, against scikit-learn and pandas.

Edge cases that the libraries do not answer, or answer with NaN, are asserted by what the contract
says of them.
"""

import importlib.util
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import sklearn.cluster
import sklearn.decomposition
import sklearn.neighbors
import sklearn.preprocessing
import sklearn.tree
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course.project import Project
from solutions import week03_tabular as week

ROOT = Project.find().root
quick = settings(max_examples=60, deadline=None, derandomize=True)
SEEDS = st.integers(0, 2**32 - 1)
SMALL = st.integers(-3, 3).map(float)  # so that values repeat


def load_graders():
    path = ROOT / "tests" / "graders" / "week03_tabular.py"
    spec = importlib.util.spec_from_file_location("graders_of_week03", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


graders = load_graders()


def tables(min_rows=1, max_rows=15, elements=SMALL):
    """Tables whose values repeat, with constant columns among them."""
    shapes = st.tuples(st.integers(min_rows, max_rows), st.integers(1, 4))
    return hnp.arrays(float, shapes, elements=elements)


# -- tables ----------------------------------------------------------------------------------------


@quick
@given(st.lists(st.tuples(st.sampled_from("IFM"), SMALL, st.booleans()), min_size=1, max_size=9))
def test_encoded_as_by_scikit_learn(rows):
    frame = pd.DataFrame(rows, columns=["sex", "length", "alive"])
    got = week.encode_features(frame)
    encoder = sklearn.preprocessing.OneHotEncoder(sparse_output=False)
    theirs = encoder.fit_transform(frame[["sex"]])
    numbers = frame[["length", "alive"]].to_numpy(float)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, np.column_stack([theirs, numbers]))


def test_categories_without_rows_have_a_feature():
    kind = pd.Categorical(["b", "b"], categories=["c", "b", "a"])
    got = week.encode_features(pd.DataFrame({"kind": kind, "size": [1, 2]}))
    np.testing.assert_array_equal(got, [[0, 1, 0, 1], [0, 1, 0, 2]])


@pytest.mark.parametrize("index", [[4, 5, 6], ["x", "y", "z"], None])
def test_a_table_survives_its_file(tmp_path, index):
    frame = pd.DataFrame({"size": [1.5, 2.5, 0.0], "kind": ["a", "b", "a"]}, index)
    frame.to_csv(tmp_path / "table.csv", index=index is not None)
    again = week.load_table(str(tmp_path / "table.csv"))
    pd.testing.assert_frame_equal(again, frame, check_index_type=False)


def test_tables_without_rows_are_refused(tmp_path):
    for text in ("a,b\n", ",a\n", ""):
        (tmp_path / "empty.csv").write_text(text)
        with pytest.raises(ValueError):
            week.load_table(tmp_path / "empty.csv")


# -- trees -----------------------------------------------------------------------------------------


@quick
@given(tables(min_rows=2), st.data())
def test_best_split_is_the_root_of_scikit_learns_tree(x, data):
    y = data.draw(hnp.arrays(int, len(x), elements=st.integers(0, 2)))
    tree = sklearn.tree.DecisionTreeClassifier(max_depth=1, random_state=0).fit(x, y).tree_
    assert week.gini(y) == pytest.approx(tree.impurity[0], abs=1e-12)
    assert graders.expected_gini(y) == pytest.approx(tree.impurity[0], abs=1e-12)
    best = graders.expected_best_impurity(x, y)
    if best is None:  # all rows are alike
        with pytest.raises(ValueError, match="rows that differ"):
            week.best_split(x, y)
        return
    feature, threshold, impurity = week.best_split(x, y)
    left = x[:, feature] <= threshold
    assert 0 < left.sum() < len(x)
    assert impurity == pytest.approx(graders.impurity_of(left, y), abs=1e-12)
    assert impurity == pytest.approx(best, abs=1e-12)
    if tree.node_count == 3:  # scikit-learn does not split pure labels
        sides = tree.impurity[1:] @ tree.weighted_n_node_samples[1:] / len(x)
        assert best == pytest.approx(sides, abs=1e-12)


@pytest.mark.parametrize(
    ("lower", "upper"),
    [(1.0, np.nextafter(1.0, 2)), (-1e308, 1e308), (1.5e308, 1.7e308), (0.0, 5e-324)],
)
def test_thresholds_where_rounding_leaves_no_room(lower, upper):
    x = np.array([[upper], [lower], [upper]])
    feature, threshold, impurity = week.best_split(x, np.array([1, 0, 1]))
    assert (feature, impurity) == (0, 0) and lower <= threshold < upper


def test_gini_of_no_labels():
    assert week.gini([]) == graders.expected_gini([]) == 0


def test_a_tree_by_hand_is_scikit_learns():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 3)), rng.integers(3, size=200)
    theirs = sklearn.tree.DecisionTreeClassifier(max_depth=week.TREE_DEPTH, random_state=0)
    predict = week.tree_by_hand(x, y, seed=0)
    assert np.mean(predict(x) == theirs.fit(x, y).predict(x)) > 0.97  # but for ties


@quick
@given(st.integers(1, 60), SEEDS)
def test_bags_and_what_is_left(n, seed):
    drawn = week.bootstrap_indices(n, seed)
    left = week.out_of_bag(drawn, n)
    assert drawn.shape == (n,)
    assert set(drawn) | set(left) == set(range(n)) and not set(drawn) & set(left)
    assert len(left) == len(set(left))


class Fixed:
    def __init__(self, predictions):
        self.predict = lambda x: predictions


@quick
@given(hnp.arrays(int, st.tuples(st.integers(1, 6), st.integers(1, 5)),
                  elements=st.integers(-2, 3)))  # fmt: skip
def test_votes_with_ties(predictions):
    got = week.bagging_predict([Fixed(row) for row in predictions], np.zeros((1, 1)))
    np.testing.assert_array_equal(got, [graders.expected_vote(column) for column in predictions.T])
    modes = pd.DataFrame(predictions).mode().iloc[0]  # of several, pandas puts the smallest first
    np.testing.assert_array_equal(got, modes)


@quick
@given(hnp.arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 3)),
                  elements=st.floats(-9, 9, width=16)))  # fmt: skip
def test_numbers_of_any_shape_are_averaged(predictions):
    got = week.bagging_predict([Fixed(of_model) for of_model in predictions], np.zeros((1, 1)))
    np.testing.assert_allclose(got, np.mean(predictions, axis=0), rtol=1e-4, atol=1e-5)


# -- directions, neighbours, groups ----------------------------------------------------------------


@quick
@given(tables(elements=st.sampled_from([0.0, 0.1, -3.5, 7.0, 120.0])), st.data())
def test_pca(x, data):
    """Constant columns, one row and ties between variances included."""
    k = data.draw(st.integers(1, min(x.shape)))
    projected, components, ratio = week.pca(x, k)
    np.testing.assert_allclose(components @ components.T, np.eye(k), atol=1e-9)
    np.testing.assert_allclose(projected, (x - x.mean(axis=0)) @ components.T, atol=1e-9)
    _, variances = graders.expected_components(x)
    np.testing.assert_allclose(np.mean(projected**2, axis=0), variances[:k], atol=1e-8)
    if np.all(x.max(axis=0) == x.min(axis=0)):
        np.testing.assert_array_equal(ratio, np.zeros(k))
    else:
        theirs = sklearn.decomposition.PCA(k, svd_solver="full").fit(x)
        np.testing.assert_allclose(ratio, theirs.explained_variance_ratio_, atol=1e-9)
        np.testing.assert_allclose(ratio, variances[:k] / variances.sum(), atol=1e-9)


@quick
@given(SEEDS, st.integers(3, 20), st.integers(1, 5))
def test_pca_finds_the_directions_of_scikit_learn(seed, n, f):
    x = np.random.default_rng(seed).normal(size=(n, f)) * 3.0 ** -np.arange(f) + 7
    k = min(n - 1, f)  # the last of n components of n rows has no variance and no direction
    projected, components, _ = week.pca(x, k)
    theirs = sklearn.decomposition.PCA(k, svd_solver="full").fit(x)
    signs = np.sign(np.sum(components * theirs.components_, axis=1))
    np.testing.assert_allclose(components, theirs.components_ * signs[:, None], atol=1e-6)
    np.testing.assert_allclose(projected, theirs.transform(x) * signs, atol=1e-6)


@quick
@given(SEEDS, st.integers(1, 20), st.data())
def test_nearest_neighbours(seed, n, data):
    """Votes end in ties; no two distances do, as scikit-learn breaks those in its own way."""
    k = data.draw(st.integers(1, n))
    rng = np.random.default_rng(seed)
    x_train, y_train, x = rng.normal(size=(n, 2)), rng.integers(4, size=n), rng.normal(size=(5, 2))
    got = week.k_nearest_neighbours(x_train, y_train, x, k)
    model = sklearn.neighbors.KNeighborsClassifier(k, algorithm="brute").fit(x_train, y_train)
    np.testing.assert_array_equal(got, model.predict(x))
    np.testing.assert_array_equal(got, graders.expected_neighbours(x_train, y_train, x, k))


@pytest.mark.parametrize("k", [0, 4])
def test_neighbours_that_are_not_there(k):
    with pytest.raises(ValueError, match="1 <= k <= 3"):
        week.k_nearest_neighbours(np.zeros((3, 1)), [0, 1, 1], np.zeros((1, 1)), k)


@quick
@given(tables(max_rows=25), SEEDS, st.data())
def test_groups_stay_where_scikit_learn_begins_with_them(x, seed, data):
    """Equal rows, constant columns, and as many groups as different rows included."""
    n_different = len(np.unique(x, axis=0))
    k = data.draw(st.integers(1, n_different))
    labels, centres = week.k_means(x, k, seed)
    assert set(labels) == set(range(k))
    distances = graders.distances_between(x, centres)
    np.testing.assert_allclose(distances[np.arange(len(x)), labels], distances.min(axis=1))
    theirs = sklearn.cluster.KMeans(k, init=centres, n_init=1, tol=0).fit(x)
    inertia = np.sum(distances.min(axis=1) ** 2)
    assert theirs.inertia_ == pytest.approx(inertia, abs=1e-9)
    with pytest.raises(ValueError, match="different rows"):
        week.k_means(x, n_different + 1, seed)


@quick
@given(SEEDS, st.integers(2, 10), st.integers(0, 12), st.data())
def test_new_rows_lie_between_neighbours_of_scikit_learn(seed, n, n_new, data):
    k = data.draw(st.integers(1, n - 1))
    x = np.random.default_rng(seed).normal(size=(n, 3))
    new = week.smote(x, n_new, k, seed)
    assert new.shape == (n_new, 3)
    nearest = (
        sklearn.neighbors.NearestNeighbors(n_neighbors=k).fit(x).kneighbors(return_distance=False)
    )
    for point, pairs in zip(new, graders.on_segments(new, x, k), strict=True):
        assert pairs, f"{point} is on no line"
        assert all(other in nearest[row] for row, other in pairs)


@pytest.mark.parametrize(("n", "k"), [(1, 1), (3, 3), (3, 0), (0, 1)])
def test_new_rows_need_neighbours(n, k):
    with pytest.raises(ValueError, match=f"for {n} rows"):
        week.smote(np.zeros((n, 2)), 1, k, 0)


@quick
@given(SEEDS, st.integers(3, 5), st.integers(1, 3))
def test_folds_know_their_training_rows_alone(seed, n_folds, n_components):
    """Whatever the validation rows hold, the training rows are prepared in the same way."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(24, 3)), rng.permutation(np.arange(24) % 2)
    y[rng.permutation(np.flatnonzero(y))[:3]] = 0
    for number, fold in enumerate(week.prepare_folds(x, y, n_folds, n_components, 1, seed)):
        graders.expect_prepared(fold, x, y, n_components, 1)
        other = x.copy()
        other[fold[3]] = 1e3 * rng.normal(size=(len(fold[3]), 3))
        again = week.prepare_folds(other, y, n_folds, n_components, 1, seed)[number]
        np.testing.assert_array_equal(again[0], fold[0])


# -- what is loaded --------------------------------------------------------------------------------


def test_functions_without_networks_load_no_keras():
    program = (
        "from course import lazy; lazy.install(); import sys\n"
        "import numpy as np\n"
        "from solutions import week03_tabular as week\n"
        "x = np.random.default_rng(0).normal(size=(12, 2)); y = np.arange(12) % 2\n"
        "week.best_split(x, y), week.out_of_bag(week.bootstrap_indices(5, 0), 5), week.pca(x, 1)\n"
        "week.k_nearest_neighbours(x, y, x, 3), week.k_means(x, 2, 0), week.smote(x, 3, 2, 0)\n"
        "week.prepare_folds(x, y, 2, 1, 1, 0)\n"
        "heavy = {'tensorflow', 'keras', 'pandas', 'sklearn', 'scipy', 'matplotlib'}\n"
        "loaded = {name for name in heavy if type(sys.modules.get(name)).__name__ == 'module'}\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
