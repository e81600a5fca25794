"""The state of an interrupted training: one file, whole or not there at all, bound to one job."""

import hashlib
import json
import os
import re
import zipfile
from pathlib import Path

import keras
import numpy as np

LOGGING_ONLY = {"tensorboard", "mlflow", "keep_checkpoint"}


def copies(variables) -> list[np.ndarray]:
    """The values of the variables, which later steps do not change; bfloat16, unknown to files, as float32.

    Example:
        >>> copies([keras.Variable([1.0, 2.0])])
        [array([1., 2.], dtype=float32)]
    """
    values = [np.array(keras.ops.convert_to_numpy(variable), copy=True) for variable in variables]
    return [value.astype(np.float32) if value.dtype.kind == "V" else value for value in values]


def fingerprint(model: keras.Model, settings, loss, score, arrays: dict[str, np.ndarray]) -> str:
    """Equal for equal jobs: settings, network, loss, score, data, and version of Keras.

    Example:
        >>> from shared.fit_settings import FitSettings
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> one, two = (fingerprint(model, FitSettings(seed=s), "mse", None, {}) for s in (0, 1))
        >>> one == two
        False
    """
    job = {
        "settings": settings.model_dump(mode="json", exclude=LOGGING_ONLY),
        "network": _network(model),
        "loss": [type(loss).__name__, loss.get_config()] if hasattr(loss, "get_config") else _name(loss),
        "score": None if score is None else [score.name, score.mode],
        "keras": [keras.__version__, keras.backend.backend()],
    }
    digest = hashlib.blake2b(json.dumps(job, sort_keys=True, default=_name).encode(), digest_size=16)
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        part = array[:: max(1, array.nbytes >> 30)]  # of more than 1 GB, every second, third, ... row
        text = "\0".join(map(str, part.ravel())).encode() if part.dtype == object else None
        digest.update(
            np.ascontiguousarray(part).view(np.uint8) if text is None and part.size else text or b""
        )
    return digest.hexdigest()


def _name(thing) -> str:
    return (
        str(getattr(thing, "__qualname__", None) or type(thing).__qualname__)
        if callable(thing)
        else str(thing)
    )


def _network(model: keras.Model):
    """The network's config without the numbers that Keras counts up within one process."""
    shapes = [[list(variable.shape), str(variable.dtype)] for variable in model.variables]
    try:
        config = json.loads(model.to_json())
    except (NotImplementedError, TypeError, ValueError):
        return shapes
    seen: dict[str, list[str]] = {}

    def renamed(value):
        if isinstance(value, dict):
            return {
                k: renamed(v) for k, v in value.items() if k not in ("compile_config", "shared_object_id")
            }
        if isinstance(value, list):
            return [renamed(item) for item in value]
        if not isinstance(value, str):
            return value
        stem = re.sub(r"_\d+$", "", value)
        same = seen.setdefault(stem, [])
        if value not in same:
            same.append(value)
        return f"{stem} {same.index(value)}"

    return [shapes, renamed(config)]


class Checkpoint:
    """`training.npz` in a folder: arrays and a JSON text, nothing pickled.

    It is written under another name, flushed to the disk and renamed, so that a kill at any moment leaves the
    old file or the new one.

    Example:
        >>> import tempfile
        >>> checkpoint = Checkpoint(tempfile.mkdtemp())
        >>> checkpoint.save({"epoch": 3}, {"weights": [np.ones(2)]})
        >>> state, arrays = checkpoint.load()
        >>> state["epoch"], arrays["weights"]
        (3, [array([1., 1.])])
        >>> checkpoint.remove()
        >>> checkpoint.load() is None
        True
    """

    def __init__(self, folder: str | Path):
        self.path = Path(folder) / "training.npz"

    def save(self, state: dict, arrays: dict[str, list[np.ndarray]]) -> None:
        """Replaces the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        flat = {f"{group}/{i}": array for group, members in arrays.items() for i, array in enumerate(members)}
        counts = {group: len(members) for group, members in arrays.items()}
        text = json.dumps({"state": state, "counts": counts})
        partial = self.path.with_suffix(".partial")
        with open(partial, "wb") as file:
            np.savez(file, json=np.frombuffer(text.encode(), np.uint8), **flat)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, self.path)
        if os.name == "posix":  # make the new name itself survive a power cut
            folder = os.open(self.path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)

    def load(self) -> tuple[dict, dict[str, list[np.ndarray]]] | None:
        """State and arrays, or None if there is no file.

        Raises:
            ValueError: If the file is damaged.
        """
        if not self.path.exists():
            return None
        try:
            with np.load(self.path, allow_pickle=False) as file:
                content = json.loads(file["json"].tobytes())
                counts = content["counts"]
                return content["state"], {g: [file[f"{g}/{i}"] for i in range(n)] for g, n in counts.items()}
        except (OSError, KeyError, EOFError, zipfile.BadZipFile, ValueError) as error:
            raise ValueError(f"{self.path} is damaged: {error}") from error

    def remove(self) -> None:
        """Deletes the file, if it is there."""
        self.path.unlink(missing_ok=True)
        self.path.with_suffix(".partial").unlink(missing_ok=True)
