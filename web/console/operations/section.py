"""Who sees operations, who decides on them, and the words that their pages share."""

from datetime import datetime

from markupsafe import Markup

from web.console.section import Section
from web.console.texts import gettext as _
from web.console.texts import marked

SEE = ("view_upgradeoperation", "change_upgradeoperation")
DECIDE = "change_upgradeoperation"

blueprint = Section("operations", words=marked("Operations"))

_MINUTE_SECONDS, _HOUR_SECONDS = 60, 3600
_SHORT_SECONDS = 10


@blueprint.app_template_filter()
def duration(seconds: float | None) -> str:
    """Write how long something takes, as short as people would say it."""
    if seconds is None:
        return ""
    if seconds < _SHORT_SECONDS:
        return _("%(count)s s") % {"count": f"{seconds:.1f}"}
    whole = round(seconds)
    hours, rest = divmod(whole, _HOUR_SECONDS)
    minutes, left = divmod(rest, _MINUTE_SECONDS)
    if hours:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return _("%(minutes)s min %(count)s s") % {"minutes": minutes, "count": left}
    return _("%(count)s s") % {"count": left}


@blueprint.app_template_filter()
def clock(moment: datetime) -> Markup:
    """Show the time of day of a moment; scripts put it into the viewer's zone."""
    return _moment(moment, "clock", f"{moment:%H:%M:%S}")


@blueprint.app_template_filter()
def exactly(moment: datetime) -> Markup:
    """Show a moment that is not to be told relative to now."""
    return _moment(moment, "exact", f"{moment:%Y-%m-%d %H:%M:%S} UTC")


def _moment(moment: datetime, kind: str, text: str) -> Markup:
    shown = Markup('<time datetime="{}" data-{}>{}</time>')
    return shown.format(moment.isoformat().replace("+00:00", "Z"), kind, text)
