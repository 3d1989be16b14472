"""What an operator watches, as Prometheus reads it. One registry a server; no prompts, ids or owners in it.

Knows names and buckets. The engine's numbers are read when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from limner.chat.engine import EngineStats

SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 180)


class Metrics:
    """Counters of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "limner_http_requests",
            "Requests answered, by method, route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._request_seconds = Histogram(
            "limner_http_request_seconds",
            "From a request's first byte to its answer's last.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self._rounds = Counter(
            "limner_rounds",
            "Rounds ended: answered, cancelled or failed.",
            ("outcome",),
            registry=self.registry,
        )
        self._refused = Counter(
            "limner_rounds_refused", "Rounds refused before any work.", ("reason",), registry=self.registry
        )
        self._round_seconds = Histogram(
            "limner_round_seconds",
            "From asking for a round to its last event.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self._preview_seconds = Histogram(
            "limner_first_preview_seconds",
            "From asking for a round to its first preview.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self._ready = Gauge(
            "limner_ready", "1 when rounds are taken, 0 while draining.", registry=self.registry
        )
        self._ready.set(1)
        ProcessCollector(registry=self.registry)

    def watch_engine(self, numbers: Callable[[], EngineStats]) -> None:
        """Report the engine's numbers, too."""
        self.registry.register(_Engine(numbers))

    def requested(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def ended(self, outcome: str, seconds: float) -> None:
        self._rounds.labels(outcome).inc()
        self._round_seconds.observe(seconds)

    def refused(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    def previewed(self, seconds: float) -> None:
        self._preview_seconds.observe(seconds)

    def drained(self) -> None:
        self._ready.set(0)

    def text(self) -> bytes:
        """Prometheus' exposition format."""
        return generate_latest(self.registry)


def side_by_side(texts: Mapping[str, bytes]) -> bytes:
    """The numbers of several replicas in one text, each with the label `replica`; adding them up is the
    reader's business.
    """
    about: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for replica, text in texts.items():
        family = ""
        for line in text.decode().splitlines():
            if line.startswith("#"):
                kind, family = line.split()[1:3]
                if not any(known.startswith(f"# {kind} ") for known in about.setdefault(family, [])):
                    about[family].append(line)
                continue
            name, separator, rest = line.partition("{") if "{" in line else line.partition(" ")
            label = f'replica="{replica}"'
            sample = f"{name}{{{label},{rest}" if separator == "{" else f"{name}{{{label}}} {rest}"
            samples.setdefault(family, []).append(sample)
    lines = [line for family in about for line in (*about[family], *samples.get(family, ()))]
    return ("\n".join(lines) + "\n").encode()


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Engine(Collector):
    def __init__(self, numbers: Callable[[], EngineStats]) -> None:
        self.numbers = numbers

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        stats = self.numbers()
        yield GaugeMetricFamily("limner_rounds_waiting", "Rounds that wait.", stats.num_waiting)
        yield GaugeMetricFamily("limner_rounds_running", "Rounds being computed.", stats.num_running)
        yield GaugeMetricFamily(
            "limner_prefix_cache_bytes", "Keys and values held for conversations.", stats.prefix_bytes
        )
        yield CounterMetricFamily("limner_engine_steps", "Batched denoising steps.", stats.num_steps)
        yield CounterMetricFamily(
            "limner_engine_rows",
            "Pictures advanced by those steps; rows per step is the mean batch.",
            stats.num_rows,
        )
        yield CounterMetricFamily(
            "limner_engine_rounds", "Rounds that the engine finished.", stats.num_rounds
        )
