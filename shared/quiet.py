"""TensorFlow without its chatter on the terminal."""

import contextlib
import os
import sys
import tempfile


@contextlib.contextmanager
def quiet():
    """Keeps back what native code writes to the standard error, and shows it only if an error is raised.

    TensorFlow writes a few lines while it is imported, whatever TF_CPP_MIN_LOG_LEVEL says; that variable
    silences those that come later, and is set here unless the user has set it.

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
        return
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        failed = True
        try:
            yield
            failed = False
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            if failed:
                hidden.seek(0)
                sys.stderr.write(hidden.read().decode(errors="replace"))
