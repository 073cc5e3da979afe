"""Requests of the other side, and their answers: docs/protocol.md, "Messages", "Deadlines" and "Streamed results"."""

import asyncio
import inspect
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

from messages import CODES, Message, Unsendable, is_counted
from sending import ANSWER, Outgoing

if TYPE_CHECKING:
    from peer import Peer

Handler = Callable[[Any, 'Job'], Awaitable[Any] | AsyncIterator[Any]]


class MethodError(Exception):
    """What a handler raises to answer with an error of its own."""

    def __init__(self, number: int, text: str, data: Any) -> None:
        super().__init__(text)
        self.error = {'code': number, 'message': text, 'data': data}


class Job:
    """A request that is not answered; a handler's second argument."""

    def __init__(self, handlers: 'Handlers', message: Message, size: int) -> None:
        self.handlers, self.message, self.size = handlers, message, size
        self.tag: str = message['id']
        self.urgency: int = message.get('urgency', 1)
        self.task: asyncio.Task[None] | None = None
        # What belongs to one request ends in its order: "DATA".
        self.chain: deque[Outgoing] = deque()
        wants = message.get('wants')
        self.wants_progress = wants == 'progress'
        self.wants_items = isinstance(wants, dict)
        self.allowed_items = wants['items'] if self.wants_items else 0
        self.allowed_bytes = wants['bytes'] if self.wants_items else 0
        self.sent_items = self.sent_bytes = 0
        self.wake = asyncio.Event()

    @property
    def is_open(self) -> bool:
        return self.handlers.open.get(self.tag) is self

    def send(self, message: Message) -> Outgoing:
        return self.handlers.peer.send(message, self.urgency, ANSWER, self.chain)

    def progress(self, value: Any) -> None:
        if self.wants_progress and self.is_open:
            self.send({'method': '$/progress', 'params': {'id': self.tag, 'value': value}})

    async def call(self, method: str, params: Any) -> Any:
        """Calls the side that asks."""
        return await self.handlers.peer.calls.call(method, params, nested=True)

    async def send_items(self, items: AsyncIterator[Any]) -> None:
        try:
            while True:
                while self.sent_items >= self.allowed_items or self.sent_bytes >= self.allowed_bytes:
                    self.wake.clear()
                    await self.wake.wait()
                value = await anext(items)
                item = self.send({'method': '$/item', 'params': {'id': self.tag, 'at': self.sent_items, 'value': value}})
                self.sent_items += 1
                self.sent_bytes += len(item.payload)
        except StopAsyncIteration:
            pass
        finally:
            await items.aclose()


class Handlers:
    # How many bytes of requests may wait here, and how many run at once: each side's own choice, as is how many may wait.
    most_bytes, slots = 4 * 1024 * 1024, 64

    def __init__(self, peer: 'Peer', methods: dict[str, Handler], most: int) -> None:
        self.peer, self.methods, self.most = peer, methods, most
        self.open: dict[str, Job] = {}
        self.queue: deque[Job] = deque()
        self.running = 0
        self.answered_tags: deque[str] = deque(maxlen=1000)

    def asked(self, message: Message, size: int) -> None:
        if is_counted(message):
            self.peer.session.receiving.count(size)
        if message['method'] == '$/status':
            status = self.status_of(message['params']['id'])
            self.peer.send({'id': message['id'], 'result': {'status': status}})
            return
        job = Job(self, message, size)
        self.open[job.tag] = job
        refusal = self.refusal(job)
        if refusal is not None:
            self.free(job)
            self.answer(job, refusal)
        elif message.get('nested'):
            # Whoever asks so waits for it in a slot: it is not to wait for one itself.
            self.begin(job)
        else:
            self.queue.append(job)
            self.begin_queued()

    def refusal(self, job: Job) -> Message | None:
        method = job.message['method']
        if method not in self.methods:
            return error('METHOD_NOT_FOUND', 'there is no such method')
        if self.peer.session.has_passed(job.message.get('deadline'), self.peer.clock()):
            return error('EXPIRED', 'the deadline has passed')
        if inspect.isasyncgenfunction(self.methods[method]) and not job.wants_items:
            return error('HANDLER_FAILED', 'the result of this method is streamed')
        if job.wants_items and sum(each.wants_items for each in self.open.values()) > self.peer.limits['streams']:
            return error('BUSY', 'too many streams')
        return None

    def begin_queued(self) -> None:
        while self.queue and self.running < self.slots:
            job = self.queue.popleft()
            self.free(job)
            if self.peer.session.has_passed(job.message.get('deadline'), self.peer.clock()):
                self.answer(job, error('EXPIRED', 'the deadline has passed'))
            else:
                self.begin(job)

    def begin(self, job: Job) -> None:
        self.running += 1
        job.task = asyncio.get_running_loop().create_task(self.run(job))

    def free(self, job: Job) -> None:
        """"Flow control": it was begun, refused or given up."""
        if is_counted(job.message):
            self.peer.session.receiving.free(job.size)

    async def run(self, job: Job) -> None:
        try:
            made = self.methods[job.message['method']](job.message.get('params'), job)
            if inspect.isasyncgen(made):
                answer: Message = {'result': await job.send_items(made)}
            else:
                answer = {'result': await made}
        except MethodError as raised:
            answer = {'error': raised.error}
        except Exception as raised:
            self.peer.heard('handler-failed', repr(raised))
            answer = error('HANDLER_FAILED', 'the handler has failed')
        finally:
            self.running -= 1
            self.begin_queued()
        self.answer(job, answer)

    def answer(self, job: Job, answer: Message) -> None:
        if not job.is_open:
            return
        del self.open[job.tag]
        self.answered_tags.append(job.tag)
        items = {'items': job.sent_items} if job.wants_items else {}
        try:
            job.send({'id': job.tag, **answer, **items})
        except Unsendable as raised:
            job.send({'id': job.tag, **error(raised.code, str(raised)), **items})

    def cancelled(self, tag: str) -> None:
        job = self.open.get(tag)
        if job is None:
            return
        if job.task is not None:
            job.task.cancel()
        else:
            self.queue.remove(job)
            self.free(job)
        self.answer(job, error('CANCELLED', 'cancelled by the side that asked'))

    def more(self, params: Message) -> None:
        job = self.open.get(params['id'])
        if job is not None:
            job.allowed_items = max(job.allowed_items, params['items'])
            job.allowed_bytes = max(job.allowed_bytes, params['bytes'])
            job.wake.set()

    def status_of(self, tag: str) -> str:
        if tag in self.open:
            return 'queued' if self.open[tag].task is None else 'running'
        return 'answered' if tag in self.answered_tags else 'unknown'

    def session_over(self) -> None:
        for job in self.open.values():
            if job.task is not None:
                job.task.cancel()
        self.open.clear()
        self.queue.clear()


def error(code: str, text: str) -> Message:
    return {'error': {'code': CODES[code], 'message': text}}
