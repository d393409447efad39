"""What Prometheus reads: questions by surface and how they ended, seconds by stage, the line, the age of the index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.desk import Desk
from bot.meter import Outcome, Stage

BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """A meter for `desk`, in Prometheus's terms; every name begins with `quotedesk_`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._registry = CollectorRegistry()
        self._questions = Counter(
            "quotedesk_questions", "Questions by surface and outcome", ["surface", "outcome"], registry=self._registry
        )
        self._abstentions = Counter(
            "quotedesk_abstentions",
            "Questions answered with `not found`",
            ["surface"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "quotedesk_stage_seconds", "Seconds of each stage of an answer", ["stage"],
            buckets=BUCKETS_S, registry=self._registry,
        )  # fmt: skip
        waiting = Gauge("quotedesk_questions_waiting", "Questions that wait in line", registry=self._registry)
        waiting.set_function(lambda: desk.waiting)
        self._registry.register(_Index(desk))

    def ended(self, surface: str, outcome: Outcome) -> None:
        """Count a question."""
        self._questions.labels(surface, outcome).inc()
        if outcome == "unanswered":
            self._abstentions.labels(surface).inc()

    def stage(self, name: Stage) -> AbstractContextManager[object]:
        """Measure a stage."""
        timer: AbstractContextManager[object] = self._seconds.labels(name).time()
        return timer

    def routes(self) -> APIRouter:
        """`/metrics` and `/healthz`."""
        router = APIRouter()

        @router.get("/healthz")
        def health() -> Response:
            """200 when it can answer, 503 when the archive cannot be read."""
            try:
                self._desk.coverage()
            except RuntimeError:
                return JSONResponse({"status": "the archive cannot be read"}, 503)
            return JSONResponse({"status": "ok"})

        @router.get("/metrics", response_class=PlainTextResponse)
        def metrics() -> Response:
            """Figures for Prometheus."""
            return Response(generate_latest(self._registry), media_type="text/plain; version=0.0.4; charset=utf-8")

        return router


class _Index(Collector):
    """What the archive holds, read when it is asked for."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: the archive is not read before somebody asks."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges."""
        status = self._desk.status()
        articles = GaugeMetricFamily("quotedesk_articles", "Articles that can answer")
        articles.add_metric([], status.articles)
        yield articles
        if status.changed:
            age_s = (datetime.now(UTC) - status.changed).total_seconds()
            age = GaugeMetricFamily("quotedesk_index_age_seconds", "Seconds since the archive last changed")
            age.add_metric([], age_s)
            yield age
