"""A certificate that every route gives the same answers.

certify(bundle, data, out)    the same rows through every route -> parity.json, parity.html
sentences(content, lang)      what it says, for the terminal
ROUTES                        the routes by name; a further one is added here
"""

from shared.parity.certificate import certify
from shared.parity.page import render_parity, sentences
from shared.parity.routes import ROUTES, Answered, Job, Route

__all__ = ["ROUTES", "Answered", "Job", "Route", "certify", "render_parity", "sentences"]
