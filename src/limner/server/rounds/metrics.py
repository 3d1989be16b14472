"""What an operator watches, as Prometheus reads it. No prompts, ids or owners in it.

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
    from limner.perception.painters import Spending
    from limner.service.conversation_service import EngineStats

SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 180)


class _Numbers:
    """What is counted of everybody, or of one owner."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "limner_http_requests",
            "Requests answered, by method, route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "limner_http_request_seconds",
            "From a request's first byte to its answer's last.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.rounds = Counter(
            "limner_rounds",
            "Rounds ended: answered, cancelled or failed.",
            ("outcome",),
            registry=self.registry,
        )
        self.refused = Counter(
            "limner_rounds_refused", "Rounds refused before any work.", ("reason",), registry=self.registry
        )
        self.round_seconds = Histogram(
            "limner_round_seconds",
            "From asking for a round to its last event.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self.preview_seconds = Histogram(
            "limner_first_preview_seconds",
            "From asking for a round to its first preview.",
            buckets=SECONDS,
            registry=self.registry,
        )


class Metrics:
    """Counters of one server: all of them for its operator, and of each owner what is that owner's."""

    def __init__(self) -> None:
        self._all = _Numbers()
        self._own: dict[str, _Numbers] = {}
        self.registry = self._all.registry
        self._damaged = Counter(
            "limner_store_damaged",
            "Requests that met something damaged in the store.",
            registry=self.registry,
        )
        self._is_draining = False
        self._takes_rounds: Callable[[], bool] = lambda: True
        ready = Gauge(
            "limner_ready",
            "1 when rounds are taken, 0 while draining or without room on the disk.",
            registry=self.registry,
        )
        ready.set_function(lambda: float(not self._is_draining and self._takes_rounds()))
        ProcessCollector(registry=self.registry)

    def watch_engine(self, numbers: Callable[[], EngineStats]) -> None:
        """Report the engine's numbers, too."""
        self.registry.register(_Engine(numbers))

    def watch_painter(self, spending: Callable[[], Spending | None]) -> None:
        """Report what a painter behind a server has cost, where it costs anything."""
        if spending() is not None:
            self.registry.register(_Painter(spending))

    def watch_store(self, takes_rounds: Callable[[], bool]) -> None:
        """Ask for each text whether the store takes anything new; it may look at the disk."""
        self._takes_rounds = takes_rounds

    def requested(self, method: str, route: str, status: int, seconds: float, owner: str | None) -> None:
        method = method if method in _METHODS else "other"
        for numbers in self._of(owner):
            numbers.requests.labels(method, route, str(status)).inc()
            numbers.request_seconds.labels(route).observe(seconds)

    def ended(self, outcome: str, seconds: float, owner: str) -> None:
        for numbers in self._of(owner):
            numbers.rounds.labels(outcome).inc()
            numbers.round_seconds.observe(seconds)

    def refused(self, reason: str, owner: str) -> None:
        for numbers in self._of(owner):
            numbers.refused.labels(reason).inc()

    def previewed(self, seconds: float, owner: str) -> None:
        for numbers in self._of(owner):
            numbers.preview_seconds.observe(seconds)

    def damaged(self) -> None:
        self._damaged.inc()

    def drained(self) -> None:
        self._is_draining = True

    def text(self, owner: str | None = None) -> bytes:
        """Prometheus' exposition format: of everything, or of one owner's requests and rounds. Off the event
        loop, for it may look at the disk.
        """
        return generate_latest(self.registry if owner is None else self._of(owner)[-1].registry)

    def texts(self) -> dict[str | None, bytes]:
        """All of them: under None of everything, and of each owner. As `text`."""
        return {owner: self.text(owner) for owner in (None, *self._own)}

    def _of(self, owner: str | None) -> list[_Numbers]:
        """Where something is counted. There are as many owners as keys."""
        if owner is None:
            return [self._all]
        own = self._own.get(owner)
        if own is None:  # two threads may ask at once, and must count in the same
            own = self._own.setdefault(owner, _Numbers())
        return [self._all, own]


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


class _Painter(Collector):
    def __init__(self, spending: Callable[[], Spending | None]) -> None:
        self.spending = spending

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        spent = self.spending()
        if spent is None:
            return
        yield CounterMetricFamily("limner_painter_pictures", "Pictures bought of a server.", spent.pictures)
        yield CounterMetricFamily("limner_painter_dollars", "What they cost, by --with price.", spent.dollars)
        tokens = CounterMetricFamily(
            "limner_painter_tokens", "Tokens that the painter's server counted.", labels=("way",)
        )
        tokens.add_metric(("in",), spent.input_tokens)
        tokens.add_metric(("out",), spent.output_tokens)
        yield tokens


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
