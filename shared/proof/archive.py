"""The container of a bundle: a ZIP archive whose members are stored as they are, written and read without a folder.

What is stored and not compressed has the same bytes wherever it is written, can be read from any place in it, and is no
larger than it looks: there is no bomb to unpack. Nothing is ever unpacked to a disk either.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

MOST_MEMBERS = 1000
LARGEST_DIRECTORY = 256 * 1024
"""Bytes of the list of members at the archive's end."""
WRITTEN = (1980, 1, 1, 0, 0, 0)
"""The one time that members bear: ZIP's earliest."""

_END, _END_SIZE = b"PK\x05\x06", 22
_LOCATOR, _LOCATOR_SIZE = b"PK\x06\x07", 20
_WIDE_END, _WIDE_END_SIZE = b"PK\x06\x06", 56
_LOCAL, _LOCAL_SIZE = b"PK\x03\x04", 30
_ENCRYPTED = 0x1
_TAIL = _END_SIZE + _LOCATOR_SIZE + _WIDE_END_SIZE


class BadBundle(ValueError):
    """What is no bundle, or cannot be read as one; one sentence."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside an archive: where its bytes begin, and how many there are."""

    begin: int
    size: int


def pieces(members: Iterable[tuple[str, Iterable[bytes]]], *, wide: frozenset[str] = frozenset()) -> Iterator[bytes]:
    """Give an archive of these members, in this order, piece by piece; the `wide` ones may pass 4 GiB."""
    pipe = _Pipe()
    with ZipFile(pipe, "w", ZIP_STORED) as archive:
        for name, parts in members:
            with archive.open(_info(name), "w", force_zip64=name in wide) as member:
                for part in parts:
                    member.write(part)
                    yield pipe.taken()
    yield pipe.taken()


def _info(name: str) -> ZipInfo:
    info = ZipInfo(name, WRITTEN)
    info.create_system = 3  # Unix, whatever wrote it
    info.external_attr = 0o100644 << 16
    return info


class _Pipe:
    """Where an archive is written to that is sent on at once: there is no going back in it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Take some more."""
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """There is nothing to close."""

    def taken(self) -> bytes:
        """Give what has come since the last time."""
        whole, self._parts = b"".join(self._parts), []
        return whole


def members(file: BinaryIO) -> Mapping[str, Member]:
    """Find the members of an archive in a file that can be read from any place.

    :raises BadBundle: no archive, cut short, or one that two readers could understand differently
    """
    size = file.seek(0, 2)
    _check_end(file, size)
    file.seek(0)
    try:
        with ZipFile(file) as archive:
            listed = archive.infolist()
    except (BadZipFile, OSError, ValueError, EOFError, OverflowError, struct.error, NotImplementedError) as error:
        raise BadBundle(f"The archive cannot be read ({error}).") from error
    found: dict[str, Member] = {}
    for info in listed:
        if info.filename in found:
            raise BadBundle(f"The archive has {shown(info.filename)} twice.")
        found[info.filename] = _member(file, info)
    _check_apart(found, size)
    return found


def shown(name: str) -> str:
    """Give a member's name as it can be printed."""
    return repr(name[:60])


def _check_end(file: BinaryIO, size: int) -> None:
    """See that the archive ends where the file does, and that its list of members can be read into memory."""
    file.seek(max(0, size - _TAIL))
    tail = file.read(_TAIL)
    end = tail[-_END_SIZE:]
    if len(end) < _END_SIZE or not end.startswith(_END) or end[-2:] != b"\0\0":
        raise BadBundle("This is no bundle, or one that was cut short: it does not end as a ZIP archive does.")
    counts = list(struct.unpack("<HHHHL", end[4:16]))
    directory = counts.pop()
    if tail[:-_END_SIZE][-_LOCATOR_SIZE:].startswith(_LOCATOR):
        wide = tail[:_WIDE_END_SIZE]
        if not wide.startswith(_WIDE_END):
            raise BadBundle("The archive's end cannot be read: it was changed.")
        counts += struct.unpack("<QQ", wide[24:40])
        directory = max(directory if directory != 0xFFFFFFFF else 0, struct.unpack("<Q", wide[40:48])[0])
    if max(counts) > MOST_MEMBERS or directory > LARGEST_DIRECTORY:
        raise BadBundle(f"The archive lists more than {MOST_MEMBERS} members: a bundle does not.")


def _member(file: BinaryIO, info: ZipInfo) -> Member:
    """Find a member's bytes by its own header, which must say what the list says."""
    name = shown(info.filename)
    if info.compress_type != ZIP_STORED or info.compress_size != info.file_size:
        raise BadBundle(f"The member {name} is compressed: a bundle's are stored as they are.")
    if info.flag_bits & _ENCRYPTED:
        raise BadBundle(f"The member {name} is encrypted: a bundle's are stored as they are.")
    file.seek(max(0, info.header_offset))
    header = file.read(_LOCAL_SIZE) if info.header_offset >= 0 else b""
    if len(header) < _LOCAL_SIZE or not header.startswith(_LOCAL):
        raise BadBundle(f"The member {name} is not where the archive says.")
    named, extra = struct.unpack("<HH", header[26:30])
    own = file.read(named)
    if own not in (info.filename.encode(), info.orig_filename.encode()):
        raise BadBundle(f"The member {name} has another name where it stands: {shown(own.decode('utf-8', 'replace'))}.")
    return Member(info.header_offset + _LOCAL_SIZE + named + extra, info.file_size)


def _check_apart(found: Mapping[str, Member], size: int) -> None:
    """See that no byte is two members'."""
    at = 0
    for member in sorted(found.values(), key=lambda each: each.begin):
        if member.begin < at or member.begin + member.size > size:
            raise BadBundle("Members of the archive lie one over the other, or beyond its end.")
        at = member.begin + member.size
