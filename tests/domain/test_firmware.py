import gzip
import io
import json
import struct
import tarfile
import zlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidError
from domain.firmware import FirmwareMetadata, admit, read_metadata, target_of
from domain.trailer import METADATA_BYTES_MAX, SIGNATURE_BYTES_MAX
from tests.domain.outlines import outline_of
from tests.routers.images import METADATA, SIGNATURE, build_image, with_block

BOARD = "tplink,archer-c7-v5"
DISK = bytes(510) + b"\x55\xaa" + bytes(range(256)) * 40
NAMES = st.text("abcdefghij,-_0123456789", min_size=1, max_size=40)


def with_metadata(payload: bytes, metadata: Any, *, header: bytes = bytes(8)) -> bytes:
    text = metadata if isinstance(metadata, bytes) else json.dumps(metadata).encode()
    return with_block(payload, header + text + b"\n", METADATA)


def refusal(content: bytes, **hints: Any) -> str:
    with pytest.raises(InvalidError) as refused:
        admit(outline_of(content), **hints)
    assert list(refused.value.fields) == ["file"]
    sentences: list[str] = refused.value.fields["file"]
    assert len(sentences) == 1
    return sentences[0]


def test_an_image_says_what_it_is_and_for_whom() -> None:
    image = build_image(BOARD, "23.05.5", "r24106-10cc5fcd00", target="ath79/generic")

    assert read_metadata(outline_of(image)) == FirmwareMetadata(
        boards=(BOARD,),
        compat_version="1.0",
        distribution="OpenWrt",
        version="23.05.5",
        revision="r24106-10cc5fcd00",
        target="ath79/generic",
        board="tplink_archer-c7-v5",
        metadata_version="1.1",
    )


def test_the_newer_list_of_boards_counts_when_the_compat_version_is_raised() -> None:
    image = build_image(BOARD, compat_version="1.1", compat_message="Ports renamed.")

    metadata = read_metadata(outline_of(image))

    assert metadata is not None
    assert metadata.boards == (BOARD,)
    assert metadata.compat_version == "1.1"
    assert metadata.compat_message == "Ports renamed."


def test_metadata_without_a_compat_version_means_1_0() -> None:
    metadata = read_metadata(outline_of(build_image(BOARD, compat_version=None)))

    assert metadata is not None
    assert metadata.compat_version == "1.0"
    assert metadata.metadata_version == "1.0"
    assert metadata.boards == (BOARD,)


def test_a_signature_block_is_seen_but_not_taken_for_metadata() -> None:
    metadata = read_metadata(outline_of(build_image(signature=b"untrusted" * 20)))

    assert metadata is not None
    assert metadata.signed


def test_a_file_without_any_block_has_no_metadata() -> None:
    assert read_metadata(outline_of(build_image(corrupt="no-metadata"))) is None


def test_metadata_as_long_as_openwrt_allows_is_read() -> None:
    boards = [f"vendor,board-{number}" for number in range(1400)]
    text = json.dumps({"supported_devices": boards}).encode()
    text += b" " * (METADATA_BYTES_MAX - len(text) - 1)
    metadata = read_metadata(outline_of(with_metadata(bytes(100_000), text)))
    assert metadata is not None
    assert metadata.boards == tuple(boards)

    assert "30728" in refusal(with_metadata(bytes(100_000), text + b" "))


def test_a_signature_longer_than_openwrt_allows_is_refused() -> None:
    assert read_metadata(outline_of(build_image(signature=bytes(SIGNATURE_BYTES_MAX))))
    assert "1024" in refusal(build_image(signature=bytes(SIGNATURE_BYTES_MAX + 1)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The submitted file is empty"),
        (build_image(corrupt="html"), "web page"),
        (b"\xef\xbb\xbf\n<!DOCTYPE HTML><html>", "web page"),
        (b"404 page not found\n", "is text"),
        (b"PK\x03\x04" + bytes(500), "ZIP archive"),
        (gzip.compress(build_image(), mtime=0), "gunzip"),
        (gzip.compress(b"\x27\x05\x19\x56" + bytes(range(256)) * 9), "gunzip"),
        (gzip.compress(bytes(5000), mtime=0), "no disk image"),
        (build_image(corrupt="no-metadata"), "There is no metadata at the end"),
        (build_image(corrupt="truncated"), "cut off or appended"),
        (build_image() + b"\n", "cut off or appended"),
        (build_image()[:-40], "cut off or appended"),
        (build_image(corrupt="bit-flipped"), "checksum"),
        (build_image(corrupt="broken-json"), "JSON"),
        (with_metadata(b"x" * 99, {"supported_devices": []}), "does not name"),
        (with_metadata(b"x" * 99, {"supported_devices": ["a\x1b[2J"]}), "not name"),
        (with_metadata(b"x" * 99, {"supported_devices": "abc"}), "JSON"),
        (with_metadata(b"x" * 99, b"[" * 20_000), "JSON"),
        (with_metadata(b"x" * 99, b'{"a":' + b"[" * 20_000), "JSON"),
        (with_metadata(b"x" * 99, {"compat_version": "x"}), "compat_version"),
        (with_metadata(b"x", {}, header=b"\0\0\0\1" + bytes(4)), "unknown version"),
        (with_block(b"x" * 99, b"short", SIGNATURE), "no metadata"),
        (with_block(b"x" * 99, b"short", METADATA), "unknown version"),
        (with_block(b"x" * 99, b"short", 7), "unknown type"),
        (b"DLOB" + bytes(900), "factory image of D-Link"),
    ],
)
def test_nonsense_is_refused_at_the_door(content: bytes, words: str) -> None:
    sentence = refusal(content)
    assert words in sentence
    assert sentence.endswith(".")


