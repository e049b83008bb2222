"""What a person is to do next: one sentence for each way in which an upgrade ends.

The reason of an ending is a sentence for people; the words that tell one class of
reasons from another are the ones below. A reason that is none of them is told by
the status, and by whether the flash had begun.
"""

import msgspec

from web.console.texts import marked

# Each class with the words of its reasons, in the order in which they are looked for.
_CLASSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "deactivated",
        ("device is deactivated", "not allowed for deactivated devices"),
    ),
    (
        "occupied",
        ("another operation of the device is in progress", "still owes the router"),
    ),
    ("no device", ("the device is not in the inventory",)),
    ("host key", ("host key of",)),
    ("twins", ("two devices of the inventory are one router",)),
    (
        "somebody else",
        (
            "another flashlog",
            "a sysupgrade that is not ours",
            "has seen a newer visit",
            "the router refused",
        ),
    ),
    (
        "identity",
        (
            "this is another router",
            "shows no uuid of the openwisp agent",
            "shows no enrolled uuid",
            "bears a mac address of the device",
            "nothing identifies the device",
        ),
    ),
    (
        "inventory",
        ("is another board than the device", "is another model than the device"),
    ),
    ("board", ("image is not for this board",)),
    ("compat version", ("compat version",)),
    ("options", ("sysupgrade of openwrt",)),
    ("missing image", ("missing from the image store", "there is no firmwareimage")),
    ("packages", ("lacks packages",)),
    ("image test", ("own image test refused",)),
    ("room", ("not enough room in", "no space left in")),
    ("memory", ("not enough memory",)),
    ("sysupgrade refused", ("sysupgrade refused the image",)),
    ("old firmware", ("came back with the old firmware",)),
    ("other firmware", ("came back with another firmware",)),
    ("health", ("health check `",)),
    ("undecided", ("nothing proves that the flash", "no evidence from before")),
    ("never back", ("never came back",)),
    (
        "no reboot",
        (
            "did not reboot within",
            "did not begin the flash",
            "switch fired",
            "before the flash could start",
            "firmware is unchanged",
        ),
    ),
    ("log-in", ("log-in was refused", "no log-in is known")),
    ("interrupted", ("cut short by a crash",)),
    ("internal", ("internal error",)),
    ("not reached", ("(tried",)),
)

# The words are those of the status reference: what it recommends for each status.
_SENTENCES = {
    "success": marked("No action is required: the router runs the new firmware."),
    "cancelled": marked(
        "Nothing was changed on the router. Start a new upgrade when it suits you."
    ),
    "deactivated": marked("Activate the device first, then start a new upgrade."),
    "occupied": marked(
        "Let the other operation end, or cancel it, then start this one again."
    ),
    "no device": marked(
        "Nobody can visit the router any more. If it is still there, add it to the"
        " inventory again and check it before you start a new upgrade."
    ),
    "host key": marked(
        "Find out whether the router was replaced or reset. Only if it was, release"
        " the pinned host key on the device's page and try again: otherwise somebody"
        " else may be answering in its place."
    ),
    "twins": marked(
        "Verify the correct device is selected: two devices of the inventory lead to"
        " one router. Deactivate the wrong one, then try again."
    ),
    "somebody else": marked(
        "Somebody else is at work on this router. Let that end, then try again."
    ),
    "identity": marked(
        "Verify the correct device is selected: compare what was found with the"
        " inventory, and correct the device's addresses or its identity."
    ),
    "inventory": marked(
        "Verify the correct device is selected: correct its model in the inventory, or"
        " its addresses if another router answers there."
    ),
    "board": marked(
        "Check firmware image compatibility: choose the image of this board."
    ),
    "compat version": marked(
        "Check firmware image compatibility: the reason above says which option, or"
        " which image, gets over this step."
    ),
    "options": marked(
        "Start a new upgrade without the options that the router's release lacks."
    ),
    "missing image": marked(
        "Upload the firmware image again, then start a new upgrade."
    ),
    "packages": marked(
        "Choose an image that has these packages, or name them as expendable when you"
        " start the mass upgrade."
    ),
    "image test": marked(
        "Check firmware image compatibility: the router calls the image invalid or"
        " corrupted. Compare its hash with that of whoever made it, and upload it"
        " again."
    ),
    "room": marked(
        "Ensure the device has sufficient memory: remove what fills its upload"
        " directory, or restart the router, then try again."
    ),
    "memory": marked(
        "Ensure the device has sufficient memory: restart the router, remove packages"
        " or choose a smaller image, then try again."
    ),
    "sysupgrade refused": marked(
        "The firmware is unchanged. Check firmware image compatibility: what sysupgrade"
        " said is in the log."
    ),
    "old firmware": marked(
        "The router is reachable and runs what it ran before. Check firmware image"
        " compatibility, look at the log for what was flashed, then try again."
    ),
    "other firmware": marked(
        "The router is reachable. Check what the image says of itself against what the"
        " router runs: the image may not be what its metadata promise."
    ),
    "health": marked(
        "The router runs the new firmware but is not healthy. Log in and look at what"
        " the health check found; go back to the former firmware if need be."
    ),
    "undecided": marked(
        "Log in and look at what the router runs. With a health check in the build,"
        " such an upgrade can be proved."
    ),
    "never back": marked(
        "Check network connectivity: power, cables and radio links on the way, and"
        " whether the router has got another address. If it stays silent, it needs a"
        " physical inspection and/or serial console debugging."
    ),
    "no reboot": marked(
        "The flash did not happen. Check the device, restart it if it does not answer,"
        " then try again."
    ),
    "log-in": marked(
        "Nothing was changed on the router. Check the device's credentials, then try"
        " again."
    ),
    "interrupted": marked(
        "Nothing was changed on the router. Find out why the service kept being"
        " interrupted, then try again."
    ),
    "internal": marked(
        "Something went wrong in Flashlog itself. Look into the service's log, check"
        " the device, then try again."
    ),
    "not reached": marked(
        "Nothing was changed on the router. Check network connectivity, then try again."
    ),
    "aborted": marked(
        "No firmware changes were made. Verify the correct device is selected, check"
        " firmware image compatibility, and ensure the device has sufficient memory."
    ),
    "failed before the flash": marked(
        "No firmware changes were made. Check network connectivity and what the log"
        " says, then try again."
    ),
    "failed": marked(
        "Check network connectivity. If the router stays silent, it needs a physical"
        " inspection and/or serial console debugging."
    ),
}
CLASSES = frozenset(_SENTENCES)
_BY_WORDS_OF = {"failed", "aborted"}


class NextStep(msgspec.Struct, frozen=True):
    """What to do, in a sentence to be translated, and the class it is told by."""

    name: str
    sentence: str


def next_step(status: str, reason: str, *, has_begun_flash: bool) -> NextStep | None:
    """Return what to do after an ending; None while the operation goes on."""
    name = _name(status, reason, has_begun_flash=has_begun_flash)
    return NextStep(name, _SENTENCES[name]) if name in _SENTENCES else None


def _name(status: str, reason: str, *, has_begun_flash: bool) -> str:
    said = reason.casefold() if status in _BY_WORDS_OF else ""
    for name, words in _CLASSES:
        if any(each in said for each in words):
            return name
    if status == "failed" and not has_begun_flash:
        return "failed before the flash"
    return status
