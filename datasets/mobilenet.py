"""The weights of a small MobileNet (alpha 0.25) that was trained on ImageNet.

Source: keras.applications; A. Howard et al., "MobileNets: Efficient Convolutional Neural Networks
for Mobile Vision Applications" (2017). Without COURSE_DATA, Keras itself downloads and keeps them.
"""

from __future__ import annotations

import os
from pathlib import Path

from datasets.download import check_answers
from datasets.files import DataError, DownloadError, RemoteFile, say

FILE = RemoteFile(
    name="mobilenet_2_5_224_tf_no_top.h5",
    description="MobileNet, alpha 0.25: weights from ImageNet, without the top",
    url="https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/"
    "mobilenet_2_5_224_tf_no_top.h5",
    sha256=None,  # Keras names none
    size=1_083_400,
)
SIGNATURE = b"\x89HDF\r\n\x1a\n"  # every HDF5 file begins so


def mobilenet_weights(instead: str) -> Path | None:
    """The weights' file, for `keras.applications.MobileNet(weights=...)` with images of any size.

    Looks in `$COURSE_DATA/models`, then where Keras keeps its models, then has Keras download it.

    Args:
        instead: What is used without it, for the line on the terminal.

    Returns:
        The path, or None when the weights cannot be had; one line on standard error says so.

    Raises:
        DataError: The file is there and damaged.
    """
    path = _in_course_data()
    if path is None:
        try:
            path = _from_keras()
        except DownloadError as error:
            say(f"{error} Using {instead}. To use it, put it in the folder models of COURSE_DATA.")
            return None
    if problem := _problem(path):
        raise DataError(f"{path} {problem}. Replace it with {FILE.url}, or remove it.")
    return path


def _in_course_data() -> Path | None:
    folder = os.environ.get("COURSE_DATA")
    path = Path(folder or ".").expanduser() / "models" / FILE.name
    return path if folder and path.exists() else None


def _from_keras() -> Path:
    """Keras' own copy, downloaded if need be."""
    import keras

    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    if not (home / "models" / FILE.name).exists():
        check_answers(FILE)
    try:
        return Path(keras.utils.get_file(FILE.name, FILE.url, cache_subdir="models"))
    except Exception as error:  # get_file raises a plain one
        raise DownloadError(f"{FILE.name} could not be downloaded: {error}.") from error


def _problem(path: Path) -> str:
    """What is wrong with the file, in words that follow its path; empty when nothing is."""
    import h5py

    try:
        with path.open("rb") as stream:
            begin = stream.read(len(SIGNATURE))
        if begin != SIGNATURE:
            return "is not an HDF5 file"
        with h5py.File(path) as file:
            if "layer_names" not in file.attrs:
                return "holds no weights of a Keras model"
    except OSError as error:
        return f"is truncated or altered: {error}"
    return ""
