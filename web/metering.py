"""What this web process counts of itself: requests, and WebSocket clients sent away.

Another process, and this one after a restart, begins at 0; whoever collects the
figures knows how to add such counts up.
"""

from prometheus_client import Counter, Histogram, disable_created_metrics

# When each of them began is of no use to anybody, and would be a third of all lines.
disable_created_metrics()  # type: ignore[no-untyped-call]

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

REQUESTS = Counter(
    "flashlog_requests",
    "Requests answered by this web process.",
    ["route", "method", "status"],
    registry=None,
)
REQUEST_SECONDS = Histogram(
    "flashlog_request_seconds",
    "From the first line of a request to its answer, in this web process.",
    ["route", "method"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=None,
)
CLIENTS_DROPPED = Counter(
    "flashlog_feed_clients_dropped",
    "WebSocket clients of this web process that were sent away or not let in.",
    ["reason"],
    registry=None,
)
# So that each of them is told from the start, as 0.
for _reason in ("slow", "stalled", "full"):
    CLIENTS_DROPPED.labels(_reason)


def note_answer(route: str, method: str, status: int, seconds: float) -> None:
    """Count an answer; nothing that a stranger may choose becomes a label."""
    method = method if method in _METHODS else "other"
    REQUESTS.labels(route, method, str(status)).inc()
    REQUEST_SECONDS.labels(route, method).observe(seconds)
