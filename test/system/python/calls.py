"""Calls of the other side: docs/protocol.md, "Messages" and "Streamed results"."""

import asyncio
import os
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from messages import CODES, Message
from sending import ANSWER, REQUEST, Outgoing

if TYPE_CHECKING:
    from peer import Peer


class CallError(Exception):
    def __init__(self, code: str, text: str, known: str | None = None, remote: Message | None = None) -> None:
        super().__init__(text)
        self.code, self.known, self.remote = code, known, remote


class Call:
    """A request that is not answered."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.outgoing: Outgoing | None = None
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.on_progress: Callable[[Any], None] | None = None
        self.stream: Stream | None = None


def known(call: Call) -> str:
    """What is known of the other side when there was no answer."""
    return 'perhaps-executed' if call.outgoing.is_sent else 'not-sent'


class Calls:
    def __init__(self, peer: 'Peer') -> None:
        self.peer = peer
        self.open: dict[str, Call] = {}
        self.prefix = os.urandom(3).hex()
        self.made = 0

    def begin(self, method: str, params: Any, urgency: int = 1, **more: Any) -> Call:
        self.made += 1
        call = Call(f'{self.prefix}.{self.made}')
        request = {'id': call.tag, 'method': method, 'params': params, 'urgency': urgency, **more}
        # "Flow control": what a handler asks back needs no credit, and so does not wait behind what does.
        rank = ANSWER if more.get('nested') else REQUEST
        call.outgoing = self.peer.send(request, urgency, rank)
        self.open[call.tag] = call
        return call

    async def call(
        self,
        method: str,
        params: Any = None,
        timeout_ms: int | None = None,
        on_progress: Callable[[Any], None] | None = None,
        on_tag: Callable[[str], None] = lambda _: None,
        **more: Any,
    ) -> Any:
        """Calls and gives the result; who cancels the task cancels the call."""
        # What goes beyond the other side's limits fails here, so they have to be known.
        await self.peer.is_up.wait()
        if timeout_ms is not None:
            more['deadline'] = self.peer.clock() + timeout_ms
        if on_progress is not None:
            more['wants'] = 'progress'
        call = self.begin(method, params, **more)
        call.on_progress = on_progress
        on_tag(call.tag)
        try:
            async with asyncio.timeout(None if timeout_ms is None else timeout_ms / 1000):
                return await call.answer
        except TimeoutError:
            raise CallError('TIMEOUT', 'no answer in time', known(call)) from None
        finally:
            self.give_up(call)

    def give_up(self, call: Call) -> None:
        """Nobody waits for the answer any more."""
        if self.open.pop(call.tag, None) is not None and not self.peer.session.sending.give_up(call.outgoing):
            self.peer.send({'method': '$/cancel', 'params': {'id': call.tag}})

    async def status_of(self, tag: str) -> str:
        return (await self.call('$/status', {'id': tag}))['status']

    def answered(self, message: Message) -> None:
        call = self.open.get(message['id'])
        if call is None:
            return
        if call.stream is not None and self.has_lost_items(message, call.stream):
            self.fail(call.tag, 'ITEMS_LOST', 'the line has lost items')
        elif 'result' in message:
            self.settle(call, message['result'], None)
        else:
            error = message['error']
            code = next((name for name, number in CODES.items() if number == error['code']), 'REMOTE_ERROR')
            self.settle(call, None, CallError(code, error['message'], remote=error))

    # "Streamed results": an error may leave out how many came before it.
    def has_lost_items(self, message: Message, stream: 'Stream') -> bool:
        return ('result' in message or 'items' in message) and message.get('items') != stream.came

    def fail(self, tag: str, code: str, text: str) -> None:
        if tag in self.open:
            self.settle(self.open[tag], None, CallError(code, text))

    def settle(self, call: Call, result: Any, error: CallError | None) -> None:
        del self.open[call.tag]
        if call.answer.done():
            return
        if error is None:
            call.answer.set_result(result)
        else:
            call.answer.set_exception(error)
            # A stream that nobody reads has no one to tell.
            call.answer.exception()
        if call.stream is not None:
            call.stream.wake.set()

    def session_over(self, why: str) -> None:
        for call in list(self.open.values()):
            self.settle(call, None, CallError('LINE_LOST', why, known(call)))

    def progress(self, params: Message) -> None:
        call = self.open.get(params['id'])
        if call is not None and call.on_progress is not None:
            call.on_progress(params['value'])

    # "Streamed results".
    async def stream(self, method: str, params: Any, items: int, size: int) -> 'Stream':
        await self.peer.is_up.wait()
        call = self.begin(method, params, wants={'items': items, 'bytes': size})
        call.stream = Stream(self, call, items, size)
        return call.stream

    def item(self, params: Message, size: int) -> None:
        call = self.open.get(params['id'])
        if call is None or call.stream is None:
            return
        stream = call.stream
        if params['at'] != stream.came:
            self.end_stream(call, 'ITEMS_LOST', 'the line has lost items')
        elif stream.came >= stream.told_items or stream.came_bytes >= stream.told_bytes:
            self.end_stream(call, 'LIMIT_EXCEEDED', 'more items came than were allowed')
        else:
            stream.came += 1
            stream.came_bytes += size
            stream.unread.append((params['value'], size))
            stream.wake.set()

    def end_stream(self, call: Call, code: str, text: str) -> None:
        self.fail(call.tag, code, text)
        self.peer.send({'method': '$/cancel', 'params': {'id': call.tag}})

    def tick(self, now: float) -> None:
        if not self.peer.session.sending.is_reliable:
            for call in self.open.values():
                if call.stream is not None:
                    call.stream.tick(now)


class Stream:
    """The items of a result, as they are read."""

    def __init__(self, calls: Calls, call: Call, items: int, size: int) -> None:
        self.calls, self.call = calls, call
        self.items, self.bytes = items, size
        # What has come, what was read of it, and what the other side was told that it may send.
        self.unread: deque[tuple[Any, int]] = deque()
        self.came = self.came_bytes = 0
        self.read = self.read_bytes = 0
        self.told_items, self.told_bytes = items, size
        self.wake = asyncio.Event()
        self.waiting_since: float | None = None
        self.pause = 1.0

    def __aiter__(self) -> 'Stream':
        return self

    async def __anext__(self) -> Any:
        while not self.unread:
            if self.call.answer.done():
                self.call.answer.result()
                raise StopAsyncIteration
            self.wake.clear()
            self.waiting_since, self.pause = self.calls.peer.now(), 1.0
            await self.wake.wait()
        self.waiting_since = None
        value, size = self.unread.popleft()
        self.read += 1
        self.read_bytes += size
        new_items = self.read + self.items - self.told_items
        new_bytes = self.read_bytes + self.bytes - self.told_bytes
        if 2 * new_items >= self.items or 2 * new_bytes >= self.bytes:
            self.told_items += new_items
            self.told_bytes += new_bytes
            self.tell()
        return value

    def tell(self) -> None:
        if self.call.tag in self.calls.open:
            params = {'id': self.call.tag, 'items': self.told_items, 'bytes': self.told_bytes}
            self.calls.peer.send({'method': '$/more', 'params': params})

    def tick(self, now: float) -> None:
        """In a plain session the last $/more may have been lost."""
        if self.waiting_since is not None and now - self.waiting_since >= self.pause:
            self.waiting_since, self.pause = now, min(30.0, 2 * self.pause)
            self.tell()

    def leave(self) -> None:
        self.calls.give_up(self.call)
