"""What Prometheus is told; with several workers their figures are added up."""

import os
from collections import Counter as Counts
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from shared.serve.answered import Answered

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where the workers of one service keep their figures
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SCORES = (0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1)


class Measures:
    """The figures of one worker.

    Example:
        >>> measures = Measures()
        >>> measures.request("/healthz", 200, 0.001)
        >>> b'verticals_requests_total{path="/healthz",status="200"} 1.0' in measures.text()
        True
    """

    def __init__(self):
        self.registry = CollectorRegistry()
        own = {"registry": self.registry}
        self._requests = Counter("verticals_requests", "Requests", ["path", "status"], **own)
        self._seconds = Histogram(
            "verticals_request_seconds", "Time to answer", ["path"], buckets=SECONDS, **own
        )
        self._rows = Counter("verticals_rows", "Rows answered", **own)
        self._decisions = Counter("verticals_decisions", "Answers by decision", ["decision"], **own)
        self._scores = Histogram("verticals_score", "Scores", buckets=SCORES, **own)
        self.not_kept = Counter("verticals_not_kept", "Rows answered that the store could not keep", **own)
        self.queue = Gauge(
            "verticals_queue", "Requests that wait or are scored", multiprocess_mode="livesum", **own
        )
        labels = ["solution", "version", "runtime"]
        self._bundle = Gauge("verticals_bundle", "The bundle", labels, multiprocess_mode="max", **own)

    def request(self, path: str, status: int, seconds: float) -> None:
        """One request that was answered."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def answers(self, answered: Answered) -> None:
        """The answers to one request."""
        self._rows.inc(len(answered))
        for decision, count in Counts(answered.column("decision") or ()).items():
            self._decisions.labels(str(decision)).inc(count)
        for score in answered.column("score") or ():
            self._scores.observe(score)

    def bundle(self, solution: str, version: str, runtime: str) -> None:
        """Which bundle answers."""
        self._bundle.labels(solution, version, runtime).set(1)

    def text(self) -> bytes:
        """In the format that Prometheus reads."""
        if FOLDER not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together, path=str(Path(os.environ[FOLDER])))
        return generate_latest(together)
