"""Gives the installation other keys: to sign with, and to seal the vault with."""

from time import monotonic, sleep

from application.adapters.vault import KEEPING
from application.audit.origins import Origins
from application.errors import RefusedError
from application.flashlog import Flashlog
from application.sealing import ROLE
from domain.transparency.note import Note, SigningKey, VerifierKey

# How long to wait for those who are just putting something into the vault.
_PUTTING_SECONDS_MAX = 30.0
_LOOK_SECONDS = 0.05


def change_key(flashlog: Flashlog) -> VerifierKey:
    """Sign with a new key from now on; returns its public part.

    The last checkpoint of the old key has both signatures, so that whoever knows the
    old one can tell that the new one is ours. The old one is forgotten. Raises
    RefusedError while somebody signs, and ChangedLogError.
    """
    with flashlog.alone(ROLE) as is_alone:
        if not is_alone:
            msg = "the service signs with this key just now: stop it first"
            raise RefusedError(msg)
        audit, secrets = flashlog.audit, flashlog.storage.secrets
        audit.keeper().catch_up()
        new = SigningKey.make(audit.key.verifier.name)
        # Known before it is used: whoever is killed here has the old one still.
        Origins.of(secrets).with_keys(audit.vkey).keep(secrets)
        newest = audit.store.newest()
        if newest is not None:
            note = Note.read(newest.note)
            both = Note(note.text, (*note.signatures, new.sign(note.text)))
            audit.store.cosign(newest.size, both.whole)
        secrets.save("audit.key", f"{new.text}\n".encode())
        return new.verifier


def change_vault_key(flashlog: Flashlog) -> int:
    """Seal the vault with a new key, also while a service runs; returns its records.

    Raises RefusedError where others put something into the vault all the time, and
    VaultError; then the old key goes on to fit.
    """
    deadline = monotonic() + _PUTTING_SECONDS_MAX
    while True:
        with flashlog.alone(KEEPING) as is_alone:
            if is_alone:
                return flashlog.vault.change_key()
        if monotonic() > deadline:
            msg = "others put something into the vault all the time: try again later"
            raise RefusedError(msg)
        sleep(_LOOK_SECONDS)
