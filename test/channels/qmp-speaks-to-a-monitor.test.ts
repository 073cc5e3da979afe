import { once } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { SimulatedClock } from 'xstate';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bounds } from '../../transport/channels/bounds.ts';
import { connectQmp, type Qmp } from '../../transport/channels/qmp.ts';
import { VirtagentError } from '../../transport/errors.ts';
import { failure, folder, never, server, turns, until } from './support.ts';

const greeting = '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}}, "capabilities": ["oob"]}}\r\n';

type Said = { execute: string; arguments?: unknown; id: number };

/** A monitor that greets, negotiates, and leaves the rest to `onCommand`. */
async function monitor(onCommand: (said: Said, socket: Socket) => void = () => {}, hello = greeting) {
  const path = join(folder(), 'qmp.sock');
  await server({ path }, (socket) => {
    socket.write(hello);
    let held = '';
    socket.on('data', (chunk: Buffer) => {
      const lines = (held + chunk.toString()).split('\n');
      held = lines.pop() as string;
      for (const line of lines) {
        const said = JSON.parse(line) as Said;
        if (said.execute === 'qmp_capabilities') socket.write(`{"return": {}, "id": ${said.id}}\r\n`);
        else onCommand(said, socket);
      }
    });
  });
  return path;
}

async function connected(path: string): Promise<Qmp> {
  const qmp = await connectQmp({ path }, never);
  onTestFinished(() => qmp.close());
  return qmp;
}

describe('a QMP session', () => {
  test('gives each command its own answer, in whatever order and pieces they come', async () => {
    const ids: number[] = [];
    const path = await monitor(({ id }, socket) => {
      ids.push(id);
      if (ids.length < 2) return;
      const text = `{"return": "second", "id": ${ids[1]}}\r\n{"return": {"first": "ü"}, "id": ${ids[0]}}\r\n`;
      for (const byte of Buffer.from(text)) socket.write(Buffer.from([byte]));
    });
    const qmp = await connected(path);
    expect(await Promise.all([qmp.execute('a'), qmp.execute('b', { x: 1 })])).toEqual([{ first: 'ü' }, 'second']);
  });

  test('tells events between the answers', async () => {
    const path = await monitor(({ id }, socket) => {
      socket.write(
        '{"event": "VSERPORT_CHANGE", "data": {"open": true, "id": "p1"}, "timestamp": {"seconds": 1}}\r\n{"event":"RESET","data":7}\r\n',
      );
      socket.write(`{"return": {}, "id": ${id}}\r\n`);
    });
    const qmp = await connected(path);
    const events: unknown[] = [];
    let isOver = false;
    qmp.events$.subscribe({ next: (event) => events.push(event), complete: () => (isOver = true) });
    await qmp.execute('cont');
    expect(events).toEqual([
      { event: 'VSERPORT_CHANGE', data: { open: true, id: 'p1' } },
      { event: 'RESET', data: {} },
    ]);
    qmp.close();
    expect(isOver).toBe(true);
  });

  test('says what QEMU refused, in its words, on one line', async () => {
    const path = await monitor(({ id, execute }, socket) => {
      const kind = execute === 'nope' ? 'CommandNotFound' : 'GenericError';
      socket.write(`{"id": ${id}, "error": {"class": "${kind}", "desc": "no\\nsuch \\u001b[2J"}}\r\n`);
    });
    const qmp = await connected(path);
    const failed = await failure(qmp.execute('device_del', { id: 'p1' }));
    expect([failed.code, failed.known, failed.method]).toEqual(['REMOTE_ERROR', 'executed', 'device_del']);
    expect(failed.message).toContain('no\\nsuch \\u001b[2J');
    expect((await failure(qmp.execute('nope'))).code).toBe('METHOD_NOT_FOUND');
  });

  test('holds a bounded number of commands', async () => {
    const qmp = await connected(await monitor());
    const waiting = Array.from({ length: bounds.qmpPending }, () => failure(qmp.execute('query-status')));
    expect((await failure(qmp.execute('query-status'))).code).toBe('QUEUE_FULL');
    qmp.close();
    for (const error of await Promise.all(waiting)) expect([error.code, error.known]).toEqual(['LINE_LOST', 'perhaps-executed']);
    expect((await failure(qmp.execute('query-status'))).known).toBe('not-sent');
    await qmp.closed;
  });

  test('ends a command that has no answer after a minute, and drops the answer that comes then', async () => {
    let answer = (): void => {};
    const path = await monitor(({ id, execute }, socket) => {
      if (execute === 'late') answer = () => void socket.write(`{"return": 1, "id": ${id}}\r\n`);
      else socket.write(`{"return": "in time", "id": ${id}}\r\n`);
    });
    const clock = new SimulatedClock();
    const qmp = await connectQmp({ path }, never, { clock });
    onTestFinished(() => qmp.close());
    const late = failure(qmp.execute('late'));
    await turns();
    clock.increment(60_000);
    expect((await late).code).toBe('TIMEOUT');
    answer();
    expect(await qmp.execute('next')).toBe('in time');
  });

  test.each([
    ['ends', (socket: Socket) => void socket.end()],
    ['is reset', (socket: Socket) => void socket.destroy()],
    ['sends what is no JSON', (socket: Socket) => void socket.write('{"return": {}, \r\n')],
    ['sends what is no object', (socket: Socket) => void socket.write('[1]\n')],
  ])('ends every command when the monitor %s', async (_name, harm) => {
    const qmp = await connected(await monitor((_said, socket) => harm(socket)));
    const errors = await Promise.all([failure(qmp.execute('a')), failure(qmp.execute('b'))]);
    expect(errors.map(({ code, known }) => [code, known])).toEqual([
      ['LINE_LOST', 'perhaps-executed'],
      ['LINE_LOST', 'perhaps-executed'],
    ]);
    await qmp.closed;
    expect(qmp.reason).toBeInstanceOf(VirtagentError);
  });

  test.each([
    ['an array', ['[', ']']],
    ['an object that has no text', ['{"toString":1,"class":[', ']}']],
  ])('survives an error that is nested deeper than anybody can write: %s', async (_name, [open = '', close = '']) => {
    const depth = 100_000;
    const error = `${open}${'['.repeat(depth)}${']'.repeat(depth)}${close}`;
    const qmp = await connected(await monitor(({ id }, socket) => socket.write(`{"error":${error},"id":${id}}\r\n`)));
    expect((await failure(qmp.execute('a'))).code).toBe('REMOTE_ERROR');
    expect(qmp.reason).toBeUndefined();
  });

  test('ends at a line without end, long before memory does', async () => {
    const chunk = Buffer.alloc(64 * 1024, 0x61);
    let written = 0;
    const path = await monitor((_said, socket) => {
      const more = (): void => {
        for (let n = 0; n < 16 && socket.writable; n++) written += socket.write(chunk) ? chunk.length : 0;
        if (socket.writable) setImmediate(more);
      };
      more();
    });
    const qmp = await connected(path);
    expect((await failure(qmp.execute('a'))).message).toContain(String(bounds.qmpLineBytes));
    expect(written).toBeLessThan(bounds.qmpLineBytes * 3);
  });
});

