"""TensorFlow without its chatter on the terminal."""

import contextlib
import logging
import os
import sys
import tempfile


@contextlib.contextmanager
def quiet():
    """Keeps back what native code writes to the standard error, and shows it only if an error is raised.

    TensorFlow writes a few lines while it is imported, whatever TF_CPP_MIN_LOG_LEVEL says; that variable
    silences those that come later, and is set here unless the user has set it. Its logger, which warns of functions
    that are traced several times, as those of several networks in a row must be, says no more than errors.

    Example:
        >>> with quiet():
        ...     import keras
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Without `lscpu` joblib, which scikit-learn brings, prints a traceback over counting cores.
    os.environ.setdefault("LOKY_MAX_CPU_COUNT", str(os.cpu_count() or 1))
    try:
        sys.stderr.flush()
        kept = os.dup(2)
    except (AttributeError, OSError, ValueError):  # no standard error, as in some notebooks and services
        yield
        _only_errors()
        return
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        failed = True
        try:
            yield
            failed = False
            _only_errors()
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            if failed:
                hidden.seek(0)
                sys.stderr.write(hidden.read().decode(errors="replace"))


def _only_errors() -> None:
    if not os.environ.get("VERTICALS_DEBUG"):
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
