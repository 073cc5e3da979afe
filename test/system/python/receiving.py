"""What a side takes in a session: docs/protocol.md, "DATA", "Reliable or plain" and "Flow control"."""

from collections.abc import Callable
from dataclasses import dataclass

from frames import BYTES, DROP, FIRST, LAST, Data, is_whole, unwrapped
from messages import Limits
from sending import WORK


class Broken(Exception):
    """What ends the session with a BYE of that code."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass
class Pieces:
    """A message that has begun and not ended."""

    total: int
    flags: int
    parts: list[bytes]
    size: int
    # It began before a gap, in which it may have ended.
    is_doubtful: bool = False


class Receiving:
    """Frames come in, messages go to `deliver`, with whether they have byte strings."""

    def __init__(self, limits: Limits, requests: int, size: int, deliver: Callable[[bytes, bool], None]) -> None:
        self.limits = limits
        self.deliver = deliver
        self.is_reliable = False
        self.got = 0
        # Frames that wait for those before them.
        self.ahead: dict[int, Data] = {}
        self.begun: dict[int, Pieces] = {}
        # What was taken since the last STATUS, and when the next is due.
        self.frames_since = 0
        self.bytes_since = 0
        self.status_at: float | None = None
        # Credit: what may wait here, what came, what of that waits no more, and what was announced.
        self.requests = requests
        self.bytes = size
        self.came_requests = 0
        self.came_bytes = 0
        self.freed_requests = 0
        self.freed_bytes = 0
        self.told_requests = 0
        self.told_bytes = 0

    # "Reliable or plain".
    def data(self, frame: Data, now: float) -> None:
        seq = unwrapped(frame.seq, self.got, 2)
        if not self.is_reliable:
            self.plain(seq, frame, now)
        elif seq < self.got or seq in self.ahead:
            self.status_due(now)
        elif seq - self.got <= 128:
            self.ahead[seq] = frame
            while self.got in self.ahead:
                self.take(self.ahead.pop(self.got))
            self.status_due(now if self.ahead or self.frames_since >= 8 else now + 0.025)

    def plain(self, seq: int, frame: Data, now: float) -> None:
        if seq < self.got:
            return
        if seq > self.got:
            for message in self.begun.values():
                message.is_doubtful = True
        self.got = seq
        self.take(frame)
        if self.frames_since >= 64 or self.bytes_since >= 24 * 1024:
            self.status_due(now)

    def status_due(self, when: float) -> None:
        self.status_at = when if self.status_at is None else min(when, self.status_at)

    # "DATA": pieces come together.
    def take(self, frame: Data) -> None:
        self.got += 1
        self.frames_since += 1
        self.bytes_since += len(frame.payload)
        if is_whole(frame.flags):
            self.whole(frame.payload, frame.flags)
        elif frame.flags == DROP or not frame.payload:
            self.begun.pop(frame.number, None)
        elif frame.flags & FIRST:
            self.first(frame)
        elif frame.number in self.begun:
            self.more(frame, self.begun[frame.number])

    def first(self, frame: Data) -> None:
        self.begun.pop(frame.number, None)
        if frame.total > self.limits['message']:
            raise Broken(2, 'a message is longer than was allowed')
        doubtful = [number for number, message in self.begun.items() if message.is_doubtful]
        if len(self.begun) - len(doubtful) >= self.limits['messages']:
            raise Broken(2, 'more messages have begun than was allowed')
        if len(self.begun) >= self.limits['messages']:
            del self.begun[doubtful[0]]
        self.begun[frame.number] = Pieces(frame.total, frame.flags, [frame.payload], len(frame.payload))

    def more(self, frame: Data, message: Pieces) -> None:
        message.parts.append(frame.payload)
        message.size += len(frame.payload)
        is_wrong = message.size > message.total or (frame.flags ^ message.flags) & BYTES
        if is_wrong or frame.flags & LAST:
            del self.begun[frame.number]
        if not is_wrong and frame.flags & LAST and message.size == message.total:
            self.whole(b''.join(message.parts), message.flags)

    def whole(self, payload: bytes, flags: int) -> None:
        if len(payload) > self.limits['message']:
            raise Broken(2, 'a message is longer than was allowed')
        self.deliver(payload, bool(flags & BYTES))

    # "Flow control".
    def count(self, size: int) -> None:
        """A request or a notification came. The bytes may go beyond by the last to begin, and by one that began before it."""
        is_beyond = self.came_requests >= self.told_requests or self.came_bytes >= self.told_bytes + self.limits['message'] + WORK
        self.came_requests += 1
        self.came_bytes += size + WORK
        if is_beyond:
            raise Broken(2, 'more requests came than were allowed')

    def free(self, size: int) -> None:
        """One that came was begun, refused or given up."""
        self.freed_requests += 1
        self.freed_bytes += size + WORK
        self.announce_if_worth_it()

    def spent(self, requests: int, size: int) -> None:
        """What the sender has sent and did not come was lost on the way."""
        if self.is_reliable:
            return
        lost_requests = max(0, unwrapped(requests, self.came_requests, 4) - self.came_requests)
        lost_bytes = max(0, unwrapped(size, self.came_bytes, 6) - self.came_bytes)
        self.came_requests += lost_requests
        self.freed_requests += lost_requests
        self.came_bytes += lost_bytes
        self.freed_bytes += lost_bytes
        self.announce_if_worth_it()

    def announce_if_worth_it(self) -> None:
        new_requests = self.freed_requests + self.requests - self.told_requests
        new_bytes = self.freed_bytes + self.bytes - self.told_bytes
        has_none = self.came_requests >= self.told_requests or self.came_bytes >= self.told_bytes
        if 2 * new_requests >= self.requests or 2 * new_bytes >= self.bytes or has_none:
            self.status_due(0)

    def announced(self) -> tuple[int, int]:
        """A STATUS is sent: the requests and bytes that it grants."""
        self.status_at, self.frames_since, self.bytes_since = None, 0, 0
        self.told_requests = self.freed_requests + self.requests
        self.told_bytes = self.freed_bytes + self.bytes
        return self.told_requests, self.told_bytes

    def bits(self) -> bytes:
        """Bit i: that `got` + 1 + i is taken, though not those before it."""
        taken = sum(1 << seq - self.got - 1 for seq in self.ahead)
        return taken.to_bytes((taken.bit_length() + 7) // 8, 'little')
