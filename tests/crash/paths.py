"""The paths of an upgrade that are crashed, and how each must end."""

from dataclasses import dataclass

from tests.routers import face


@dataclass(frozen=True)
class Path:
    """`cancel_after`: the event after which a person cancels."""

    name: str
    faults: tuple[face.Fault, ...]
    status: str
    flashes: int
    cancel_after: str = "-"
    what: str = ""


PATHS = (
    Path("happy", (), "success", 1, what="an upgrade without trouble"),
    Path(
        "low memory",
        (face.LowMemory(),),
        "success",
        1,
        what="services are stopped for memory",
    ),
    Path(
        "abort",
        (face.LowMemory(), face.CorruptImage()),
        "aborted",
        0,
        what="services were stopped, then the router refuses the image",
    ),
    Path(
        "cancel",
        (face.LowMemory(),),
        "cancelled",
        0,
        cancel_after="UploadBegun",
        what="services were stopped, then a person cancels at the upload",
    ),
    Path(
        "old firmware",
        (face.LowMemory(), face.BackWithOldFirmware()),
        "failed",
        1,
        what="the router comes back with what it ran before",
    ),
    Path(
        "refused flash",
        (face.LowMemory(), face.RefuseFlash()),
        "failed",
        0,
        what="services were stopped, then sysupgrade refuses",
    ),
)
