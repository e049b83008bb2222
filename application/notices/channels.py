"""The ways to tell people that are set up."""

from collections.abc import Sequence

from application.notices.channel import Channel
from application.notices.command import Command
from application.notices.mail import Mail
from application.notices.webhook import Webhook
from application.settings import Settings


def channels_of(settings: Settings) -> Sequence[Channel]:
    """Return the channels that are set up. Raises SettingsError."""
    limit_seconds = settings.notice_limit_seconds
    channels: list[Channel] = []
    if settings.notice_webhook_url:
        channels.append(
            Webhook(
                settings.notice_webhook_url,
                secret=settings.notice_webhook_secret,
                limit_seconds=limit_seconds,
            )
        )
    if settings.notice_mail_url:
        channels.append(
            Mail(
                settings.notice_mail_url,
                to=settings.notice_mail_to,
                sender=settings.notice_mail_from,
                limit_seconds=limit_seconds,
            )
        )
    if settings.notice_command:
        channels.append(Command(settings.notice_command, limit_seconds=limit_seconds))
    return channels