def test_a_checksum_that_differs_is_told_with_both_values() -> None:
    image = build_image()
    flipped = bytes([image[0] ^ 1]) + image[1:]

    sentence = refusal(flipped)

    assert f"{~zlib.crc32(flipped[:-16]) & 0xFFFFFFFF:08x}" in sentence
    assert image[-12:-8].hex() in sentence


def test_a_factory_image_is_known_by_its_name() -> None:
    name = "openwrt-23.05.5-ath79-generic-x-squashfs-factory.bin"
    assert "factory image" in refusal(bytes(range(256)) * 9, file_name=name)


def test_a_file_that_is_too_big_is_refused_with_the_setting() -> None:
    sentence = refusal(bytes(101), size_bytes_max=100)
    assert "100 bytes" in sentence
    assert "FLASHLOG_IMAGE_SIZE_MAX_BYTES" in sentence
    assert admit(outline_of(build_image(size=4096)), size_bytes_max=4096).metadata


def test_a_disk_image_without_metadata_needs_its_boards_said() -> None:
    content = gzip.compress(DISK, mtime=0)
    assert "which boards" in refusal(content)

    firmware = admit(outline_of(content), boards=("pc-engines-apu2",))

    assert firmware.boards == ("pc-engines-apu2",)
    assert firmware.kind == "gzip"
    assert firmware.metadata is None


@pytest.mark.parametrize("cut_bytes", [1, 4, 8, 100, 2000])
def test_a_cut_off_disk_image_is_found_although_the_router_would_not(
    cut_bytes: int,
) -> None:
    content = gzip.compress(DISK + build_image(corrupt="no-metadata"), mtime=0)
    assert "too early" in refusal(content[:-cut_bytes], boards=("x86",))


