from pathlib import Path

import pytest

from application.setting_facts import setting_facts
from application.settings import (
    Settings,
    SettingsError,
    environment_of,
    load_settings,
)
from tests.conftest import NOTHING_SKIPPED
from web.service.listening import LISTENER, SUPERVISOR


def test_without_any_variable_the_defaults_are_those_promised() -> None:
    settings = load_settings({})

    assert settings.bind == "127.0.0.1:8000"
    assert settings.image_size_max_bytes == 31457280
    assert (settings.reconnect_delay_seconds, settings.retries_max) == (3, 4)
    assert settings.reconnect_retry_delay_seconds == 20
    assert settings.upgrade_timeout_seconds == 90
    assert (settings.retry_backoff_seconds, settings.retry_backoff_max_seconds) == (
        60,
        600,
    )
    assert settings.data_dir.name == "flashlog"
    looks = settings.reconnect_retries_max * settings.reconnect_retry_delay_seconds
    assert 13 * 60 <= looks <= 17 * 60


def test_each_kind_of_value_is_read() -> None:
    settings = load_settings(
        {
            "FLASHLOG_DATA_DIR": "~/routers",
            "FLASHLOG_RETRIES_MAX": "0",
            "FLASHLOG_LEASE_SECONDS": "2.5",
            "FLASHLOG_STOP_WIFI": "False",
            "FLASHLOG_BACKUP_CONFIGURATION": "1",
            "FLASHLOG_SERVICES_TO_STOP": " uhttpd, ,cron ",
            "SOMETHING_ELSE": "x",
        }
    )

    assert settings.data_dir == Path.home() / "routers"
    assert (settings.retries_max, settings.lease_seconds) == (0, 2.5)
    assert (settings.stop_wifi, settings.backup_configuration) == (False, True)
    assert settings.service_names == ("uhttpd", "cron")


def test_a_blank_variable_stands_for_the_default() -> None:
    assert load_settings({"FLASHLOG_RETRIES_MAX": ""}).retries_max == 4


def test_every_variable_that_cannot_be_used_is_named() -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings(
            {
                "FLASHLOG_RETRIES_MAX": "many",
                "FLASHLOG_LEASE_SECONDS": "-1",
                "FLASHLOG_STOP_WIFI": "perhaps",
            }
        )

    assert sorted(str(refusal.value).split("; ")) == [
        "FLASHLOG_LEASE_SECONDS='-1' is not a number above 0",
        "FLASHLOG_RETRIES_MAX='many' is not a whole number of 0 or more",
        "FLASHLOG_STOP_WIFI='perhaps' is not a yes or no (true, false)",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "RUNNER_VISITS_MAX",
        "UPLOADS_MAX",
        "UPLOAD_CHUNK_BYTES",
        "LEASE_SECONDS",
        "CONNECT_SECONDS",
        "POLL_SECONDS",
        "PAGE_SIZE",
    ],
)
def test_with_none_of_what_is_needed_nothing_is_started(name: str) -> None:
    with pytest.raises(SettingsError, match=f"FLASHLOG_{name}='0' .* above 0"):
        load_settings({f"FLASHLOG_{name}": "0"})


@pytest.mark.parametrize("number", ["nan", "inf", "1e999", "1_000", "0x10"])
def test_a_limit_is_a_number_that_can_be_waited_for(number: str) -> None:
    with pytest.raises(SettingsError):
        load_settings({"FLASHLOG_LEASE_SECONDS": number})


def test_a_misspelt_variable_is_refused_with_the_name_that_was_meant() -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings(
            {"FLASHLOG_RETRY_MAX": "0", "FLASHLOG_XYZZY": "", "FLASHLIGHT": "on"}
        )

    assert str(refusal.value).split("; ") == [
        "FLASHLOG_RETRY_MAX is no setting: do you mean FLASHLOG_RETRIES_MAX?",
        "FLASHLOG_XYZZY is no setting",
    ]


def test_what_parts_of_a_service_and_tests_are_told_is_not_misspelt() -> None:
    told = dict.fromkeys((LISTENER, SUPERVISOR, NOTHING_SKIPPED), "1")
    assert load_settings(told) == load_settings({})


def test_another_process_reads_the_same_settings(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path,
        database_url="postgresql://db/flashlog",
        retries_max=7,
        stop_wifi=False,
    )
    assert load_settings(environment_of(settings)) == settings


def test_a_database_that_would_not_be_used_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"must begin with postgresql://$"):
        load_settings({"FLASHLOG_DATABASE_URL": "mysql://user:secret@db/flashlog"})

    url = "postgresql://user:secret@db/flashlog"
    assert load_settings({"FLASHLOG_DATABASE_URL": url}).database_url == url


def test_every_setting_is_explained_with_its_unit_and_default() -> None:
    facts = {fact.variable: fact for fact in setting_facts()}

    assert len(facts) == len(Settings.__struct_fields__)
    assert all(fact.meaning for fact in facts.values())
    assert facts["FLASHLOG_RETRIES_MAX"].default == "4"
    assert facts["FLASHLOG_IMAGE_SIZE_MAX_BYTES"].default == "31457280"
