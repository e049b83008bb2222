"""Which credentials a router takes and which it refuses, kept on its device.

Only the visits before the flash tell: after it a router may not have come up yet, or
has forgotten its passwords with its configuration.
"""

from datetime import datetime

from application.errors import AuthenticationFailedError, StepError
from application.ports import Session
from domain.device.device import Device


def note_worked(device: Device, session: Session, *, at: datetime) -> None:
    """Keep what opened a session, and what was refused before that."""
    device.note_log_ins(worked=session.credentials_id, refused=session.refused, at=at)


def note_refused(device: Device, error: StepError, *, at: datetime) -> None:
    """Keep what was refused; a router that did not answer says nothing of log-ins."""
    if isinstance(error, AuthenticationFailedError):
        device.note_log_ins(worked=None, refused=error.refused, at=at)
