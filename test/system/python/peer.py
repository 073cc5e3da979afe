"""A peer: its lines, its session and what its messages mean: docs/protocol.md, "Sessions" and "Messages"."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from calls import Calls
from frames import ZEROS
from handlers import Handler, Handlers
from line import Line
from messages import CODES, DEFAULTS, Dropped, Limits, Message, Refused, Unusable, decode, encode, is_counted, limits_of
from sending import ANSWER, CONTROL, LIMITS, REQUEST, Outgoing
from session import Session


class Peer:
    def __init__(
        self,
        methods: dict[str, Handler],
        heard: Callable[[str, Any], None],
        is_reliable: bool = False,
        limits: Limits = DEFAULTS,
        requests: int = 256,
    ) -> None:
        self.limits = limits
        self.is_reliable = is_reliable
        # Told of notifications, of a BYE, and of lines that come and go.
        self.heard = heard
        self.counters: Counter[str] = Counter()
        self.calls = Calls(self)
        self.handlers = Handlers(self, methods, requests)
        self.line: Line | None = None
        self.session = self.new_session()
        # The limits of both sides are known.
        self.is_up = asyncio.Event()
        self.limits_at = 0.0
        self.keeping: asyncio.TimerHandle | None = None

    def now(self) -> float:
        return time.monotonic()

    def clock(self) -> int:
        return int(self.now() * 1000)

    def new_session(self) -> Session:
        return Session(self.limits, self.handlers.most, self.handlers.most_bytes, self.deliver)

    # "Sessions".
    def line_opened(self, line: Line) -> None:
        if self.line is not None:
            # The newest is the one that the other side has.
            self.line.transport.abort()
        self.line = line

    def line_lost(self, line: Line) -> None:
        if self.line is not line:
            return
        self.line = None
        # "Sessions", 8; a line that comes and goes without agreement changes nothing.
        if self.keeping is None:
            keep_ms = min(self.limits['keepMs'], (self.session.sending.theirs or self.limits)['keepMs'])
            self.keeping = asyncio.get_running_loop().call_later(keep_ms / 1000, self.end_session, 'no line for too long')
        self.heard('line-lost', None)

    def stop_keeping(self) -> None:
        if self.keeping is not None:
            self.keeping.cancel()
            self.keeping = None

    def end_session(self, why: str) -> None:
        self.stop_keeping()
        if self.session.was_agreed:
            self.session = self.new_session()
            self.is_up.clear()
            self.calls.session_over(why)
            self.handlers.session_over()
        else:
            self.session.other = ZEROS

    def tell_limits(self, now: float, again: bool = False) -> None:
        self.limits_at = now
        self.send({'method': '$/limits', 'params': self.limits | ({'again': 1} if again else {})}, rank=LIMITS)

    def tick(self, now: float) -> None:
        if self.session.sending.theirs is not None:
            self.calls.tick(now)
        elif not self.session.sending.is_reliable and now - self.limits_at >= 1:
            self.tell_limits(now, again=True)

    # "Messages".
    def send(
        self,
        message: Message,
        urgency: int = 2,
        rank: int = CONTROL,
        chain: deque[Outgoing] | None = None,
    ) -> Outgoing:
        payload, has_bytes = encode(message, self.session.sending.theirs or DEFAULTS)
        counted = 'method' in message and is_counted(message)
        outgoing = Outgoing(payload, has_bytes, urgency, rank, counted, chain)
        self.session.sending.put(outgoing)
        if self.line is not None:
            # Not at once: it may be of what is being read.
            asyncio.get_running_loop().call_soon(self.line.pump)
        return outgoing

    def answer_error(self, id: str, code: str, text: str, urgency: int = 1) -> None:
        self.send({'id': id, 'error': {'code': CODES[code], 'message': text}}, urgency, ANSWER)

    def notify(self, method: str, params: Any) -> None:
        self.send({'method': method, 'params': params}, 1, REQUEST)

    def deliver(self, payload: bytes, has_bytes: bool) -> None:
        size, receiving = len(payload), self.session.receiving
        try:
            message = decode(payload, has_bytes, self.limits)
        except Dropped:
            self.counters['dropped'] += 1
        except Refused as error:
            if is_counted(error.message):
                receiving.count(size)
                receiving.free(size)
            self.answer_error(error.id, error.code, str(error))
        except Unusable as error:
            self.calls.fail(error.id, 'INVALID_RESPONSE', str(error))
        else:
            if 'method' not in message:
                self.calls.answered(message)
            elif 'id' in message:
                self.handlers.asked(message, size)
            else:
                self.told(message, size)

    def told(self, message: Message, size: int) -> None:
        method, params = message['method'], message.get('params')
        match method:
            case '$/limits':
                self.told_limits(params)
            case '$/cancel':
                self.handlers.cancelled(params['id'])
            case '$/progress':
                self.calls.progress(params)
            case '$/item':
                self.calls.item(params, size)
            case '$/more':
                self.handlers.more(params)
            case _ if not method.startswith('$/'):
                self.session.receiving.count(size)
                self.session.receiving.free(size)
                self.heard('notification', {'method': method, 'params': params})

    # "Sessions": the first of them count; one that is told again is answered.
    def told_limits(self, params: Message) -> None:
        if self.session.sending.theirs is None:
            self.session.sending.theirs = limits_of(params)
            self.is_up.set()
        if params.get('again') == 1:
            self.tell_limits(self.now())
