"""The simulated router behind the face of the real one."""

from dataclasses import asdict

from application.simulation import faults
from tests.routers import face


def as_simulated(fault: face.Fault) -> faults.Fault:
    """Return the fault of the same name of the simulation."""
    kind: type[faults.Fault] = getattr(faults, type(fault).__name__)
    return kind(**asdict(fault))  # type: ignore[call-overload, no-any-return]
