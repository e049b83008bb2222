"""Log-ins: keep, change, delete them; their secrets go to the vault and from it."""

from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import msgspec

from application.commands.attaching import (
    attach_to_all,
    detach_from_all,
    require_unused_elsewhere,
)
from application.commands.claims import Claims, Key, TakenError
from application.commands.keeping import kept_if_recorded
from application.commands.located import owners_of
from application.commands.log_in_parameters import LogIn
from application.flashlog import Flashlog
from domain.credentials import (
    KEY,
    PASSWORD,
    Credentials,
    CredentialsChanged,
    CredentialsCreated,
)
from domain.errors import InvalidError
from domain.organization import DEFAULT_ORGANIZATION_ID

TAKEN = "The fields name, organization must make a unique set."


class NewCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """A log-in and its secret: a password (may be empty) or a private key in PEM."""

    username: str = "root"
    port: int = 22
    password: str | None = None
    private_key: str | None = None
    passphrase: str | None = None
    name: str = ""


class CredentialsFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of credentials. `log_in` None: as it was."""

    name: str
    organization_id: UUID | None
    auto_add: bool = False
    log_in: LogIn | None = None


def add_credentials(
    flashlog: Flashlog,
    new: NewCredentials,
    *,
    organization_id: UUID | None = DEFAULT_ORGANIZATION_ID,
    by: UUID | None = None,
) -> UUID:
    """Keep a log-in, under another name if its own is taken. Raises InvalidError."""
    if (new.password is None) == (new.private_key is None):
        raise InvalidError.of("params", "Give either a password or a private key.")
    log_in = LogIn(
        username=new.username,
        port=new.port,
        secret={
            "password": new.password,
            "private_key": new.private_key,
            "passphrase": new.passphrase,
        },
        secret_kind=PASSWORD if new.private_key is None else KEY,
    )
    credentials_id = uuid4()
    facts = CredentialsFacts(
        name=new.name or f"{new.username}-{str(credentials_id)[:8]}",
        organization_id=organization_id,
        log_in=log_in,
    )
    with suppress(TakenError):
        return create_credentials(flashlog, facts, credentials_id=credentials_id, by=by)
    name = f"{facts.name}-{str(credentials_id)[:8]}"
    facts = msgspec.structs.replace(facts, name=name)
    return create_credentials(flashlog, facts, credentials_id=credentials_id, by=by)


def create_credentials(
    flashlog: Flashlog,
    facts: CredentialsFacts,
    *,
    credentials_id: UUID | None = None,
    by: UUID | None = None,
) -> UUID:
    """Keep a log-in under its name. Raises TakenError, InvalidError."""
    credentials_id = credentials_id or uuid4()
    log_in = facts.log_in
    if log_in is None or log_in.secret is None:
        raise InvalidError.of("params", "Give a password or a key.")

    def create(secret_id: UUID) -> int:
        claims = Claims(flashlog)
        name = _key(facts.organization_id, facts.name)
        claims.claim("name", name, credentials_id, taken=TAKEN)
        claims.check_id(credentials_id)
        created = CredentialsCreated(**_told(facts, log_in, secret_id), by=by)
        granted = claims.granted()
        owners = owners_of(flashlog, facts.organization_id)
        credentials = Credentials.create(credentials_id, created)
        return flashlog.log.append(credentials, *granted, unchanged=owners)

    with kept_if_recorded(flashlog) as keep:
        secret_id = keep("secret", log_in.secret)
        position = flashlog.log.decide(lambda: create(secret_id))
    flashlog.show(position)
    if facts.auto_add:
        attach_to_all(flashlog, credentials_id, by=by)
    return credentials_id


def change_credentials(
    flashlog: Flashlog,
    credentials_id: UUID,
    facts: CredentialsFacts,
    *,
    by: UUID | None = None,
) -> None:
    """Change a log-in; a secret that was replaced is forgotten. Raises InvalidError.

    Operations that run use the new one from their next visit on. With `auto_add` every
    device has them afterwards, also where a crash came between earlier.
    """

    def change(new_secret_id: UUID | None) -> tuple[int, UUID]:
        known = flashlog.log.get(Credentials, credentials_id)
        replaced, nothing_new = known.secret_id, None
        if facts.organization_id not in {None, known.organization_id}:
            nothing_new = require_unused_elsewhere(
                flashlog, credentials_id, facts.organization_id
            )
        claims = Claims(flashlog)
        before = _key(known.organization_id, known.name)
        after = _key(facts.organization_id, facts.name)
        claims.move("name", before, after, credentials_id, taken=TAKEN)
        granted = claims.granted()
        told = _told(facts, _complete(facts.log_in, known), new_secret_id or replaced)
        told["connector"] = known.connector
        owners = owners_of(flashlog, facts.organization_id)
        known.change(CredentialsChanged(**told, by=by))
        position = flashlog.log.append(
            known, *granted, unchanged=owners, none_since=nothing_new
        )
        return position, replaced

    with kept_if_recorded(flashlog) as keep:
        secret = facts.log_in.secret if facts.log_in else None
        new_secret_id = keep("secret", secret) if secret else None
        position, replaced = flashlog.log.decide(lambda: change(new_secret_id))
    if new_secret_id is not None:
        flashlog.vault.erase(replaced)
    flashlog.show(position)
    if facts.auto_add:
        attach_to_all(flashlog, credentials_id, by=by)


def delete_credentials(
    flashlog: Flashlog, credentials_id: UUID, *, by: UUID | None = None
) -> None:
    """Forget a log-in and its secret, and take it from every device.

    Raises NotFoundError, and RefusedError while an operation may need it.
    """

    def delete() -> tuple[int, UUID]:
        credentials = flashlog.log.get(Credentials, credentials_id)
        nothing_new = detach_from_all(flashlog, credentials_id, by=by)
        claims = Claims(flashlog)
        name = _key(credentials.organization_id, credentials.name)
        claims.release(name, credentials_id)
        credentials.delete(by=by)
        position = flashlog.log.append(
            credentials, *claims.granted(), none_since=nothing_new
        )
        return position, credentials.secret_id

    position, secret_id = flashlog.log.decide(delete)
    flashlog.vault.erase(secret_id)
    flashlog.show(position)


def _told(facts: CredentialsFacts, log_in: LogIn, secret_id: UUID) -> dict[str, Any]:
    """Return the fields of the event."""
    return {
        "name": facts.name,
        "organization_id": facts.organization_id,
        "username": log_in.username,
        "port": log_in.port,
        "secret_id": secret_id,
        "secret_kind": log_in.secret_kind,
        "auto_add": facts.auto_add,
    }


def _complete(log_in: LogIn | None, known: Credentials) -> LogIn:
    return log_in or LogIn(
        username=known.username,
        port=known.port,
        secret=None,
        secret_kind=known.secret_kind,
    )


def _key(organization_id: UUID | None, name: str) -> Key:
    return Key(f"organization/{organization_id}/credentials/name", name, exact=True)
