"""What two running peers have in common, and survives their lines: docs/protocol.md, "Sessions"."""

import os
from collections import deque
from collections.abc import Callable

from frames import ZEROS, Hello, Status, unwrapped
from messages import Limits
from receiving import Receiving
from sending import Sending


class AtOdds(Exception):
    """One of the two was put back to an earlier moment, or is another."""


def nonce() -> bytes:
    drawn = ZEROS
    while drawn == ZEROS:
        drawn = os.urandom(6)
    return drawn


class Session:
    def __init__(self, limits: Limits, requests: int, size: int, deliver: Callable[[bytes, bool], None]) -> None:
        self.half = nonce()
        self.other = ZEROS
        self.was_agreed = False
        self.sending = Sending()
        self.receiving = Receiving(limits, requests, size, deliver)
        self.statuses_behind = 0
        # When a clock of the other side came, and by how much it was behind ours: "Deadlines".
        self.clocks: deque[tuple[int, int]] = deque()

    @property
    def key(self) -> bytes | None:
        """That of what comes."""
        return None if self.other == ZEROS else self.other + self.half

    # "Sessions", 3.
    def is_at_odds(self, hello: Hello) -> bool:
        if self.other not in (ZEROS, hello.half) or hello.other not in (ZEROS, self.half):
            return True
        if ZEROS in (self.other, hello.other):
            return False
        got = unwrapped(hello.got, self.sending.confirmed, 5)
        sent = unwrapped(hello.sent, self.receiving.got, 5)
        return not self.sending.confirmed <= got <= self.sending.sent or sent < self.receiving.got

    # "Sessions", 5, and "Reliable or plain".
    def agree(self, hello: Hello, is_reliable: bool, now: float) -> None:
        if self.was_agreed:
            self.sending.confirm(unwrapped(hello.got, self.sending.confirmed, 5), now)
            self.sending.resume()
        else:
            self.was_agreed = True
            self.sending.key = self.half + self.other
            self.sending.is_reliable = self.receiving.is_reliable = is_reliable
        self.receiving.status_due(0)

    # "STATUS".
    def status(self, clock: int, ask: bool) -> Status:
        sending, receiving = self.sending, self.receiving
        requests, size = receiving.announced()
        return Status(receiving.got, clock, requests, size, sending.spent_requests, sending.spent_bytes, receiving.bits(), ask)

    def on_status(self, status: Status, clock: int, now: float) -> None:
        sending = self.sending
        upto = unwrapped(status.next, sending.confirmed, 2)
        bits = int.from_bytes(status.taken, 'little').bit_length()
        # "Sessions", 9.
        self.statuses_behind = self.statuses_behind + 1 if upto < sending.confirmed else 0
        if upto > sending.sent or bits > 0 and upto + bits >= sending.sent or self.statuses_behind == 3:
            raise AtOdds
        self.note_clock(status.clock, clock)
        sending.confirm(upto, now)
        if sending.is_reliable and upto == sending.confirmed:
            sending.confirm_bits(status.taken, now)
            sending.find_lost()
        sending.grant(status.granted_requests, status.granted_bytes)
        self.receiving.spent(status.spent_requests, status.spent_bytes)
        if status.ask:
            self.receiving.status_due(0)

    # "Deadlines": the least difference of the last half minute.
    def note_clock(self, theirs: int, ours: int) -> None:
        self.clocks.append((ours, ours - theirs))
        while self.clocks[0][0] < ours - 30_000:
            self.clocks.popleft()

    def has_passed(self, deadline: int | None, ours: int) -> bool:
        if deadline is None or not self.clocks:
            return False
        left = deadline + min(difference for _, difference in self.clocks) - ours
        # The clock that was told is a remainder, so what is left is one too.
        return unwrapped(left, 0, 5) < 0
