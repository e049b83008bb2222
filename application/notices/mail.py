"""Telling people by e-mail."""

import logging
import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote

from application.notices.channel import UndeliveredError, address_of
from application.notices.notice import Notice
from application.settings import SettingsError

_log = logging.getLogger(__name__)

_PORTS = {"smtp": 25, "smtps": 465}


class Mail:
    """Sends the notice as plain text.

    `smtps://` is TLS from the first byte. `smtp://` turns to TLS where the server
    can; with a user name it must.
    """

    name = "mail"

    def __init__(self, url: str, *, to: str, sender: str, limit_seconds: float) -> None:
        self._url = address_of(url, "FLASHLOG_NOTICE_MAIL_URL", _PORTS)
        self._to = [each.strip() for each in to.split(",") if each.strip()]
        if not self._to:
            msg = "FLASHLOG_NOTICE_MAIL_TO is empty: name who gets the mail"
            raise SettingsError(msg)
        self._user = unquote(self._url.username or "")
        self._password = unquote(self._url.password or "")
        if not (self._user + self._password).isascii():
            msg = (
                "FLASHLOG_NOTICE_MAIL_URL has a user name or password with other than "
                "ASCII characters: give the mail server another one"
            )
            raise SettingsError(msg)
        self._sender = sender.strip() or f"flashlog@{socket.gethostname()}"
        self._limit_seconds = limit_seconds
        self._is_tls = self._url.scheme == "smtps"
        self._context = ssl.create_default_context()

    def send(self, notice: Notice) -> None:
        try:
            with self._server() as server:
                self._log_in(server)
                refused = server.send_message(
                    self._message(notice), self._sender, self._to
                )
        except (OSError, smtplib.SMTPException) as error:
            raise UndeliveredError(str(error) or repr(error)) from None
        if refused:
            # The others have it: sent again, it would come to them again.
            _log.warning("action=notice_refused recipients=%s", ", ".join(refused))

    def _server(self) -> smtplib.SMTP:
        host = str(self._url.hostname)
        port = self._url.port or _PORTS[self._url.scheme]
        if self._is_tls:
            return smtplib.SMTP_SSL(
                host, port, timeout=self._limit_seconds, context=self._context
            )
        return smtplib.SMTP(host, port, timeout=self._limit_seconds)

    def _log_in(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        if not self._is_tls and (server.has_extn("starttls") or self._user):
            server.starttls(context=self._context)
        if self._user:
            server.login(self._user, self._password)

    def _message(self, notice: Notice) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = notice.subject
        message["From"] = self._sender
        message["To"] = ", ".join(self._to)
        message["Date"] = format_datetime(notice.timestamp)
        message["Message-ID"] = f"<{notice.id}@{notice.installation}.flashlog>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(f"{notice.subject}\n\n{notice.text}\n")
        return message
