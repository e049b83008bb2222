"""What sysupgrade does on a simulated router: it judges an image and installs one."""

from application.simulation import faults as kinds
from application.simulation.machine import Machine
from application.simulation.setup import generation
from application.simulation.upload import UploadedFile
from domain.firmware import FirmwareMetadata

_DEMANDS_METADATA = ("ath79/", "ramips/", "ipq40xx/", "mediatek/")
_OVERRIDE = (
    "Use sysupgrade -F to override this check when downgrading or flashing to vendor "
    "firmware"
)
_SUPPORTED = "The device is supported"
_NOT_IN_1806 = {"-u", "-o", "-k"}
_GENERATION_1907, _GENERATION_2203 = 1907, 2203
_MINOR = "--ignore-minor-compat-version"


def complaints(machine: Machine, path: str, flags: set[str]) -> list[str]:
    """Return what the router's own image test says against it; nothing if it fits."""
    release = generation(machine.disk.release)
    if bad := _unknown(release, flags):
        return [f"Invalid option: {bad}"]
    found = _about_image(machine, machine.uploads.get(path), flags)
    if not found or "-F" in flags:
        return []
    if release < _GENERATION_1907:
        return [*found, "Image check 'fwtool_check_image' failed."]
    return [*found, "Image check failed."]


def _unknown(release: int, flags: set[str]) -> str:
    if release < _GENERATION_1907 and (newer := flags & _NOT_IN_1806):
        return min(newer)
    return _MINOR if release < _GENERATION_2203 and _MINOR in flags else ""


def _about_image(
    machine: Machine, file: UploadedFile | None, flags: set[str]
) -> list[str]:
    missing = ["Image metadata not present", _OVERRIDE]
    if file is None or not file.size or machine.has(kinds.CorruptImage):
        return missing
    metadata = file.metadata()
    if metadata is None:
        demands = machine.setup.target.startswith(_DEMANDS_METADATA)
        return missing if demands else []
    board = machine.setup.board
    if board not in metadata.boards:
        return [
            f"Device {board} not supported by this image",
            f"Supported devices: {' '.join(metadata.boards)}",
            _OVERRIDE,
        ]
    return _about_versions(machine, metadata, flags)


def _about_versions(
    machine: Machine, metadata: FirmwareMetadata, flags: set[str]
) -> list[str]:
    here, there = machine.disk.compat_version, metadata.compat_version
    if here == there:
        return []
    if here.split(".")[0] != there.split(".")[0]:
        reason = f"based on the image version ({here}->{there})."
        return [f"{_SUPPORTED}, but this image is incompatible for sysupgrade {reason}"]
    if flags & {"-n", _MINOR}:
        return []
    remedy = "Please upgrade without keeping config (sysupgrade -n)."
    change = f"the new image ({here}->{there})"
    return [f"{_SUPPORTED}, but the config is incompatible to {change}. {remedy}"]


def refusal(machine: Machine, path: str, flags: set[str]) -> tuple[int, list[str]]:
    """Return exit status and output of a flash that is refused; 0 if it goes on."""
    found = complaints(machine, path, flags)
    fault = machine.has(kinds.RefuseFlash)
    if fault and fault.exit_status == 1:
        found = ["Image check failed."]
    if found:
        return 1, found
    if fault:
        return fault.exit_status, [
            "Commencing upgrade. Closing all shell sessions.",
            "Command failed: ubus call system sysupgrade (Operation not supported)",
        ]
    return 0, []


def install(machine: Machine, path: str, flags: set[str]) -> None:
    """Write the image: the running firmware and configuration are other ones after."""
    disk = machine.disk
    file = machine.uploads.get(path)
    metadata = file.metadata() if file else None
    if not machine.has(kinds.BackWithOldFirmware):
        if metadata is not None:
            disk.release, disk.revision = metadata.version, metadata.revision
            disk.compat_version = metadata.compat_version
        if other := machine.has(kinds.BackWithOtherFirmware):
            disk.release, disk.revision = other.release, other.revision
        _keep(machine, flags)
    wrong = machine.has(kinds.WrongUuid)
    if wrong and wrong.after_flash:
        disk.uuid = wrong.uuid


def _keep(machine: Machine, flags: set[str]) -> None:
    """Only -o keeps what lies outside /etc; -n keeps nothing."""
    disk = machine.disk
    if "-n" in flags:
        disk.uuid = disk.enrolled_uuid = None
        disk.password, disk.authorized_keys = "", ()
        disk.files.clear()
    if "-o" not in flags:
        disk.packages = ()
    if "-n" not in flags and "-o" not in flags:
        disk.files = {
            path: text for path, text in disk.files.items() if path.startswith("/etc/")
        }
