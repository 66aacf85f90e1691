"""Downloading one file: all of it and checked, or nothing at all.

pooch and tqdm are imported where they are used: that takes longer than reading a data set which is
already here.
"""

from __future__ import annotations

import contextlib
import logging
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datasets.files import DownloadError, RemoteFile

CONNECT_SECONDS = 3.0  # to open a connection, for each address of the server
ANSWER_SECONDS = 5.0  # name lookup, redirections and first answer together
READ_SECONDS = 20.0  # between two pieces of a file that is on its way
RETRIES = 2  # of a download that broke off or arrived altered


def check_answers(file: RemoteFile) -> None:
    """Asks the server for an answer, so that a machine without network fails within seconds.

    In a thread, because the timeouts of `requests` do not cover the name lookup.

    Raises:
        DownloadError: No answer in `ANSWER_SECONDS`. Any answer will do: a server may refuse this
            kind of request and still send the file.
    """
    import pooch

    failures: list[Exception] = []

    def ask() -> None:
        http = pooch.HTTPDownloader(timeout=(CONNECT_SECONDS, ANSWER_SECONDS))
        try:
            http(file.url, None, None, check_only=True)
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(ANSWER_SECONDS)
    if thread.is_alive() or failures:
        raise DownloadError(
            f"{file.name} is not on this machine and there is no connection to {file.host}."
        )


def download(file: RemoteFile, folder: Path) -> Path:
    """Downloads a file into a folder that exists.

    Returns:
        Its path. However this ends, there is no half file: the file appears complete and checked.

    Raises:
        DownloadError: The connection broke off, or what arrived is not the expected file, each
            time of several.
    """
    try:
        # Not straight into the folder, as pooch would: its files can be read by their owner only,
        # and on Windows it does not replace an existing file in one step.
        with tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as staging:
            arrived = _download_with_pooch(file, Path(staging))
            arrived.chmod(0o644)
            return arrived.replace(folder / file.name)
    except (OSError, ValueError) as error:  # the exceptions of requests are OSErrors
        reason = _reason(error, file)
        raise DownloadError(f"{file.name} could not be downloaded: {reason}.") from error


def _download_with_pooch(file: RemoteFile, folder: Path) -> Path:
    """Downloads with checksum, retries and, on a terminal, a progress bar."""
    import pooch
    from tqdm import tqdm

    source = pooch.Pooch(
        path=folder,
        base_url="",
        registry={file.name: f"sha256:{file.sha256}" if file.sha256 else None},
        urls={file.name: file.url},
        retry_if_failed=RETRIES,
    )
    # disable=None: no bar where standard error is not a terminal
    bar = tqdm(total=file.size, desc=file.name, unit="B", unit_scale=True, disable=None)
    http = pooch.HTTPDownloader(
        progressbar=bar, chunk_size=1 << 16, timeout=(CONNECT_SECONDS, READ_SECONDS)
    )

    def attempt(url: str, output_file: str, source: Any) -> None:
        bar.reset(total=file.size)  # the bar of a retry starts again from zero
        http(url, output_file, source)
        if file.check and (problem := file.check(Path(output_file))):
            raise ValueError(problem)  # as a wrong checksum does

    with bar, _quiet(pooch.get_logger()):
        return Path(source.fetch(file.name, downloader=attempt))


@contextlib.contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Keeps pooch's notices from tearing the progress bar; our errors say what matters."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _reason(error: Exception, file: RemoteFile) -> str:
    """Why a download failed, in a few words."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"{file.host} answered {response.status_code} {response.reason}"
    if isinstance(error, OSError):
        return error.strerror or f"the connection to {file.host} broke off"
    return f"what {file.host} sent is truncated or altered ({str(error).rstrip('.')})"
