import pytest

from application.errors import LinkLostError, UnexpectedError
from application.ports import Completed
from application.router.arguments import safe_path, sysupgrade_command
from application.router.facts import FlashFacts, Settlement
from application.router.refusals import GuardRefusedError, Refusal
from application.router.reply import Reply, read


def completed(
    stdout: bytes, exit_status: int | None = 0, stderr: bytes = b""
) -> Completed:
    return Completed(exit_status=exit_status, stdout=stdout, stderr=stderr, seconds=0.1)


def test_a_value_is_the_rest_of_the_line() -> None:
    assert Reply("x", "description=OpenWrt = 23.05 'x'\n").one("description") == (
        "OpenWrt = 23.05 'x'"
    )


def test_a_key_may_come_several_times() -> None:
    assert Reply("x", "mac=a\nmac=b\n").many("mac") == ("a", "b")


def test_only_line_feeds_end_a_line() -> None:
    reply = Reply("x", "output=one\x0ctwo\x85\u2028three\r\noutput=four\n")
    assert reply.many("output") == ("one\x0ctwo\x85\u2028three", "four")


def test_an_empty_value_is_no_text() -> None:
    reply = Reply("x", "agent_uuid=\n")
    assert (reply.text("agent_uuid"), reply.text("other")) == (None, None)


@pytest.mark.parametrize("output", ["", "bytes=1\nbytes=2\n", "bytes=many\n"])
def test_what_is_not_one_number_is_unexpected(output: str) -> None:
    with pytest.raises(UnexpectedError):
        Reply("checksum", output).number("bytes")


def test_a_line_without_equals_is_unexpected_with_the_evidence() -> None:
    with pytest.raises(UnexpectedError) as caught:
        read("claim", completed(b"fired=1\nSegmentation fault\n"))
    assert caught.value.command == "claim"
    assert "Segmentation fault" in caught.value.tail


def test_a_failed_script_is_unexpected_with_the_evidence() -> None:
    with pytest.raises(UnexpectedError) as caught:
        read("claim", completed(b"", 127, b"ash: ubus: not found\n"))
    assert (caught.value.exit_status, caught.value.tail) == (
        127,
        "ash: ubus: not found",
    )


def test_no_exit_status_is_a_lost_link() -> None:
    with pytest.raises(LinkLostError):
        read("claim", completed(b"", None))


def test_a_refusal_tells_word_and_detail() -> None:
    with pytest.raises(GuardRefusedError) as caught:
        read("claim", completed(b"refused=owed\ndetail=operation-7\n"))
    assert (caught.value.word, caught.value.detail) == (Refusal.OWED, "operation-7")


def test_an_unknown_refusal_is_unexpected() -> None:
    with pytest.raises(UnexpectedError, match="no known refusal"):
        read("claim", completed(b"refused=tired\n"))


@pytest.mark.parametrize(
    "status",
    [None, 0, 246],
)
def test_no_status_and_a_lost_procd_prove_nothing(status: int | None) -> None:
    assert not FlashFacts(guard=True, status=status).was_refused


@pytest.mark.parametrize("status", [1, 2, 127, 248])
def test_any_other_exit_status_is_a_refusal(status: int) -> None:
    assert FlashFacts(guard=True, status=status).was_refused


def test_a_settlement_with_something_left_is_not_complete() -> None:
    settlement = Settlement(
        restored=("cron",),
        not_restored=("uhttpd",),
        wifi="none",
        file_removed=True,
        switch_disarmed=False,
    )
    assert not settlement.is_complete


@pytest.mark.parametrize("path", ["fw.bin", "/tmp/a b", "/tmp/../etc/x", "/tmp/$(id)"])
def test_a_path_with_unsafe_characters_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="not a safe path"):
        safe_path(path)


def test_the_command_for_the_log_holds_only_options() -> None:
    assert sysupgrade_command(
        "/tmp/fw.bin", ["-n", "--ignore-minor-compat-version"]
    ) == ("/sbin/sysupgrade -n --ignore-minor-compat-version /tmp/fw.bin")
    with pytest.raises(ValueError, match="no option"):
        sysupgrade_command("/tmp/fw.bin", ["; reboot"])
