"""How the router's own guard refuses, and what each refusal asks for."""

from enum import StrEnum

from application.errors import StepError


class Refusal(StrEnum):
    """The words of the router's guard.

    Not mine any more: give up this visit, send nothing more.
        NEWER_VISIT  a newer visit of this operation has been here
        SETTLED      this visit has already given everything back
    The world moved on: look again (inspect) before anything else.
        REBOOTED     the boot id is another one: what a reboot settles is settled
        FIRED        the dead-man's switch has given everything back
        DISARMED     no switch is armed: claim first
        FOREIGN      the directory belongs to somebody else, who gave back what was
                     owed before when he took over
        GONE         there is no directory: never claimed, or deleted by hand;
                     nothing was given back, claim or settle with what is owed
    Somebody else is at it: abort.
        OWED         an older operation of ours left something to give back;
                     `detail` is its id, claim again with `previous`
        SYSUPGRADE   somebody else's sysupgrade is running
    Come back in a moment.
        BUSY         another script holds the lock
        FLASHING     our flash is under way
        NO_SPACE     no room in the directory
    The flash script only: nothing was started.
        FLASH_GUARD  the flash was begun before, by an earlier copy
        MISSING_FILE no image there
        CHECKSUM     the image there is not the one that was verified
    """

    NEWER_VISIT = "newer-visit"
    SETTLED = "settled"
    REBOOTED = "rebooted"
    FIRED = "fired"
    DISARMED = "disarmed"
    FOREIGN = "foreign"
    GONE = "gone"
    OWED = "owed"
    SYSUPGRADE = "sysupgrade"
    BUSY = "busy"
    FLASHING = "flashing"
    NO_SPACE = "no-space"
    FLASH_GUARD = "flash-guard"
    MISSING_FILE = "missing-file"
    CHECKSUM = "checksum"


class GuardRefusedError(StepError):
    """The router's guard refused a script; the router is as it was.

    It is none of the three ends of a step by itself: `word` decides what follows.
    """

    def __init__(self, word: Refusal, detail: str, *, script: str) -> None:
        self.word = word
        self.detail = detail
        self.script = script
        super().__init__(f"the router refused {script}: {word} ({detail})")
