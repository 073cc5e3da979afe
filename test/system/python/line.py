"""One stream of bytes, from its opening to its end: docs/protocol.md, "Sessions", "BYE" and "Heartbeat"."""

import asyncio
from typing import TYPE_CHECKING

from frames import ZEROS, Bye, Damage, Data, Deframer, Frame, Hello, Status, decode, encode
from receiving import Broken
from session import AtOdds, Session, nonce

if TYPE_CHECKING:
    from peer import Peer

# How often it is looked whether it is time for anything.
TICK = 0.01
# "Sessions", 6: how many are "a few at a time".
ANSWERS_AT_ONCE = 3


class Line(asyncio.Protocol):
    def __init__(self, peer: 'Peer') -> None:
        self.peer = peer
        self.nonce = nonce()
        self.seen = ZEROS
        self.has_agreed = False
        # A DATA or STATUS of the session came on this line.
        self.was_heard = False
        self.is_open = False
        self.closed = asyncio.Event()
        self.is_writable = True
        self.owes_answer = False
        self.deframer = Deframer(peer.limits['frame'])
        now = peer.now()
        self.heard_at = self.asked_at = now
        self.hello_at, self.hello_pause = now, 0.1
        self.answers_left, self.answers_at = float(ANSWERS_AT_ONCE), now
        self.resent_at, self.resent_pause = now - 10, 0.0
        self.blocked_since: float | None = None

    @property
    def session(self) -> Session:
        return self.peer.session

    # asyncio's side.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self.is_open = True
        self.peer.line_opened(self)
        self.tick()

    def connection_lost(self, error: Exception | None) -> None:
        self.has_agreed = self.is_open = False
        self.closed.set()
        self.peer.line_lost(self)

    def pause_writing(self) -> None:
        self.is_writable = False

    def resume_writing(self) -> None:
        self.is_writable = True
        # asyncio is in the middle of a write, and loses its head over another that fails.
        asyncio.get_running_loop().call_soon(self.go_on)

    def go_on(self) -> None:
        if self.owes_answer:
            self.answer(self.peer.now())
        self.pump()

    def data_received(self, chunk: bytes) -> None:
        for piece in self.deframer.feed(chunk):
            if not self.is_open:
                return
            try:
                frame = decode(piece, self.session.key, self.peer.limits['frame'])
            except Damage:
                self.peer.counters['damaged'] += 1
                continue
            self.heard_at = self.peer.now()
            try:
                self.take(frame, self.heard_at)
            except Broken as error:
                self.end(error.code, str(error))
            except AtOdds:
                self.start_anew(self.heard_at)
        self.pump()

    def take(self, frame: Frame, now: float) -> None:
        match frame:
            case Hello():
                self.on_hello(frame, now)
            case Bye():
                self.on_bye(frame)
            # "Sessions", 10.
            case Data() if self.has_agreed:
                self.was_heard = True
                self.session.receiving.data(frame, now)
            case Status() if self.has_agreed:
                self.was_heard = True
                self.session.on_status(frame, self.peer.clock(), now)

    def write(self, frame: Frame) -> None:
        self.write_bytes(encode(frame, self.session.sending.key if isinstance(frame, (Data, Status)) else b''))

    def write_bytes(self, frame: bytes) -> None:
        # One that is gone, and has not said so yet, takes nothing more.
        if not self.transport.is_closing():
            self.transport.write(frame)

    def tick(self) -> None:
        if not self.is_open:
            return
        now = self.peer.now()
        if not self.has_agreed:
            # "Sessions", 1.
            if now >= self.hello_at and self.is_writable:
                self.say_hello(now)
                self.hello_pause = min(5, 2 * self.hello_pause)
        else:
            self.look_for_silence(now)
            if self.session.sending.is_reliable:
                self.session.sending.look_at_time(now)
            # "Flow control": what told of credit or room may have been lost.
            if self.blocked_since is not None and now - self.blocked_since >= 1:
                self.blocked_since = now
                self.say_status(ask=True)
            self.peer.tick(now)
            self.pump()
        asyncio.get_running_loop().call_later(TICK, self.tick)

    # "Heartbeat".
    def look_for_silence(self, now: float) -> None:
        beat = self.peer.limits['heartbeatMs'] / 1000
        silence = now - self.heard_at
        if beat and silence >= 2 * beat:
            self.peer.counters['silent'] += 1
            self.transport.abort()
        elif beat and silence >= beat and now - max(self.asked_at, self.heard_at) >= beat / 16:
            self.asked_at = now
            self.say_status(ask=True)

    # "Sessions", 1.
    def say_hello(self, now: float) -> None:
        session = self.session
        counts = (session.receiving.got, session.sending.sent, self.peer.clock())
        self.write(Hello(self.nonce, session.half, self.seen, session.other, *counts, reliable=self.peer.is_reliable))
        self.hello_at = now + self.hello_pause

    # "Sessions", 2 to 7.
    def on_hello(self, hello: Hello, now: float) -> None:
        if hello.version != 2:
            self.write(Bye(self.seen, 4, 'version 2 is spoken here'))
            return
        if hello.line == self.nonce or hello.half == self.session.half:
            return
        is_at_odds = self.session.is_at_odds(hello)
        if is_at_odds:
            self.peer.end_session('the other side was restarted, or put back')
            self.has_agreed, self.hello_pause = False, 0.1
        elif self.has_agreed and hello.line != self.seen:
            if not self.may_send_again(now):
                return
            self.has_agreed, self.was_heard, self.hello_pause = False, False, 0.1
        had_agreed = self.has_agreed
        session = self.session
        is_new_line = hello.line != self.seen
        is_new = is_new_line or hello.half != session.other
        session.other, self.seen = hello.half, hello.line
        session.note_clock(hello.clock, self.peer.clock())
        is_right = hello.seen == self.nonce and hello.other == session.half
        if is_right and not is_at_odds and not self.has_agreed:
            self.agree(hello, now)
            is_new = True
        if is_new_line:
            self.answers_left = ANSWERS_AT_ONCE
        if is_new or hello.seen != self.nonce or had_agreed and self.may_answer(now):
            self.answer(now)

    def may_answer(self, now: float) -> bool:
        """At most 16 times a second, a few at a time."""
        self.answers_left = min(ANSWERS_AT_ONCE, self.answers_left + 16 * (now - self.answers_at))
        self.answers_at = now
        if self.answers_left < 1:
            return False
        self.answers_left -= 1
        return True

    def answer(self, now: float) -> None:
        if not self.is_writable:
            self.owes_answer = True
            return
        self.owes_answer = False
        self.say_hello(now)
        if self.has_agreed and not self.was_heard and self.may_send_again(now):
            self.session.sending.resume()

    def may_send_again(self, now: float) -> bool:
        """At once, then after pauses that double; not while what was sent again before is not taken by the line."""
        if now - self.resent_at >= 10:
            self.resent_pause = 0
        if now - self.resent_at < self.resent_pause or not self.is_writable:
            return False
        self.resent_at, self.resent_pause = now, min(2.5, max(0.05, 2 * self.resent_pause))
        return True

    def agree(self, hello: Hello, now: float) -> None:
        session = self.session
        is_first = not session.was_agreed
        self.peer.counters['sessions' if is_first else 'resumed'] += 1
        session.agree(hello, self.peer.is_reliable or hello.reliable, now)
        self.has_agreed = True
        self.peer.stop_keeping()
        if is_first:
            self.peer.tell_limits(now)

    # "Sessions", 9 and 3.
    def start_anew(self, now: float) -> None:
        self.peer.end_session('the other side was put back')
        self.has_agreed, self.hello_pause = False, 0.1
        self.say_hello(now)

    # "BYE".
    def on_bye(self, bye: Bye) -> None:
        if bye.seen == self.nonce or bye.code == 4 and not self.has_agreed:
            self.peer.heard('bye', {'code': bye.code, 'text': bye.text})
            self.peer.end_session(f'the other side has said BYE {bye.code}: {bye.text}')
            self.close()

    def end(self, code: int, text: str) -> None:
        self.write(Bye(self.seen, code, text))
        self.peer.end_session(text)
        # The other side closes when it has read that: what it writes meanwhile must not fail, as the BYE might be lost with it.
        self.has_agreed = self.is_open = False
        self.transport.write_eof()
        asyncio.get_running_loop().call_later(1, self.transport.abort)

    def close(self) -> None:
        self.has_agreed = self.is_open = False
        self.transport.close()

    # What is to be sent, in its order: what is sent again, STATUS, and messages.
    def pump(self) -> None:
        now = self.peer.now()
        while self.is_open and self.has_agreed and self.is_writable:
            status_at = self.session.receiving.status_at
            if status_at is not None and status_at <= now and not self.session.sending.due:
                self.say_status(ask=False)
            frame = self.session.sending.next(now)
            if frame is None:
                is_blocked = self.session.sending.is_waiting
                self.blocked_since = (self.blocked_since or now) if is_blocked else None
                return
            self.write_bytes(frame)

    def say_status(self, ask: bool) -> None:
        self.write(self.session.status(self.peer.clock(), ask))
