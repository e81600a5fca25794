"""Puts this folder on the path: its tests share what a customer delivers and the road that a newcomer goes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