describe('connecting to a monitor', () => {
  test('that another program holds says so after 5 s', async () => {
    const path = join(folder(), 'qmp.sock');
    const clock = new SimulatedClock();
    let came = false;
    await server({ path }, () => (came = true));
    const opening = failure(connectQmp({ path }, never, { clock }));
    await until(() => came);
    await turns();
    clock.increment(5_000);
    const error = await opening;
    expect(error.code).toBe('CHANNEL_IN_USE');
    expect(error.message).toContain('one program at a time');
  });

  test('that greets and does not negotiate is given up after the same 5 s', async () => {
    const path = join(folder(), 'qmp.sock');
    const clock = new SimulatedClock();
    let asked = false;
    await server({ path }, (socket) => {
      socket.write(greeting);
      socket.on('data', () => (asked = true));
    });
    const opening = failure(connectQmp({ path }, never, { clock }));
    await until(() => asked);
    clock.increment(5_000);
    const error = await opening;
    expect(error.code).toBe('CHANNEL_FAILED');
    expect(error.message).toContain('5 s');
  });

  test.each([
    ['something else that greets', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['another protocol', '{"jsonrpc": "2.0", "method": "hello"}\n'],
    ['a pretty monitor', '{\n    "QMP": {\n'],
  ])('that is %s says that it is none', async (_name, hello) => {
    const error = await failure(connectQmp({ path: await monitor(() => {}, hello) }, never));
    expect(error.code).toBe('CHANNEL_UNUSABLE');
    expect(error.message).toMatch(/is no QMP monitor/);
    expect(error.message).not.toContain('\n');
  });

  test('that is not there, or nobody listens at, is told as for any channel', async () => {
    const path = join(folder(), 'qmp.sock');
    expect((await failure(connectQmp({ path }, never))).code).toBe('CHANNEL_NOT_FOUND');
    expect((await failure(connectQmp({ port: 1 }, never))).code).toBe('CHANNEL_REFUSED');
    expect((await failure(connectQmp({ path: '' }, never))).code).toBe('INVALID_OPTION');
    expect((await failure(connectQmp({ path: 'x'.repeat(200) }, never))).code).toBe('CHANNEL_UNUSABLE');
  });

  test('that leaves before it has negotiated fails to open', async () => {
    const path = join(folder(), 'qmp.sock');
    await server({ path }, (socket) => void socket.end(greeting));
    expect((await failure(connectQmp({ path }, never))).code).toBe('CHANNEL_FAILED');
  });

  test('can be aborted while it waits for the greeting, and leaves nothing connected', async () => {
    const path = join(folder(), 'qmp.sock');
    let socket: Socket | undefined;
    await server({ path }, (one) => (socket = one));
    const abort = new AbortController();
    const opening = connectQmp({ path }, abort.signal).catch((error: unknown) => error);
    await until(() => socket !== undefined);
    abort.abort('enough');
    expect(await opening).toBe('enough');
    (socket as Socket).resume();
    await once(socket as Socket, 'end');
  });
});
