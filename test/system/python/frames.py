"""Frames: docs/protocol.md, "Bytes"."""

import re
import zlib
from typing import NamedTuple

ZEROS = bytes(6)
FIRST, LAST, BYTES, DROP = 1, 2, 4, 8
# What the 3 digits of `length` leave for a payload.
LARGEST_FRAME = 2_097_143


class Damage(Exception):
    """Bytes that are dropped up to the next FLAG."""


# "Bytes": digits are a number in base 128, and wrap.
def digits(number: int, count: int) -> bytes:
    return bytes(number >> 7 * at & 0x7F for at in reversed(range(count)))


def from_digits(text: bytes) -> int:
    number = 0
    for digit in text:
        if digit > 0x7F:
            raise Damage('a digit above 0x7F')
        number = number << 7 | digit
    return number


def unwrapped(number: int, near: int, count: int) -> int:
    """What counts on, of which so many digits are known: the nearest to what it was."""
    span = 128**count
    ahead = (number - near) % span
    return near + (ahead if ahead < span // 2 else ahead - span)


# "Bytes", the table, and the sections "HELLO", "DATA", "STATUS" and "BYE".
class Hello(NamedTuple):
    line: bytes
    half: bytes
    seen: bytes = ZEROS
    other: bytes = ZEROS
    got: int = 0
    sent: int = 0
    clock: int = 0
    reliable: bool = False
    version: int = 2


class Data(NamedTuple):
    flags: int
    seq: int
    payload: bytes = b''
    number: int = 0
    total: int = 0


class Status(NamedTuple):
    next: int
    clock: int
    granted_requests: int
    granted_bytes: int
    spent_requests: int
    spent_bytes: int
    taken: bytes = b''
    ask: bool = False


class Bye(NamedTuple):
    seen: bytes
    code: int
    text: str = ''


Frame = Hello | Data | Status | Bye


def encode(frame: Frame, key: bytes = b'') -> bytes:
    """A frame with a FLAG on either side, escaped; `key` is of DATA and STATUS: the sender's half and the receiver's."""
    match frame:
        case Hello():
            head = 0x10
            body = bytes([frame.version, frame.reliable]) + frame.line + frame.seen + frame.half + frame.other
            body += digits(frame.got, 5) + digits(frame.sent, 5) + digits(frame.clock, 5)
        case Data():
            head = 0x20 | frame.flags
            body = digits(frame.seq, 2)
            if not is_whole(frame.flags):
                body += digits(frame.number, 2)
            if begins_pieces(frame.flags):
                body += digits(frame.total, 4)
            body += frame.payload
        case Status():
            head = 0x30 | frame.ask
            body = digits(frame.next, 2) + digits(frame.clock, 5) + digits(frame.granted_requests, 4)
            body += digits(frame.granted_bytes, 6) + digits(frame.spent_requests, 4) + digits(frame.spent_bytes, 6) + frame.taken
        case Bye():
            head = 0x40
            # At most 256 bytes, of whole characters.
            body = frame.seen + bytes([frame.code]) + frame.text.encode()[:256].decode(errors='ignore').encode()
    plain = bytes([head]) + digits(len(body), 3) + body
    plain += zlib.crc32(key + plain).to_bytes(4, 'big')
    return b'\xff' + plain.replace(b'\xfe', b'\xfe\x00').replace(b'\xff', b'\xfe\x01') + b'\xff'


def is_whole(flags: int) -> bool:
    return flags & (FIRST | LAST) == FIRST | LAST


def begins_pieces(flags: int) -> bool:
    return flags & (FIRST | LAST) == FIRST


def decode(escaped: bytes, key: bytes | None, largest: int) -> Frame:
    """What stands between two FLAGs; `key` is None before the other's half is known, `largest` our limit `frame`."""
    if re.search(rb'\xfe(?![\x00\x01])', escaped):
        raise Damage('an escape that is none')
    plain = escaped.replace(b'\xfe\x01', b'\xff').replace(b'\xfe\x00', b'\xfe')
    if len(plain) < 8 or len(plain) != 8 + from_digits(plain[1:4]):
        raise Damage('another length than it says')
    kind, flags = plain[0] >> 4, plain[0] & 0xF
    if kind not in (1, 2, 3, 4) or flags > {1: 0, 2: 15, 3: 1, 4: 0}[kind]:
        raise Damage('a head that is not in the table')
    frame_key = key if kind in (2, 3) else b''
    if frame_key is None or zlib.crc32(frame_key + plain[:-4]) != int.from_bytes(plain[-4:], 'big'):
        raise Damage('the CRC')
    fields = Fields(plain[4:-4])
    if kind == 1:
        return decode_hello(fields)
    if kind == 2:
        return decode_data(flags, fields, largest)
    if kind == 3:
        numbers = [fields.number(count) for count in (2, 5, 4, 6, 4, 6)]
        return Status(*numbers, taken=fields.rest(16), ask=flags == 1)
    seen, code = fields.bytes(6), fields.bytes(1)[0]
    try:
        return Bye(seen, code, fields.rest(256).decode())
    except UnicodeDecodeError:
        raise Damage('a text that is not UTF-8') from None


class Fields:
    """The fields of a frame, one after the other."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def bytes(self, count: int) -> bytes:
        if len(self.body) < count:
            raise Damage('a field that is missing')
        taken, self.body = self.body[:count], self.body[count:]
        return taken

    def number(self, count: int) -> int:
        return from_digits(self.bytes(count))

    def rest(self, most: int) -> bytes:
        if len(self.body) > most:
            raise Damage('more than a frame of this kind has')
        return self.body


def decode_hello(fields: Fields) -> Hello:
    version = fields.bytes(1)[0]
    if version != 2:
        return Hello(ZEROS, ZEROS, version=version)
    reliable = bool(fields.bytes(1)[0] & 1)
    line, seen, half, other = (fields.bytes(6) for _ in range(4))
    got, sent, clock = (fields.number(5) for _ in range(3))
    fields.rest(0)
    if ZEROS in (line, half):
        raise Damage('a nonce of zeros')
    return Hello(line, half, seen, other, got, sent, clock, reliable)


def decode_data(flags: int, fields: Fields, largest: int) -> Data:
    if flags & DROP and flags != DROP:
        raise Damage('DROP with another flag')
    seq = fields.number(2)
    number = 0 if is_whole(flags) else fields.number(2)
    total = fields.number(4) if begins_pieces(flags) else 0
    return Data(flags, seq, fields.rest(0 if flags == DROP else largest), number, total)


class Deframer:
    """Cuts what comes at its FLAGs; holds no more than the largest frame that may come, escaped."""

    def __init__(self, largest: int) -> None:
        self.most = 2 * (largest + 32)
        # None before the first FLAG of a line, and in what is too long.
        self.held: bytearray | None = None

    def feed(self, chunk: bytes) -> list[bytes]:
        *ended, rest = chunk.split(b'\xff')
        frames = []
        for piece in ended:
            self.hold(piece)
            if self.held:
                frames.append(bytes(self.held))
            self.held = bytearray()
        self.hold(rest)
        return frames

    def hold(self, piece: bytes) -> None:
        if self.held is not None and len(self.held) + len(piece) <= self.most:
            self.held += piece
        else:
            self.held = None
