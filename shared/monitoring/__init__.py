"""What a model was trained on against what it sees now: profiles, sketches, drift, decay."""

from shared.monitoring.profile import Profile
from shared.monitoring.sketch import Sketch

__all__ = ["Profile", "Sketch"]
