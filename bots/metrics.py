"""Counters and timings for `/metrics`. Labels are few and fixed: no id ever becomes a label."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
ACCEPTED = Counter("tower_events_accepted", "Events stored in the inbox", ["connector"], registry=REGISTRY)
REFUSED = Counter(
    "tower_requests_refused", "Requests refused before anything was stored", ["route", "status"], registry=REGISTRY
)
TURNS = Counter("tower_turns", "Turns taken", ["outcome"], registry=REGISTRY)
TURN_SECONDS = Histogram("tower_turn_seconds", "Wall time of one batch of turns", registry=REGISTRY)
DELIVERIES = Counter("tower_deliveries", "Attempts to send, by outcome", ["connector", "outcome"], registry=REGISTRY)
PENDING = Gauge("tower_pending", "Work that is ready now", ["queue"], registry=REGISTRY)
