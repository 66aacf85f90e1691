"""Week 4, transfer: the photos and shells that are read or refused, and answers in other styles."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets.abalone import read_abalone, simulate_abalone
from datasets.cats_vs_dogs import FILE, load_cats_vs_dogs, read_cats_vs_dogs
from datasets.files import DataError

ROOT = Path(__file__).resolve().parents[2]


def jpeg(colour, size=(40, 30)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG")
    return buffer.getvalue()


def write_zip(folder: Path, members: dict[str, bytes]) -> Path:
    path = folder / FILE.name
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


CAT, DOG = "cats_vs_dogs/cat/1.jpg", "cats_vs_dogs/dog/1.jpg"


def test_photos_are_read_with_their_labels(tmp_path):
    members = {DOG: jpeg("white"), CAT: jpeg("black"), "cats_vs_dogs/cat/notes.txt": b"none"}
    images, labels = read_cats_vs_dogs(write_zip(tmp_path, members), size=16)
    assert images.shape == (2, 16, 16, 3) and images.dtype == np.uint8
    assert labels.tolist() == [0, 1]
    assert images[0].max() < 10 and images[1].min() > 245


def test_the_repositorys_own_layout_is_read(tmp_path):
    folder = "Dog-Cat-Classifier-master/Data/Train_Data"
    members = {f"{folder}/cat/1.jpg": jpeg("black"), f"{folder}/dog/1.jpg": jpeg("white")}
    _, labels = read_cats_vs_dogs(write_zip(tmp_path, members), size=16)
    assert labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({CAT: jpeg("red"), DOG: b"not a photo"}, r"dog/1\.jpg is not a photo: expected a whole"),
        ({CAT: jpeg("red")[:300], DOG: jpeg("red")}, r"cat/1\.jpg is not a photo"),
        ({CAT: jpeg("red")}, "holds no photo of class dog; expected"),
        ({"README": b""}, "holds no photo of class cat and dog"),
    ],
)
def test_bad_photos_are_named(tmp_path, members, message):
    path = write_zip(tmp_path, members)
    with pytest.raises(DataError, match=message) as caught:
        read_cats_vs_dogs(path, size=16)
    assert str(path) in str(caught.value)


def test_altered_bytes_in_the_archive_are_refused(tmp_path):
    path = write_zip(tmp_path, {CAT: jpeg("red"), DOG: jpeg("red")})
    content = bytearray(path.read_bytes())
    content[300] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"cat/1\.jpg is damaged in the archive"):
        read_cats_vs_dogs(path, size=16)


def test_a_truncated_archive_is_not_silently_replaced(tmp_path, monkeypatch):
    path = write_zip(tmp_path, {CAT: jpeg("red"), DOG: jpeg("red")})
    path.write_bytes(path.read_bytes()[:-60])
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    with pytest.raises(DataError, match="not a readable zip, perhaps truncated"):
        load_cats_vs_dogs()


SHELL = "M,0.455,0.365,0.095,0.514,0.2245,0.101,0.15,15"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (SHELL + ",1", "line 2: expected 9 cells, got 10"),
        (SHELL.replace("M", "X"), "line 2: sex is 'X'; expected I, F or M"),
        (SHELL.replace("0.455", "nan"), "line 2: length is 'nan'; expected a number"),
        (SHELL.replace(",15", ",-3"), "line 2: rings is '-3'"),
    ],
)
def test_a_bad_shell_is_named(tmp_path, row, message):
    path = tmp_path / "abalone.data"
    path.write_text(f"{SHELL}\n{row}\n")
    with pytest.raises(DataError, match=message):
        read_abalone(path)


def test_simulated_shells_look_like_the_real_ones():
    shells, again = simulate_abalone(), simulate_abalone()
    assert shells.equals(again)
    assert shells.shape == (4177, 9)
    assert 9 < shells["rings"].mean() < 11  # 9.9 in the real data
    assert 0.45 < shells["length"].corr(shells["rings"]) < 0.75  # 0.56 in the real data
    assert shells[shells["sex"] == "I"]["rings"].mean() < 9


# -- other styles ----------------------------------------------------------------------------------

OTHER_STYLES = """
import keras
import numpy as np
import tensorflow as tf


def preprocess(images):
    if not isinstance(images, np.ndarray) or images.dtype.name != "uint8":
        raise ValueError("expected bytes, got something else")
    return (np.float32(2) * (images / np.float32(255)) - np.float32(1)).astype(np.float32)


class Augmenter(keras.layers.Layer):
    def __init__(self, seed):
        super().__init__()
        self.shift = keras.layers.RandomTranslation(0.1, 0.1, fill_mode="nearest", seed=seed)
        self.turn = keras.layers.RandomRotation(0.05, fill_mode="nearest", seed=seed)

    def call(self, images, training=False):
        return self.turn(self.shift(images, training=training), training=training)


