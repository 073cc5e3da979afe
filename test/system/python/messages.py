"""Messages: docs/protocol.md, "Messages"."""

import json
import re
from collections.abc import Callable
from typing import Any, TypedDict

from frames import Damage, digits, from_digits

Message = dict[str, Any]

# docs/errors.md, "Codes".
CODES = {
    'PARSE_ERROR': -32700,
    'INVALID_REQUEST': -32600,
    'METHOD_NOT_FOUND': -32601,
    'INVALID_PARAMS': -32602,
    'HANDLER_FAILED': -32603,
    'BUSY': -32010,
    'STOPPING': -32011,
    'TIMEOUT': -32012,
    'MESSAGE_TOO_LARGE': -32013,
    'EXPIRED': -32014,
    'CANCELLED': -32800,
}


class Limits(TypedDict):
    frame: int
    message: int
    messages: int
    depth: int
    method: int
    streams: int
    keepMs: int
    heartbeatMs: int


# "Limits": what is missing, or is no such number, has the default; the least that every side takes.
DEFAULTS = Limits(
    frame=65_536,
    message=16_777_216,
    messages=8,
    depth=128,
    method=256,
    streams=64,
    keepMs=30_000,
    heartbeatMs=5_000,
)
LEAST = {'frame': 256, 'message': 1024, 'messages': 1, 'depth': 3, 'method': 10}


def limits_of(params: Message) -> Limits:
    told = {name: int(params[name]) if is_count(params.get(name)) else default for name, default in DEFAULTS.items()}
    return Limits(**{name: max(value, LEAST.get(name, 0)) for name, value in told.items()})


class Dropped(Exception):
    """A message that nobody can be told of."""


class Refused(Exception):
    """A request that is answered with the error of that code."""

    def __init__(self, message: Message, code: str, why: str) -> None:
        super().__init__(why)
        self.message, self.id, self.code = message, message['id'], code


class Unusable(Exception):
    """A response to `id` that is an answer all the same: its call has failed."""

    def __init__(self, id: str, why: str) -> None:
        super().__init__(why)
        self.id = id