def test_a_damaged_disk_image_is_found_although_the_router_would_not() -> None:
    content = bytearray(
        gzip.compress(DISK + build_image(corrupt="no-metadata"), mtime=0)
    )
    content[len(content) // 2] ^= 0x10
    assert "damaged" in refusal(bytes(content), boards=("x86",))


def test_a_disk_image_may_be_signed_and_have_no_metadata() -> None:
    # So are those of x86 that OpenWrt publishes.
    content = with_block(gzip.compress(DISK, mtime=0), b"ucert" * 99, SIGNATURE)

    assert read_metadata(outline_of(content)) is None
    firmware = admit(outline_of(content), boards=("pc-engines-apu2",))
    assert (firmware.kind, firmware.boards) == ("gzip", ("pc-engines-apu2",))
    assert "say which boards" in refusal(content)
    damaged = content[:600] + bytes([content[600] ^ 1]) + content[601:]
    assert "checksum" in refusal(damaged, boards=("x",))
    # An image whose metadata was cut out before it was signed is none of those.
    rest = with_block(build_image()[:-40], b"ucert" * 99, SIGNATURE)
    assert "cut off or appended" in refusal(rest, boards=("x",))


def test_a_disk_image_may_have_metadata_after_the_gzip_stream() -> None:
    content = with_metadata(
        gzip.compress(DISK, mtime=0), {"supported_devices": ["x86"]}
    )
    firmware = admit(outline_of(content))
    assert (firmware.kind, firmware.boards) == ("gzip", ("x86",))


def test_boards_do_not_excuse_an_image_that_its_target_would_refuse() -> None:
    content = b"\x27\x05\x19\x56" + bytes(range(256)) * 9
    name = "openwrt-23.05.5-ath79-generic-tplink_x-squashfs-sysupgrade.bin"
    assert "ath79" in refusal(content, boards=(BOARD,), file_name=name)
    assert admit(outline_of(content), boards=(BOARD,)).kind == "uimage"


def test_boards_do_not_excuse_damage() -> None:
    for corrupt in ("truncated", "bit-flipped", "broken-json", "html", "empty"):
        assert refusal(build_image(corrupt=corrupt), boards=(BOARD,))


def test_boards_that_a_person_names_are_added() -> None:
    firmware = admit(outline_of(build_image(BOARD)), boards=("old-name", BOARD))
    assert firmware.boards == (BOARD, "old-name")


def test_the_target_is_read_from_the_name_of_the_file() -> None:
    assert target_of("openwrt-19.07.10-ramips-mt7621-x-sysupgrade.bin") == "ramips"
    assert target_of("openwrt-x86-64-generic-squashfs-combined.img.gz") is None


def test_kinds_are_told_by_their_first_bytes() -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("sysupgrade-x/CONTROL"), io.BytesIO())
    heads = {
        "uimage": b"\x27\x05\x19\x56",
        "fit": b"\xd0\x0d\xfe\xed",
        "squashfs": b"hsqs",
        "tar": archive.getvalue(),
        "disk": DISK,
        "unknown": b"\x01\x00\x00\x00TP-LINK Technologies",
    }
    for kind, head in heads.items():
        image = with_metadata(head + bytes(2000), {"supported_devices": [BOARD]})
        assert admit(outline_of(image)).kind == kind


@settings(max_examples=60, deadline=None)
@given(
    boards=st.lists(NAMES, min_size=1, max_size=5),
    compat_version=st.sampled_from([None, "1.0", "1.1", "2.0"]),
    revision=NAMES,
    size=st.sampled_from([0, 100, 5000, 70_000]),
    signature=st.none() | st.binary(max_size=SIGNATURE_BYTES_MAX),
    piece_bytes=st.sampled_from([1000, 4096, 1 << 16]),
)
def test_what_was_built_is_what_is_read(
    boards: list[str],
    compat_version: str | None,
    revision: str,
    size: int,
    signature: bytes | None,
    piece_bytes: int,
) -> None:
    image = build_image(
        boards[0],
        revision=revision,
        compat_version=compat_version,
        supported_devices=boards,
        size=size,
        signature=signature,
    )

    metadata = read_metadata(outline_of(image, piece_bytes))

    assert metadata is not None
    assert metadata.boards == tuple(boards)
    assert metadata.compat_version == (compat_version or "1.0")
    assert metadata.revision == revision
    assert metadata.signed == (signature is not None)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), signature=st.none() | st.just(b"signature" * 9))
def test_any_flipped_bit_is_refused(data: st.DataObject, signature: bytes) -> None:
    image = bytearray(build_image(size=3000, signature=signature))
    last = len(image) * 8 - 1
    # half of them in the last 200 bytes, where trailers and metadata are
    bit = data.draw(st.integers(0, last) | st.integers(last - 1600, last))
    image[bit // 8] ^= 1 << bit % 8
    refusal(bytes(image))


@settings(max_examples=200, deadline=None)
@given(cut_bytes=st.integers(1, 3000))
def test_an_image_cut_anywhere_is_refused(cut_bytes: int) -> None:
    refusal(build_image(size=3000)[:-cut_bytes])


@settings(max_examples=300, deadline=None)
@given(
    content=st.binary(max_size=300),
    ending=st.binary(max_size=60),
    kind=st.integers(0, 255),
    size=st.integers(0, 2**32 - 1) | st.integers(0, 400),
)
def test_arbitrary_bytes_are_read_or_refused_and_nothing_else(
    content: bytes, ending: bytes, kind: int, size: int
) -> None:
    crc = ~zlib.crc32(content) & 0xFFFFFFFF
    trailer = struct.pack(">4sIB3xI", b"FWx0", crc, kind, size)
    for file in (content, content + trailer, content + trailer + ending):
        for boards in ((), ("x",)):
            with suppress(InvalidError):
                assert admit(outline_of(file), boards=boards).boards


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["supported_devices", "compat_version", "version", "dist", "x"]
                ),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_arbitrary_json_is_read_or_refused_and_nothing_else(metadata: object) -> None:
    image = with_metadata(b"payload" * 9, metadata)
    with suppress(InvalidError):
        assert admit(outline_of(image)).boards
