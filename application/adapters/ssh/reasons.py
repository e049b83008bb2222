"""Why a server was not reached or let nobody in, in words for a person.

None of them repeats what was offered to the server.
"""

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from application.errors import AuthenticationFailedError, UnreachableError
from application.ports import Limits


class NotThereError(UnreachableError):
    """Nobody answers at this address and port; another log-in would not help."""


def connect_failure(error: OSError, limit_seconds: float) -> NotThereError:
    """Say why there is no TCP connection."""
    if isinstance(error, TimeoutError):
        return NotThereError(f"nobody answered within {limit_seconds:g} s")
    return NotThereError((error.strerror or str(error)).lower())


def login_failure(
    error: Exception, limits: Limits, *, key_seen: bool
) -> UnreachableError:
    """Say why a connected server let nobody in.

    `key_seen`: the server had already proved its host key.
    """
    said = str(error).strip().rstrip(".") or type(error).__name__
    reason = f"the server closed the connection ({said})"
    match error:
        case paramiko.BadAuthenticationType():
            takes = " or ".join(error.allowed_types) or "no log-in at all"
            return AuthenticationFailedError(f"the server takes only {takes}")
        case paramiko.AuthenticationException() if "timeout" in said:
            limit = limits.authentication_seconds
            reason = f"the log-in did not end within {limit:g} s"
        case paramiko.AuthenticationException() if "EOF" not in said:
            return AuthenticationFailedError("the log-in was refused")
        case paramiko.SSHException() if "No existing session" in said:
            reason = f"no SSH key exchange within {limits.banner_seconds:g} s"
        case IncompatiblePeer():
            reason = f"no algorithm in common ({said})"
        case _ if key_seen:
            reason = "the server closed the connection at the log-in"
        case EOFError() | ConnectionError() | paramiko.SSHException():
            reason = "the server closed the connection before the log-in"
    return UnreachableError(reason)
