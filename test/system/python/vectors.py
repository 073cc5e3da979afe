"""Reads test/vectors from standard input, and says what this implementation makes of each: test/vectors/README.md."""

import json
import sys
from typing import Any

import frames
import messages

NONCES = ('line', 'seen', 'half', 'other')
FLAGS = {'first': frames.FIRST, 'last': frames.LAST, 'bytes': frames.BYTES, 'drop': frames.DROP}
KINDS = {'hello': frames.Hello, 'data': frames.Data, 'status': frames.Status, 'bye': frames.Bye}


def read(stream: bytes, key: bytes) -> list[dict[str, Any] | None]:
    """The frames between FLAGS; None is one that is dropped."""
    taken: list[dict[str, Any] | None] = []
    for piece in frames.Deframer(65_536).feed(stream):
        try:
            taken.append(as_vector(frames.decode(piece, key, 65_536)))
        except frames.Damage:
            taken.append(None)
    return taken


def as_vector(frame: frames.Frame) -> dict[str, Any]:
    fields = frame._asdict()
    kind = next(name for name, kind in KINDS.items() if isinstance(frame, kind))
    if isinstance(frame, frames.Data):
        flags = fields.pop('flags')
        fields |= {name: bool(flags & bit) for name, bit in FLAGS.items()}
        if frames.is_whole(flags):
            del fields['number']
        if not frames.begins_pieces(flags):
            del fields['total']
    named = {camel(name): '' if name in NONCES and value == frames.ZEROS else value for name, value in fields.items()}
    return {'kind': kind} | {name: value.hex() if isinstance(value, bytes) else value for name, value in named.items()}


def from_vector(vector: dict[str, Any]) -> frames.Frame:
    kind = KINDS[vector['kind']]
    fields = {name: bytes.fromhex(value) if name in ('payload', 'taken') else value for name, value in vector.items()}
    fields |= {name: bytes.fromhex(value) or frames.ZEROS for name, value in vector.items() if name in NONCES}
    if kind is frames.Data:
        fields['flags'] = sum(bit for name, bit in FLAGS.items() if fields[name])
    return kind(**{name: fields[camel(name)] for name in kind._fields if camel(name) in fields})


def camel(name: str) -> str:
    first, *rest = name.split('_')
    return first + ''.join(part.title() for part in rest)


def key_of(vector: dict[str, Any]) -> bytes:
    return bytes.fromhex(vector.get('from', '') + vector.get('to', ''))


def of_frame(vector: dict[str, Any]) -> dict[str, Any]:
    key = key_of(vector)
    written = frames.encode(from_vector(vector['frame']), key)
    return {'read': read(bytes.fromhex(vector['hex']), key), 'hex': written.hex()}


def with_hex(value: Any) -> Any:
    """Byte strings as {"$hex": digits}."""
    if isinstance(value, bytes):
        return {'$hex': value.hex()}
    if isinstance(value, dict):
        return {name: with_hex(each) for name, each in value.items()}
    return [with_hex(each) for each in value] if isinstance(value, list) else value


def of_message(vector: dict[str, Any]) -> dict[str, Any]:
    payload = bytes.fromhex(vector['hex'])
    try:
        message = messages.decode(payload, vector['bytes'])
    except messages.Dropped:
        return {'outcome': 'dropped'}
    except messages.Refused as error:
        return {'outcome': 'refused', 'id': error.id, 'error': error.code}
    except messages.Unusable as error:
        return {'outcome': 'fails', 'id': error.id}
    written, has_bytes = messages.encode(message)
    return {'message': with_hex(message), 'hex': written.hex(), 'bytes': has_bytes}


def main() -> None:
    vectors = json.load(sys.stdin)
    bye = frames.encode(frames.Bye(frames.ZEROS, 1))
    said = {
        'frames': [of_frame(each) for each in vectors['frames']],
        'dropped': [
            ['dropped' if one is None else one['kind'] for one in read(bye + bytes.fromhex(each['hex']) + bye, key_of(each))]
            for each in vectors['dropped']
        ],
        'messages': [of_message(each) for each in vectors['messages']],
        'refused': [of_message(each) for each in vectors['refused']],
    }
    json.dump(said, sys.stdout)


main()
