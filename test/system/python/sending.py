"""What a side sends in a session: docs/protocol.md, "DATA", "Reliable or plain" and "Flow control"."""

from collections import deque
from dataclasses import dataclass, field
from itertools import islice

from frames import BYTES, DROP, FIRST, LARGEST_FRAME, LAST, Data, encode, unwrapped
from messages import Limits

# Who goes first among messages of the same urgency.
LIMITS, CONTROL, ANSWER, REQUEST = range(4)
# What a request or notification costs besides its bytes: "Flow control".
WORK = 2048


@dataclass(eq=False)
class Outgoing:
    """A message on its way; those of a `chain` end in its order."""

    payload: bytes
    has_bytes: bool
    urgency: int = 2
    rank: int = CONTROL
    is_counted: bool = False
    chain: 'deque[Outgoing] | None' = None
    at: int = 0
    number: int | None = None
    is_given_up: bool = False

    @property
    def is_sent(self) -> bool:
        return self.at == len(self.payload)

    @property
    def cost(self) -> int:
        return len(self.payload) + WORK


@dataclass(eq=False)
class Sent:
    """A frame that was sent, and is not known to be taken as long as all before it are."""

    seq: int
    on_line: bytes
    size: int
    sends: int = 0
    # The place of its last sending among all sendings, and when that was.
    turn: int = 0
    when: float = 0
    is_taken: bool = False
    # It waits in `due`.
    is_due: bool = False


def by_urgency() -> dict[int, list[deque[Outgoing]]]:
    return {urgency: [deque(), deque(), deque(), deque()] for urgency in (2, 1, 0)}


