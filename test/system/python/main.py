"""A program with a peer, told what to do by its standard input, for tests: a line each, [number, command, arguments].

What comes of a command is a line on standard output, [number, "ok" or an error's code, value], and what happens besides is
[0, name, value]. Byte strings are {"$hex": digits} in both.
"""

import argparse
import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from calls import CallError, Stream
from handlers import Job, MethodError
from line import Line
from messages import DEFAULTS, Unsendable
from peer import Peer


class Program:
    def __init__(self, options: argparse.Namespace) -> None:
        self.released = asyncio.Event()
        self.executed: Counter[str] = Counter()
        self.made = 0
        self.streams: dict[int, Stream] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}
        names = ('echo', 'count', 'held', 'fail', 'broken', 'large', 'deep', 'steps', 'numbers', 'back')
        methods = {name: getattr(self, name) for name in names}
        limits = DEFAULTS | json.loads(options.limits)
        self.peer = Peer(methods, lambda name, value: say(0, name, value), options.reliable, limits, options.requests)

    # The methods of this peer.
    async def echo(self, params: Any, job: Job) -> Any:
        return params

    async def count(self, params: Any, job: Job) -> Any:
        self.executed[params['key']] += 1
        return params['key']

    async def held(self, params: Any, job: Job) -> Any:
        self.executed[params['key']] += 1
        say(0, 'begun', params['key'])
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            say(0, 'aborted', params['key'])
            raise
        return params['key']

    async def fail(self, params: Any, job: Job) -> Any:
        raise MethodError(4711, 'an error of its own', {'why': b'because'})

    async def broken(self, params: Any, job: Job) -> Any:
        raise ValueError('nothing for the caller')

    async def large(self, params: Any, job: Job) -> Any:
        return 'x' * 4_000

    async def deep(self, params: Any, job: Job) -> Any:
        return [[[[[['too deep']]]]]]

    async def steps(self, params: Any, job: Job) -> Any:
        for step in range(params['to']):
            job.progress(step)
        return 'end'

    async def numbers(self, params: Any, job: Job) -> AsyncIterator[Any]:
        self.made = 0
        try:
            for n in range(params['to']):
                self.made += 1
                yield {'n': n, 'pad': bytes([n & 255]) * params.get('size', 0)}
        finally:
            say(0, 'ended', self.made)

    async def back(self, params: Any, job: Job) -> Any:
        return await job.call(params['method'], params['params'])

    # The commands.
    async def obey(self, number: int, command: str, arguments: Any) -> None:
        try:
            say(number, 'ok', await getattr(self, f'do_{command}')(number, **arguments))
        except CallError as error:
            say(number, error.code, {'text': str(error), 'known': error.known, 'remote': error.remote})
        except Unsendable as error:
            say(number, 'UNSENDABLE', {'text': str(error), 'known': 'not-sent'})
        except StopAsyncIteration:
            say(number, 'end', None)
        except asyncio.CancelledError:
            say(number, 'CANCELLED', None)
        del self.tasks[number]

    async def do_call(self, number: int, method: str, params: Any = None, **more: Any) -> Any:
        """`progress`: says what comes; `late_ms`: its deadline has passed by so much; the rest as Calls.call has it."""
        if more.pop('progress', False):
            more['on_progress'] = lambda value: say(0, 'progress', value)
        if 'late_ms' in more:
            more['deadline'] = self.peer.clock() - more.pop('late_ms')
        return await self.peer.calls.call(method, params, on_tag=lambda tag: say(0, 'tag', tag), **more)

    async def do_cancel(self, number: int, of: int) -> None:
        self.tasks[of].cancel()

    async def do_status(self, number: int, tag: str) -> str:
        return await self.peer.calls.status_of(tag)

    async def do_notify(self, number: int, method: str, params: Any) -> None:
        self.peer.notify(method, params)

    async def do_stream(self, number: int, method: str, params: Any, items: int, bytes: int) -> None:
        self.streams[number] = await self.peer.calls.stream(method, params, items, bytes)

    async def do_read(self, number: int, of: int, items: int = 1) -> list[Any]:
        """So many items, or fewer and the result."""
        stream, read = self.streams[of], []
        while len(read) < items:
            try:
                read.append(await anext(stream))
            except StopAsyncIteration:
                return [*read, {'result': stream.call.answer.result()}]
        return read

    async def do_leave(self, number: int, of: int) -> None:
        self.streams[of].leave()

    async def do_release(self, number: int) -> None:
        self.released.set()

    async def do_report(self, number: int) -> Any:
        sending = self.peer.session.sending
        counters = self.peer.counters | {'sent_again': sending.sent_again, 'executed': self.executed}
        return counters | {'made': self.made, 'reliable': sending.is_reliable}

    async def do_stop(self, number: int) -> None:
        if self.peer.line is not None:
            self.peer.line.end(1, 'stopping')

    async def listen_to_commands(self) -> None:
        loop = asyncio.get_running_loop()
        commands = asyncio.StreamReader(limit=2**26)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
        while text := await commands.readline():
            number, command, arguments = json.loads(text, object_hook=without_hex)
            self.tasks[number] = loop.create_task(self.obey(number, command, arguments))


def say(number: int, name: str, value: Any) -> None:
    print(json.dumps([number, name, value], default=lambda each: {'$hex': each.hex()}), flush=True)


def without_hex(value: dict[str, Any]) -> Any:
    return bytes.fromhex(value['$hex']) if '$hex' in value else value


async def connect_again_and_again(path: str, peer: Peer) -> None:
    while True:
        try:
            line = (await asyncio.get_running_loop().create_unix_connection(lambda: Line(peer), path))[1]
            await line.closed.wait()
        except OSError:
            pass
        await asyncio.sleep(0.02)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('end', choices=['connect', 'listen'])
    parser.add_argument('path')
    parser.add_argument('--reliable', action='store_true')
    parser.add_argument('--limits', default='{}')
    parser.add_argument('--requests', type=int, default=256, help='how many may wait here')
    options = parser.parse_args()
    program = Program(options)
    if options.end == 'listen':
        if os.path.exists(options.path):
            os.unlink(options.path)
        await asyncio.get_running_loop().create_unix_server(lambda: Line(program.peer), options.path)
        say(0, 'listening', options.path)
        await program.listen_to_commands()
    else:
        lines = asyncio.create_task(connect_again_and_again(options.path, program.peer))
        await program.listen_to_commands()
        lines.cancel()


asyncio.run(main())