def build_augmenter(seed):
    return Augmenter(seed)


class Transfer(keras.Model):
    def __init__(self, base, n_classes, dropout):
        super().__init__()
        self.base = base
        self.pool = keras.layers.GlobalAveragePooling2D()
        self.drop = keras.layers.Dropout(dropout)
        units, activation = (1, "sigmoid") if n_classes == 2 else (n_classes, "softmax")
        self.out = keras.layers.Dense(units, activation=activation, name="my_head")

    def call(self, images, training=False):
        return self.out(self.drop(self.pool(self.base(images, training=False)), training=training))


def _compile(model, n_classes, rate):
    losses = keras.losses
    loss = losses.BinaryCrossentropy() if n_classes == 2 else losses.SparseCategoricalCrossentropy()
    model.compile(optimizer=keras.optimizers.RMSprop(rate), loss=loss)


def build_transfer_model(base_model, n_classes, dropout=0.2):
    if n_classes < 2 or not 0 <= dropout < 1:
        raise ValueError("expected at least 2 classes and a dropout in [0, 1), got something else")
    for layer in base_model.layers:
        layer.trainable = False
    base_model.trainable = False
    model = Transfer(base_model, n_classes, dropout)
    model(np.zeros((1, *base_model.input_shape[1:]), "float32"))
    _compile(model, n_classes, 0.01)
    return model


def extract_features(base_model, images):
    out = []
    for batch in np.array_split(np.asarray(images, "float32"), max(1, len(images) // 50)):
        out.extend(np.mean(base_model(batch, training=False), axis=(1, 2)).tolist())
    return out


def unfreeze_top(model, base_model, n_layers, learning_rate=1e-5):
    if not n_layers > 0:
        raise ValueError("expected some layers, got none")
    base_model.trainable = True
    kind = keras.layers.BatchNormalization
    cut = max(len(base_model.layers) - n_layers, 0)
    for number, layer in enumerate(base_model.layers):
        layer.trainable = number >= cut and not isinstance(layer, kind)
    model.compile(keras.optimizers.SGD(learning_rate, momentum=0.9), loss=model.loss)
    return model


def transfer_learn(base_model, x_train, y_train, x_valid, y_valid, n_classes, seed):
    if len(x_train) != len(y_train) or len(x_valid) != len(y_valid):
        raise ValueError("expected as many labels as images, got another number")
    keras.utils.set_random_seed(seed)
    model = build_transfer_model(base_model, n_classes, 0.0)
    model.fit(x_train, y_train, validation_data=(x_valid, y_valid), epochs=30, verbose=0)
    unfreeze_top(model, base_model, 2, 1e-4)
    model.fit(x_train, y_train, validation_data=(x_valid, y_valid), epochs=1, verbose=0)
    return model


def pretrain_base(x, rings, seed):
    if len(x) != len(rings):
        raise ValueError("expected as many rings as rows, got another number")
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((np.shape(x)[1],))
    hidden = inputs
    for units in (48, 48, 24):
        hidden = keras.layers.Dense(units, activation="gelu")(hidden)
    base = keras.Model(inputs, hidden)
    whole = keras.Model(inputs, keras.layers.Dense(1)(hidden))
    whole.compile("adam", "mae")
    target = np.log(np.asarray(rings, "float64"))
    whole.fit(np.asarray(x), target - target.mean(), epochs=40, batch_size=32, verbose=0)
    return base


def transfer_to_sex(base_model, x, sex, seed):
    if len(x) != len(sex) or set(np.asarray(sex).tolist()) - {0, 1, 2}:
        raise ValueError("expected a label 0, 1 or 2 for each row, got something else")
    tf.random.set_seed(seed)
    base_model.trainable = False
    model = keras.Sequential([base_model, keras.layers.Dropout(0.0), keras.layers.Dense(3)])
    model.add(keras.layers.Softmax())
    model.compile(keras.optimizers.Adam(0.03), keras.losses.CategoricalCrossentropy())
    one_hot = keras.utils.to_categorical(sex, 3)
    model.fit(np.asarray(x), one_hot, epochs=30, verbose=0)
    return model
"""


def test_right_answers_in_another_style_pass(tmp_path):
    (tmp_path / "week04_transfer.py").write_text(OTHER_STYLES)
    command = [sys.executable, "-m", "course", "check", "week04_transfer"]
    command += ["--target", str(tmp_path), "--json"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    checks = json.loads(result.stdout)["checks"]
    assert {check["exercise"] for check in checks} >= {"week04_transfer.transfer_learn"}
    assert not [check for check in checks if check["status"] != "passed"]
