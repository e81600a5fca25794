"""Ready solutions, a folder a branch of business; each is a template to be cloned for a customer."""

import importlib.util
import sys
from pathlib import Path

_spec = importlib.util.find_spec("shared")
_found = Path(_spec.origin).resolve().parent if _spec and _spec.origin else None
if _found is None or not (_found / "pipeline.py").exists() or not (_found / "errors.py").exists():
    _place = _found or (next(iter(_spec.submodule_search_locations), "?") if _spec else "nowhere")
    _text = (
        f"`shared` is found at {_place}, which is not the package of keras-verticals: a file or folder of that name "
        "stands before it on the import path. Rename that one, or start from another folder."
    )
    if Path(sys.argv[0]).name in ("verticals", "verticals.exe", "-m"):  # the command: one line, no traceback
        print(_text, file=sys.stderr)
        sys.exit(2)
    raise ImportError(_text)

SOLUTIONS = {
    "finance.fraud": "verticals.finance:FraudPipeline",
    "retail.demand": "verticals.retail:DemandPipeline",
    "manufacturing.defects": "verticals.manufacturing:DefectPipeline",
    "healthcare.diagnosis": "verticals.healthcare:DiagnosisPipeline",
}
"""Name -> where its pipeline is; nothing is imported before it is asked for."""
