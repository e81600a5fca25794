"""Names of a customer's project: of the package, of its pipeline class, of its distribution."""

import importlib.util
import keyword
import re
import sys
from collections.abc import Mapping

from shared.errors import ConfigError, Fault

NEUTRAL = "customer_project"  # the name that a template's files are kept under; no other word is like it
OURS = frozenset({"shared", "verticals", "tests", "test", "notebooks", "data", "conftest"})
LONGEST = 40


def check_name(name: str) -> None:
    """Refuses a name that cannot be a package, or that would hide one.

    Raises:
        ConfigError: With what is wrong and a name that would do.
    Example:
        >>> check_name("bank_of_acme")
        >>> check_name("Acme-Fraud")
        Traceback (most recent call last):
        shared.errors.ConfigError: `Acme-Fraud` cannot be the name of a project (1 fault):
          it is the name of a Python package too: small letters a-z, digits and _, a letter first. Try `acme_fraud`
    """
    text = _fault(name)
    if text:
        raise ConfigError(f"`{name}` cannot be the name of a project", [Fault(text=text)])


def _fault(name: str) -> str:
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        near = re.sub("[^a-z0-9]+", "_", name.lower()).strip("_")
        near = f"my_{near}" if near and not near[0].isalpha() else near
        hint = f" Try `{near}`" if near and near != name and not _fault(near) else " Try `acme_fraud`"
        return (
            f"it is the name of a Python package too: small letters a-z, digits and _, a letter first.{hint}"
        )
    if len(name) > LONGEST:
        return f"it has {len(name)} letters, at most {LONGEST} are allowed"
    if keyword.iskeyword(name):
        return f"it is a word of Python's own. Try `my_{name}`"
    if name in OURS or name in sys.stdlib_module_names or _installed(name):
        return f"a package `{name}` is there already, and one would hide the other. Try `my_{name}`"
    return ""


def _installed(name: str) -> bool:
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return True
    return found is not None and found.origin is not None  # a plain folder of that name is no package


def class_name(name: str) -> str:
    """Name of the pipeline's class.

    Example:
        >>> class_name("acme_fraud"), class_name("acme2")
        ('AcmeFraudPipeline', 'Acme2Pipeline')
    """
    return "".join(word[:1].upper() + word[1:] for word in name.split("_")) + "Pipeline"


def distribution_name(name: str) -> str:
    """Name under which pip knows it.

    Example:
        >>> distribution_name("acme_fraud")
        'acme-fraud'
    """
    return name.strip("_").replace("_", "-")


def named(text: str, name: str) -> str:
    """A template's text, or path, with a project's name in the place of the neutral one.

    Example:
        >>> named("from customer_project import CustomerProjectPipeline", "acme")
        'from acme import AcmePipeline'
    """
    for make in (class_name, distribution_name, str):
        text = text.replace(make(NEUTRAL), make(name))
    return text


def named_files(files: Mapping[str, str], name: str) -> dict[str, str]:
    """A template's files by path, both with a project's name.

    Example:
        >>> named_files({"customer_project/a.py": "import customer_project"}, "acme")
        {'acme/a.py': 'import acme'}
    """
    return {named(path, name): named(text, name) for path, text in files.items()}