@dataclass
class Sending:
    key: bytes = b''
    is_reliable: bool = False
    theirs: Limits | None = None
    # Numbered frames.
    sent: int = 0
    confirmed: int = 0
    unconfirmed: deque[Sent] = field(default_factory=deque)
    bytes_unconfirmed: int = 0
    # Frames that go before any other: again, or as they give up a message.
    due: deque[Sent] = field(default_factory=deque)
    # Messages that wait by urgency and rank, and those that are in pieces by urgency.
    waiting: dict[int, list[deque[Outgoing]]] = field(default_factory=by_urgency)
    going: dict[int, deque[Outgoing]] = field(default_factory=lambda: {2: deque(), 1: deque(), 0: deque()})
    numbers: set[int] = field(default_factory=set)
    turn_of_going: bool = False
    # While it is above 0 an urgent message was sent not long ago.
    hurry: int = 0
    # Credit.
    granted_requests: int = 0
    granted_bytes: int = 0
    begun_requests: int = 0
    begun_bytes: int = 0
    spent_requests: int = 0
    spent_bytes: int = 0
    # Sending again.
    turn: int = 0
    latest_taken: int = 0
    quiet_since: float = 0
    quiet_times: int = 0
    round_trip: float | None = None
    variation: float = 0
    retransmission: float = 1
    average_sends: float = 1
    sent_again: int = 0

    def put(self, message: Outgoing) -> None:
        if message.chain is not None:
            message.chain.append(message)
            if message.chain[0] is not message:
                return
        self.waiting[message.urgency][message.rank].append(message)

    def next(self, now: float) -> bytes | None:
        """The next frame, if there is one and there is room for it."""
        while self.due:
            frame = self.due.popleft()
            frame.is_due = False
            if not frame.is_taken:
                return self.send(frame, now)
        for urgency in (2, 1, 0):
            message = self.candidate(urgency)
            if message is not None:
                return self.piece_of(message, now)
        return None

    @property
    def is_waiting(self) -> bool:
        """There is something to send, for which there is no credit or no room."""
        self.forget_given_up()
        return any(self.going.values()) or any(any(queues) for queues in self.waiting.values())

    def candidate(self, urgency: int) -> Outgoing | None:
        """Messages that begin, and those in pieces, in turns: none is in the way of others."""
        self.forget_given_up()
        heads = (queue[0] for queue in self.waiting[urgency] if queue)
        new = next((head for head in heads if self.may_begin(head) and self.has_room(head)), None)
        going = next((message for message in self.going[urgency] if self.has_room(message)), None)
        if new and going:
            self.turn_of_going = not self.turn_of_going
            return going if self.turn_of_going else new
        return new or going

    def forget_given_up(self) -> None:
        for queues in self.waiting.values():
            for queue in queues:
                while queue and queue[0].is_given_up:
                    queue.popleft()

    def may_begin(self, message: Outgoing) -> bool:
        # "Sessions": nothing before the limits of both sides.
        if self.theirs is None:
            return message.rank == LIMITS
        if message.is_counted and (self.begun_requests >= self.granted_requests or self.begun_bytes >= self.granted_bytes):
            return False
        # "Flow control": answers never wait behind requests, so these leave one number to them.
        numbers = self.theirs['messages']
        least_left = 1 if message.rank == REQUEST and numbers > 1 else 0
        return len(message.payload) <= self.piece or len(self.numbers) < numbers - least_left

    @property
    def piece(self) -> int:
        if self.theirs is None:
            return 256
        most = min(self.theirs['frame'], LARGEST_FRAME)
        if self.is_reliable:
            return 64 if self.average_sends >= 2 else 256
        return min(most, 16_384)

    # "Reliable or plain": how much may be under way.
    def has_room(self, message: Outgoing) -> bool:
        if self.is_reliable:
            # Each message that has begun may have to be given up, which takes a frame.
            return len(self.unconfirmed) + len(self.numbers) < 128
        most = 48 * 1024 if self.hurry > 0 and message.urgency < 2 else 256 * 1024
        size = min(self.piece, len(message.payload) - message.at)
        return len(self.unconfirmed) < 1024 and self.bytes_unconfirmed + size <= most

    def piece_of(self, message: Outgoing, now: float) -> bytes:
        chunk = message.payload[message.at : message.at + self.piece]
        flags = BYTES if message.has_bytes else 0
        if message.at == 0:
            flags |= FIRST
            self.waiting[message.urgency][message.rank].popleft()
            self.begin(message, len(chunk) < len(message.payload))
        else:
            self.going[message.urgency].remove(message)
        message.at += len(chunk)
        if message.is_sent:
            flags |= LAST
            self.end(message)
        else:
            self.going[message.urgency].append(message)
        self.hurry -= len(chunk) if message.urgency < 2 else 0
        if message.urgency == 2 and message.rank in (ANSWER, REQUEST):
            self.hurry = 2 * 1024 * 1024
        return self.send(self.numbered(flags, chunk, message.number or 0, len(message.payload)), now)

    def begin(self, message: Outgoing, is_in_pieces: bool) -> None:
        if message.is_counted:
            self.begun_requests += 1
            self.begun_bytes += message.cost
        if is_in_pieces:
            message.number = next(number for number in range(16_384) if number not in self.numbers)
            self.numbers.add(message.number)

    def end(self, message: Outgoing) -> None:
        self.numbers.discard(message.number)
        if message.is_counted:
            self.spent_requests += 1
            self.spent_bytes += message.cost
        if message.chain is not None:
            message.chain.popleft()
            if message.chain:
                after = message.chain[0]
                self.waiting[after.urgency][after.rank].append(after)

    def give_up(self, message: Outgoing) -> bool:
        """Whether not all of it was sent; it will not be then, and has cost nothing."""
        if message.is_sent:
            return False
        message.is_given_up = True
        if message.at > 0 and message.number in self.numbers:
            self.going[message.urgency].remove(message)
            self.numbers.discard(message.number)
            if message.is_counted:
                self.begun_requests -= 1
                self.begun_bytes -= message.cost
            self.again(self.numbered(DROP, b'', message.number))
        return True

    def numbered(self, flags: int, payload: bytes, number: int, total: int = 0) -> Sent:
        frame = Sent(self.sent, encode(Data(flags, self.sent, payload, number, total), self.key), len(payload))
        self.sent += 1
        self.unconfirmed.append(frame)
        self.bytes_unconfirmed += frame.size
        return frame

    def send(self, frame: Sent, now: float) -> bytes:
        self.turn += 1
        frame.turn, frame.when = self.turn, now
        frame.sends += 1
        self.sent_again += frame.sends > 1
        if self.unconfirmed[0] is frame:
            self.quiet_since = now
        return frame.on_line

    def again(self, frame: Sent) -> None:
        if not frame.is_due:
            frame.is_due = True
            self.due.append(frame)

    # What the other side says it has taken: "STATUS".
    def confirm(self, upto: int, now: float) -> None:
        while self.confirmed < upto:
            frame = self.unconfirmed.popleft()
            self.confirmed += 1
            self.bytes_unconfirmed -= frame.size
            self.take(frame, now)

    def confirm_bits(self, taken: bytes, now: float) -> None:
        for at, frame in enumerate(islice(self.unconfirmed, 1, 1 + 8 * len(taken))):
            if taken[at // 8] >> at % 8 & 1:
                self.take(frame, now)

    def take(self, frame: Sent, now: float) -> None:
        if frame.is_taken:
            return
        frame.is_taken = True
        self.quiet_since, self.quiet_times = now, 0
        self.latest_taken = max(self.latest_taken, frame.turn)
        self.average_sends += (frame.sends - self.average_sends) / 16
        # RFC 6298, but for its least and greatest value.
        if frame.sends == 1:
            took = now - frame.when
            if self.round_trip is None:
                self.round_trip, self.variation = took, took / 2
            self.variation += (abs(self.round_trip - took) - self.variation) / 4
            self.round_trip += (took - self.round_trip) / 8
            self.retransmission = min(5, max(0.2, self.round_trip + 4 * self.variation))

    def find_lost(self) -> None:
        """What was sent before another that is taken is lost: lines keep their order."""
        for frame in self.unconfirmed:
            if not frame.is_taken and 0 < frame.turn < self.latest_taken:
                self.again(frame)

    def look_at_time(self, now: float) -> None:
        """When nothing is taken for too long, the oldest are sent again, twice as many each time in a row."""
        if not self.unconfirmed or now - self.quiet_since < self.retransmission * 2 ** min(2, self.quiet_times):
            return
        old = [frame for frame in self.unconfirmed if not frame.is_taken][: min(16, 2**self.quiet_times)]
        for frame in old:
            self.again(frame)
        self.quiet_since = now
        self.quiet_times += 1

    # "Sessions", 5: on another line all that is not known to be taken is sent again, in its order.
    def resume(self) -> None:
        self.due.clear()
        for frame in self.unconfirmed:
            frame.is_taken = frame.is_due = False
            self.again(frame)

    def grant(self, requests: int, size: int) -> None:
        self.granted_requests = max(self.granted_requests, unwrapped(requests, self.granted_requests, 4))
        self.granted_bytes = max(self.granted_bytes, unwrapped(size, self.granted_bytes, 6))
