"""Telling a program elsewhere."""

import base64
import binascii
import hashlib
import hmac
from http.client import HTTPConnection, HTTPException, HTTPSConnection

import msgspec

from application.notices.channel import UndeliveredError, address_of
from application.notices.notice import Notice
from application.settings import SettingsError

_WELL = range(200, 300)
_GONE = 410
_SECRET = "whsec_"  # noqa: S105 - what Standard Webhooks puts before a secret


class Webhook:
    """POSTs the notice; signed as Standard Webhooks wants it where there is a secret.

    A redirect is not followed: it would take the notice to where nobody sent it.
    """

    name = "webhook"

    def __init__(self, url: str, *, secret: str, limit_seconds: float) -> None:
        self._url = address_of(url, "FLASHLOG_NOTICE_WEBHOOK_URL", {"http", "https"})
        self._secret = _secret(secret)
        self._limit_seconds = limit_seconds

    def send(self, notice: Notice) -> None:
        raw = msgspec.json.encode(notice)
        connection = self._connection()
        try:
            connection.request("POST", self._target(), raw, self._headers(notice, raw))
            status = connection.getresponse().status
        except (OSError, HTTPException) as error:
            raise UndeliveredError(str(error) or repr(error)) from None
        finally:
            connection.close()
        if status not in _WELL:
            msg = f"the webhook answered {status}"
            raise UndeliveredError(msg, is_final=status == _GONE)

    def _headers(self, notice: Notice, raw: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Flashlog",
            "webhook-id": str(notice.id),
            "webhook-timestamp": str(int(notice.timestamp.timestamp())),
        }
        if self._secret:
            signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}."
            digest = hmac.digest(self._secret, signed.encode() + raw, hashlib.sha256)
            headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
        return headers

    def _target(self) -> str:
        path = self._url.path or "/"
        return f"{path}?{self._url.query}" if self._url.query else path

    def _connection(self) -> HTTPConnection:
        kind = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        return kind(
            str(self._url.hostname), self._url.port, timeout=self._limit_seconds
        )


def _secret(text: str) -> bytes:
    """Return the bytes to sign with: base64 behind `whsec_`, else the text itself."""
    if not text.startswith(_SECRET):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(_SECRET), validate=True)
    except binascii.Error:
        msg = "FLASHLOG_NOTICE_WEBHOOK_SECRET is not base64 after whsec_"
        raise SettingsError(msg) from None
