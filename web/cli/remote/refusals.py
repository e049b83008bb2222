"""What an answer that is no answer means: the errors that commands know."""

import socket
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from application.errors import InvalidError, NotFoundError, RefusedError
from web.cli.remote.errors import (
    LoggedOutError,
    ServiceFailedError,
    ServiceUnreachableError,
    TooManyRequestsError,
)

# With these the service, or what stands before it, may only be starting.
_PASSING = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE}
# Where a refusal is one sentence, it stands under one of these.
_SENTENCES = {"detail", "error"}
_UNTRUSTED = (
    "shows a certificate that is not trusted ({}): if its authority is your own, log "
    "in with --ca-file FILE"
)
_TOO_LATE = "does not answer in time: is the address right, and the way open?"
# The first that fits counts.
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, _UNTRUSTED),
    (ssl.SSLError, "does not speak TLS as it should: is the address right?"),
    (SSLError, "does not speak TLS as it should: is the address right?"),
    (NameResolutionError, "has a name that nobody knows: is the address right?"),
    (socket.gaierror, "has a name that nobody knows: is the address right?"),
    (
        ConnectionRefusedError,
        "does not answer (connection refused): is the service running?",
    ),
    (ReadTimeoutError, "took the request and did not answer in time"),
    (ConnectTimeoutError, _TOO_LATE),
    (TimeoutError, _TOO_LATE),
    (ProtocolError, "broke the connection off"),
)


def refusal(url: str, status: int, headers: Mapping[str, str], said: Any) -> Exception:
    """Return what a service's refusal means; `said` is None where it is not JSON."""
    if status == HTTPStatus.UNAUTHORIZED:
        msg = f"{url} does not know your token (any more): flashlog login {url}"
        return LoggedOutError(msg)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = headers.get("Retry-After", "")
        after = f"in {wait} s" if wait.isdecimal() else "later"
        return TooManyRequestsError(f"{url} was asked too often: try again {after}")
    if not isinstance(said, dict):
        msg = f"{url} answers with status {status}, and not as Flashlog does"
        return ServiceUnreachableError(msg, may_pass=status in _PASSING)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        msg = f"{url}: {_sentence(said)}"
        return ServiceFailedError(msg, may_pass=status in _PASSING)
    return _rule(status, said)


def _rule(status: int, said: Mapping[str, Any]) -> Exception:
    """Return the error that a command raises where it breaks the same rule."""
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(_sentence(said))
    if status == HTTPStatus.BAD_REQUEST and not _SENTENCES & said.keys():
        return InvalidError({field: _texts(found) for field, found in said.items()})
    return RefusedError(_sentence(said))


def silence(url: str, error: Exception, *, is_asking: bool) -> ServiceUnreachableError:
    """Say why there was no answer; who only asked has changed nothing."""
    is_lost = isinstance(error, ProtocolError | ReadTimeoutError)
    doubt = "" if is_asking or not is_lost else ", so it is not known what came of it"
    return ServiceUnreachableError(
        f"{url} {reason_of(error)}{doubt}", may_pass=isinstance(error, ProtocolError)
    )


def reason_of(error: BaseException) -> str:
    """Say in words why a service did not answer, and what to look at."""
    chain = _chain(error)
    for kind, reason in _REASONS:
        for each in chain:
            if isinstance(each, kind):
                return reason.format(getattr(each, "verify_message", ""))
    return f"does not answer ({str(error) or type(error).__name__})"


def _chain(error: BaseException) -> list[BaseException]:
    """Return an error and what it came from, as far as that is told."""
    found: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and each not in found:
        found.append(each)
        each = each.__cause__ or each.__context__
    inner = [arg for each in found for arg in each.args if isinstance(arg, Exception)]
    return found + inner


def _sentence(said: Mapping[str, Any]) -> str:
    return str(said.get("detail") or said.get("error") or said)


def _texts(found: Any) -> list[str]:
    """Return the sentences about a field, however deep they stand."""
    if isinstance(found, dict):
        return [text for each in found.values() for text in _texts(each)]
    if isinstance(found, list):
        return [text for each in found for text in _texts(each)]
    return [str(found)]