class Unsendable(Exception):
    """What goes beyond the other side's limits, or is no JSON, is not sent; an answer is, as an error of that code."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


# "Byte strings".
def encode(message: Message, limits: Limits = DEFAULTS) -> tuple[bytes, bool]:
    """A payload, and whether it has the flag BYTES."""
    found: list[tuple[str, bytes]] = []

    def without(value: Any, pointer: str, depth: int) -> Any:
        if isinstance(value, bytes):
            found.append((pointer, value))
            return None
        if isinstance(value, (dict, list)) and depth == limits['depth']:
            raise Unsendable('HANDLER_FAILED', 'nested deeper than the other side takes')
        if isinstance(value, dict):
            return {key: without(each, f'{pointer}/{escaped(key)}', depth + 1) for key, each in value.items()}
        if isinstance(value, list):
            return [without(each, f'{pointer}/{at}', depth + 1) for at, each in enumerate(value)]
        return value

    plain = without(message, '', 0)
    if len(found) > 1024:
        raise Unsendable('HANDLER_FAILED', 'more than 1024 byte strings')
    if len(units(message.get('method', ''))) > limits['method']:
        raise Unsendable('HANDLER_FAILED', 'a longer method than the other side takes')
    if found:
        plain['bytes'] = [[pointer, len(value)] for pointer, value in found]
    text = to_json(plain)
    payload = b''.join([digits(len(text), 4), text, *(value for _, value in found)]) if found else text
    if len(payload) > limits['message']:
        raise Unsendable('MESSAGE_TOO_LARGE', 'longer than the other side takes')
    return payload, bool(found)


def escaped(key: str) -> str:
    return key.replace('~', '~0').replace('/', '~1')


def units(text: str) -> bytes:
    """A byte for each character, as UTF-16 counts them."""
    return text.encode('utf-16-le', 'surrogatepass')[::2]


def to_json(value: Message) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(',', ':'), allow_nan=False).encode()
    except UnicodeEncodeError:
        # Half a surrogate pair is no UTF-8.
        return json.dumps(value, separators=(',', ':'), allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise Unsendable('HANDLER_FAILED', str(error)) from None


def decode(payload: bytes, has_bytes: bool, limits: Limits = DEFAULTS) -> Message:
    """A message that is as it should be; raises Dropped, Refused or Unusable."""
    text, strings = payload, b''
    if has_bytes:
        try:
            end = 4 + from_digits(payload[:4])
        except Damage:
            raise Dropped('no length of the JSON') from None
        if end > len(payload) or end < 4:
            raise Dropped('less than its JSON says')
        text, strings = payload[4:end], payload[end:]
    try:
        message = json.loads(text.decode(), parse_constant=no_constant)
    except (ValueError, RecursionError):
        raise Dropped('no JSON') from None
    if not isinstance(message, dict):
        raise Dropped('no object')
    if is_deeper(message, limits['depth']):
        raise Dropped('nested too deep')
    why = None
    try:
        if has_bytes:
            put_back(message, strings)
    except ValueError as error:
        why = str(error)
    check(message, limits['method'], why)
    return message


def no_constant(name: str) -> None:
    raise ValueError(name)


def is_deeper(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most):
        values = [each for one in level for each in (one.values() if isinstance(one, dict) else one)]
        level = [each for each in values if isinstance(each, (dict, list))]
    return bool(level)


def put_back(message: Message, strings: bytes) -> None:
    """Puts byte strings where they belong; raises ValueError where they belong nowhere."""
    places, at = message.get('bytes'), 0
    if not isinstance(places, list) or len(places) > 1024:
        raise ValueError('no list of byte strings')
    for place in places:
        match place:
            case [str(pointer), length] if pointer.startswith('/') and is_count(length):
                *parts, last = pointer[1:].split('/')
            case _:
                raise ValueError('no pointer and length')
        where: Any = message
        for part in parts:
            where = where[key_of(where, part)]
        key = key_of(where, last)
        # Where a byte string stands already, there is no null any more: so no place is there twice.
        if where[key] is not None or at + length > len(strings):
            raise ValueError('no null, or fewer bytes than it says')
        where[key] = strings[at : at + length]
        at += length
    if at != len(strings):
        raise ValueError('more bytes than it says')
    del message['bytes']


def key_of(where: Any, part: str) -> Any:
    if re.search('~(?![01])', part):
        raise ValueError('no JSON Pointer')
    key = part.replace('~1', '/').replace('~0', '~')
    if isinstance(where, dict) and key in where:
        return key
    if isinstance(where, list) and re.fullmatch('0|[1-9][0-9]*', key) and int(key) < len(where):
        return int(key)
    raise ValueError('no such place')


def is_count(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 and value // 1 == value


def is_tag(value: Any) -> bool:
    return isinstance(value, str) and len(units(value)) <= 64


def fits(value: Any, fields: dict[str, Callable[[Any], bool]]) -> bool:
    return isinstance(value, dict) and all(name in value and is_right(value[name]) for name, is_right in fields.items())


# "Messages", the table: what the protocol's own notifications have.
OWN: dict[str, dict[str, Callable[[Any], bool]]] = {
    '$/limits': {},
    '$/cancel': {'id': is_tag},
    '$/progress': {'id': is_tag, 'value': lambda _: True},
    '$/item': {'id': is_tag, 'at': is_count, 'value': lambda _: True},
    '$/more': {'id': is_tag, 'items': is_count, 'bytes': is_count},
}


def check(message: Message, longest: int, why: str | None) -> None:
    """Raises what becomes of a message that is not as it should be; `why` is what is wrong with its byte strings."""
    id, method = message.get('id'), message.get('method')
    is_method = isinstance(method, str) and len(units(method)) <= longest
    if 'method' in message and 'id' not in message:
        if why or not is_method or method in OWN and not fits(message.get('params'), OWN[method]):
            raise Dropped('a notification that is none')
    elif not is_tag(id):
        raise Dropped('no usable id')
    elif 'method' in message:
        if why or not is_method or not is_request(message):
            raise Refused(message, 'INVALID_REQUEST', why or 'a request that is none')
        if method == '$/status' and not fits(message.get('params'), {'id': is_tag}):
            raise Refused(message, 'INVALID_PARAMS', '$/status of nothing')
    elif why or not is_response(message):
        raise Unusable(id, why or 'a response that is none')


def is_request(message: Message) -> bool:
    wants = message.get('wants', 'progress')
    return (
        is_count(message.get('deadline', 0))
        and message.get('urgency', 1) in (0, 1, 2)
        and isinstance(message.get('nested', False), bool)
        and (wants == 'progress' or fits(wants, {'items': is_count, 'bytes': is_count}))
    )


def is_counted(message: Message) -> bool:
    """"Flow control": whether it needs credit."""
    return message.get('nested') is not True and not str(message.get('method')).startswith('$/')


def is_response(message: Message) -> bool:
    if ('result' in message) == ('error' in message) or not is_count(message.get('items', 0)):
        return False
    return 'result' in message or fits(message['error'], {'code': is_integer, 'message': lambda text: isinstance(text, str)})


def is_integer(value: Any) -> bool:
    return isinstance(value, (int, float)) and is_count(abs(value))
