"""Every setting with its unit and default; each is read from FLASHLOG_<NAME>."""

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from math import inf
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import msgspec
import platformdirs

PREFIX = "FLASHLOG_"
_DATABASE = "FLASHLOG_DATABASE_URL"
_DATABASE_KINDS = ("postgresql://", "postgres://")
# What the command line, the parts of a service and the tests are told beside them.
_NO_SETTINGS = (
    "FLASHLOG_URL",
    "FLASHLOG_TOKEN",
    "FLASHLOG_CA_FILE",
    "FLASHLOG_LISTENER_FD",
    "FLASHLOG_SUPERVISOR_PID",
    "FLASHLOG_TEST_NOTHING_SKIPPED",
)


# With 0 of these nothing would ever be done, or without a pause.
_ABOVE_0 = msgspec.Meta(gt=0)
# Who looks into the log while it writes a turn needs a second connection.
_ABOVE_1 = msgspec.Meta(gt=1)


class SettingsError(Exception):
    """A setting has a value that cannot be used; the message names it."""


def _default_data_dir() -> Path:
    return Path(platformdirs.user_data_dir("flashlog", appauthor=False))


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How this installation behaves."""

    data_dir: Annotated[
        Path, "where log, read models, images, vault and keys are kept"
    ] = msgspec.field(default_factory=_default_data_dir)
    database_url: Annotated[
        str,
        "`postgresql://…`: log, read models, vault and all that processes share are in "
        "this database; blank: SQLite files in the data directory",
    ] = ""
    database_connections_max: Annotated[
        int,
        "connections of one process to PostgreSQL, beside one that listens; 2 or more",
        _ABOVE_1,
    ] = 16
    database_busy_seconds: Annotated[
        float, "how long PostgreSQL waits for a lock that others hold", _ABOVE_0
    ] = 5.0
    database_statement_seconds: Annotated[
        float, "limit for one statement in PostgreSQL", _ABOVE_0
    ] = 60.0
    database_answer_seconds: Annotated[
        float,
        "how long PostgreSQL may say nothing at all before it is taken for gone",
        _ABOVE_0,
    ] = 10.0
    bind: Annotated[str, "host:port of the web server"] = "127.0.0.1:8000"
    behind_proxy: Annotated[
        bool, "a reverse proxy terminates TLS and sets X-Forwarded-For, -Proto, -Host"
    ] = False
    allowed_hosts: Annotated[
        str, "host names that may be served, separated by commas (beside bind's own)"
    ] = ""
    page_size: Annotated[
        int, "rows of a list page when none are asked for", _ABOVE_0
    ] = 10
    request_rate_limit: Annotated[str, "requests per user, or off"] = "1000/minute"
    token_rate_limit: Annotated[str, "token requests per address, or off"] = "20/day"  # noqa: S105
    body_size_max_bytes: Annotated[int, "largest body of a request", _ABOVE_0] = 1048576
    image_size_max_bytes: Annotated[int, "largest image that is taken in"] = 31457280
    images_url: Annotated[
        str,
        "`s3://bucket/prefix`: images are in this bucket, log-in by the usual "
        "environment (AWS_ACCESS_KEY_ID …); blank: files in the data directory",
    ] = ""
    images_endpoint_url: Annotated[
        str, "`https://…` of a store that speaks S3; blank: Amazon's"
    ] = ""
    image_copies_max_bytes: Annotated[
        int, "copies of images from a bucket that stay on this machine"
    ] = 2147483648
    image_types_file: Annotated[
        str, "a table (TOML) of image types of your own, beside those built in"
    ] = ""

    runner_visits_max: Annotated[int, "routers visited at the same time", _ABOVE_0] = 64
    uploads_max: Annotated[int, "uploads at the same time in all", _ABOVE_0] = 8
    uploads_per_location_max: Annotated[
        int, "uploads at the same time to routers of one location", _ABOVE_0
    ] = 2
    reboots_max: Annotated[
        int, "routers between their flash and its verified outcome", _ABOVE_0
    ] = 20
    failures_max: Annotated[
        int, "failures after the flash before a batch holds itself, 0: it never does"
    ] = 3
    turn_wait_seconds: Annotated[
        float, "how long a visit waits for its turn to upload before it is put off"
    ] = 5.0
    lease_seconds: Annotated[float, "a runner's claim on due work", _ABOVE_0] = 8.0
    poll_seconds: Annotated[float, "pause between looks for due work", _ABOVE_0] = 0.2

    connect_seconds: Annotated[float, "limit for one TCP connection", _ABOVE_0] = 10.0
    banner_seconds: Annotated[float, "limit for the first words of SSH", _ABOVE_0] = (
        30.0
    )
    authentication_seconds: Annotated[float, "limit for one log-in", _ABOVE_0] = 20.0
    command_seconds: Annotated[float, "limit for one short command", _ABOVE_0] = 30.0
    image_test_seconds: Annotated[
        float, "limit for the router's image test", _ABOVE_0
    ] = 90.0
    checksum_seconds: Annotated[float, "limit for hashing on the router", _ABOVE_0] = (
        120.0
    )
    backup_seconds: Annotated[
        float, "limit for fetching the configuration", _ABOVE_0
    ] = 120.0
    upload_seconds: Annotated[
        float, "limit for the upload of one attempt", _ABOVE_0
    ] = 3600.0

    operation_seconds: Annotated[
        float,
        "no further retry before the flash this long after the first attempt; what an "
        "operation waits for its turn does not count",
    ] = 86400.0
    retries_max: Annotated[int, "retries before the flash"] = 4
    retry_backoff_seconds: Annotated[float, "pause before the first retry"] = 60.0
    retry_backoff_max_seconds: Annotated[float, "longest pause before a retry"] = 600.0
    restarts_max: Annotated[int, "attempts begun again after a crash"] = 20

    backup_configuration: Annotated[
        bool, "fetch the router's configuration into the vault before every flash"
    ] = True
    upload_directory: Annotated[str, "where images are put on routers"] = "/tmp"  # noqa: S108
    upload_channels_max: Annotated[int, "channels of one upload", _ABOVE_0] = 8
    upload_chunk_bytes: Annotated[
        int, "what is sent again at most, per channel", _ABOVE_0
    ] = 524288
    upload_stall_seconds: Annotated[float, "limit without a byte moving", _ABOVE_0] = (
        60.0
    )
    upload_bytes_per_second_max: Annotated[
        int, "bandwidth of one upload, 0: no limit"
    ] = 0
    memory_margin_bytes: Annotated[int, "memory left free beside the image"] = 4194304
    services_to_stop: Annotated[
        str, "services that may be stopped for memory, separated by commas"
    ] = (
        "uhttpd,rpcd,odhcpd,cron,log,sysntpd,rssileds,collectd,openwisp-monitoring,"
        "netjson-monitoring,openwisp_config,openwisp-config"
    )
    stop_wifi: Annotated[
        bool, "Wi-Fi may be stopped for memory where it is not the way in"
    ] = True
    memory_settle_seconds: Annotated[float, "limit for memory to come back"] = 8.0
    switch_lease_seconds: Annotated[
        float, "after this long without a word the router restores itself", _ABOVE_0
    ] = 900.0

    reconnect_delay_seconds: Annotated[float, "first look after the flash"] = 3.0
    reconnect_retry_delay_seconds: Annotated[float, "longest pause between looks"] = (
        20.0
    )
    reconnect_retries_max: Annotated[int, "looks before a router is given up"] = 50
    upgrade_timeout_seconds: Annotated[
        float, "limit for evidence that the flash started or was refused", _ABOVE_0
    ] = 90.0
    health_check_seconds: Annotated[float, "limit for one health check", _ABOVE_0] = (
        30.0
    )
    health_retry_seconds: Annotated[float, "how long health checks are retried"] = 120.0

    settle_backoff_seconds: Annotated[
        float, "pause before what is owed is tried again"
    ] = 30.0
    settle_backoff_max_seconds: Annotated[float, "longest such pause"] = 600.0
    settle_patience_seconds: Annotated[
        float, "after this long what is owed is given up and a person told"
    ] = 86400.0

    projected_wait_seconds: Annotated[
        float, "how long an answer waits for its own events to be projected"
    ] = 2.0
    websocket_clients_max: Annotated[int, "WebSocket clients of one web process"] = 200
    websocket_recheck_seconds: Annotated[
        float,
        "how often it is checked that a WebSocket client may still listen",
        _ABOVE_0,
    ] = 30.0
    websocket_ping_seconds: Annotated[
        float, "pause between pings; a client that misses one is closed", _ABOVE_0
    ] = 25.0
    websocket_stall_seconds: Annotated[
        float, "a client that takes nothing for this long is closed", _ABOVE_0
    ] = 10.0
    feed_position_seconds: Annotated[
        float, "pause between the positions that the event feed tells", _ABOVE_0
    ] = 5.0
    feed_wait_seconds_max: Annotated[
        float, "longest that a request for events may wait for one"
    ] = 30.0
    feed_waits_max: Annotated[
        int, "requests that wait for events at a time", _ABOVE_0
    ] = 16

    past_seconds_max: Annotated[
        float, "limit for one answer about the past", _ABOVE_0
    ] = 30.0
    past_answers_max: Annotated[
        int, "answers about the past that are made at a time", _ABOVE_0
    ] = 2

    log_level: Annotated[str, "least severe line that is logged"] = "INFO"
    log_format: Annotated[str, "`console` for people, `json` for programs"] = "console"
    metrics_token: Annotated[
        str, "what `/metrics` wants as Bearer; blank: it answers this machine alone"
    ] = ""
    stop_seconds: Annotated[
        float, "how long each part of a stopping service may take to finish"
    ] = 10.0
    restart_backoff_max_seconds: Annotated[
        float, "longest pause before a part of the service is started again"
    ] = 10.0
    heartbeat_seconds: Annotated[
        float, "a part that was silent for this long counts as down", _ABOVE_0
    ] = 5.0

    checkpoint_events_max: Annotated[
        int, "events at most until a checkpoint of the log is signed", _ABOVE_0
    ] = 1000
    checkpoint_seconds: Annotated[
        float, "how long an event waits for its checkpoint at most"
    ] = 30.0
    recording_days: Annotated[
        float, "how long recordings of visits are kept; 0: none are made or kept"
    ] = 365.0
    recording_output_bytes_max: Annotated[
        int, "most that is recorded of what one command writes"
    ] = 65536
    recording_bytes_max: Annotated[
        int, "most that is recorded of one visit, before it is compressed"
    ] = 4194304
    witnesses: Annotated[
        str,
        "where each checkpoint is sent, separated by commas: the URL of a witness, "
        "behind its public key (name+id+key) where its answer is to be published",
    ] = ""
    witness_limit_seconds: Annotated[
        float, "limit for one answer of a witness", _ABOVE_0
    ] = 15.0
    witness_backoff_max_seconds: Annotated[
        float, "longest pause before a witness is tried again", _ABOVE_0
    ] = 900.0

    notice_webhook_url: Annotated[
        str, "told of what failed, is held or is owed by POST; blank: nobody is"
    ] = ""
    notice_webhook_secret: Annotated[
        str, "signs them as Standard Webhooks; `whsec_` and base64, or a text"
    ] = ""
    notice_mail_url: Annotated[
        str, "mail server for notices: smtp:// or smtps://user:password@host:port"
    ] = ""
    notice_mail_to: Annotated[str, "who gets the mail, separated by commas"] = ""
    notice_mail_from: Annotated[
        str, "sender of the mail; blank: flashlog at this host's name"
    ] = ""
    notice_command: Annotated[
        str, "program that gets each notice as JSON on its input"
    ] = ""
    notice_pause_seconds: Annotated[
        float, "shortest time between two notices about the same batch"
    ] = 600.0
    notice_limit_seconds: Annotated[
        float, "limit for telling once over one channel", _ABOVE_0
    ] = 15.0
    notice_backoff_seconds: Annotated[
        float, "pause before telling is tried again", _ABOVE_0
    ] = 10.0
    notice_backoff_max_seconds: Annotated[float, "longest such pause", _ABOVE_0] = 900.0
    notice_patience_seconds: Annotated[
        float, "after this long a notice that did not arrive is given up"
    ] = 86400.0
    notice_owed_seconds: Annotated[
        float, "what is owed to a router for this long is told of"
    ] = 3600.0

    @property
    def service_names(self) -> tuple[str, ...]:
        return tuple(filter(None, map(str.strip, self.services_to_stop.split(","))))


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment.

    Raises SettingsError naming every variable that cannot be used.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    kinds = {
        PREFIX + name.upper(): (name, kind)
        for name, kind in get_type_hints(Settings, include_extras=True).items()
    }
    wrong = _misspelt(environment, kinds)
    for variable, (name, kind) in kinds.items():
        text = environment.get(variable, "")
        if text == "":
            continue
        try:
            values[name] = _parsed(text, kind)
        except (ValueError, msgspec.ValidationError):
            wrong.append(f"{variable}={text!r} is not a {_word(kind)}")
    url = str(values.get("database_url", ""))
    if url and not url.startswith(_DATABASE_KINDS):
        # Silence would let people believe that their log is where it is not.
        wrong.append(f"{_DATABASE} must begin with postgresql://")
    if wrong:
        raise SettingsError("; ".join(wrong))
    return Settings(**values)


def _misspelt(environment: Mapping[str, str], settings: Iterable[str]) -> list[str]:
    """Name each variable that would be ignored, and the one that was meant."""
    known = {*settings, *_NO_SETTINGS}
    names = [variable.removeprefix(PREFIX) for variable in settings]
    wrong = []
    for variable in sorted(environment.keys() - known):
        if variable.startswith(PREFIX):
            nearest = get_close_matches(variable.removeprefix(PREFIX), names, n=1)
            hint = f": do you mean {PREFIX}{nearest[0]}?" if nearest else ""
            wrong.append(f"{variable} is no setting{hint}")
    return wrong


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the variables from which another process reads the same settings."""
    return {
        PREFIX + name.upper(): str(getattr(settings, name))
        for name in settings.__struct_fields__
    }


def _parsed(text: str, annotated: Any) -> Any:
    kind = get_args(annotated)[0]
    if kind is Path:
        return Path(text).expanduser()
    if kind is bool:
        text = text.lower()
    value = msgspec.convert(text, annotated, strict=False)
    if kind in {int, float} and not 0 <= value < inf:
        raise ValueError(text)
    return value


def _word(annotated: Any) -> str:
    kind, _, *limits = get_args(annotated)
    least = "above 0" if _ABOVE_0 in limits else "of 0 or more"
    return {
        int: f"whole number {least}",
        float: f"number {least}",
        bool: "yes or no (true, false)",
    }.get(kind, "usable value")
