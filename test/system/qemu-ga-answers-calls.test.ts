import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPeer, type Peer, type QemuGaMethods } from '../../actors/index.ts';
import { unixConnect } from '../../transport/index.ts';
import { rejection } from '../support/peers.ts';
import { RealAgent } from './support/guest-agent.ts';
import { needs } from './support/needs.ts';

needs('qemu-ga')('a real guest agent on a unix socket', () => {
  const agent = new RealAgent();
  let peer: Peer<QemuGaMethods>;

  beforeAll(async () => {
    await agent.start(['guest-get-users']);
    peer = createPeer<QemuGaMethods>({ protocol: 'qemu-ga', channel: unixConnect(agent.path) });
    await peer.ready();
  });
  afterAll(async () => {
    peer.close();
    await agent.end();
  });

  test('is synced with and lists its commands', () => {
    expect(peer.remoteMethods).toEqual(expect.arrayContaining(['guest-ping', 'guest-exec', 'guest-file-open']));
    expect(peer.remoteMethods).not.toContain('guest-shutdown');
    expect(peer.counters).toMatchObject({ damaged: 0, violations: 0, unclaimed: 0 });
  });

  test('tells of its system', async () => {
    expect(await peer.call('guest-ping')).toEqual({});
    expect(await peer.call('guest-get-host-name')).toEqual({ 'host-name': hostname() });
    expect((await peer.call('guest-get-osinfo')).machine).toBe(spawnSync('uname', ['-m']).stdout.toString().trim());
    expect(Math.abs((await peer.call('guest-get-time')) / 1e6 - Date.now())).toBeLessThan(60_000);
    expect((await peer.call('guest-network-get-interfaces')).map(({ name }) => name)).toContain('lo');
    expect(Array.isArray(await peer.call('guest-get-fsinfo'))).toBe(true);
    expect((await peer.call('guest-get-vcpus')).length).toBeGreaterThan(0);
    expect(await peer.call('guest-fsfreeze-status')).toBe('thawed');
  });

  test('reads and writes files', async () => {
    const path = join(agent.folder, 'file');
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));
    const handle = await peer.call('guest-file-open', { path, mode: 'w+' });
    expect(await peer.call('guest-file-write', { handle, 'buf-b64': bytes.toString('base64') })).toMatchObject({ count: bytes.length });
    await peer.call('guest-file-flush', { handle });
    expect(await peer.call('guest-file-seek', { handle, offset: 0, whence: 'set' })).toMatchObject({ position: 0 });
    const read = await peer.call('guest-file-read', { handle, count: 200_000 });
    expect(Buffer.from(read['buf-b64'], 'base64').equals(bytes)).toBe(true);
    expect(await peer.call('guest-file-close', { handle })).toEqual({});
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(await rejection(peer.call('guest-file-read', { handle }))).toMatchObject({ code: 'REMOTE_ERROR', known: 'executed' });
  });

  test('runs programs', async () => {
    const { pid } = await peer.call('guest-exec', {
      path: '/bin/sh',
      arg: ['-c', 'echo out; echo err >&2; exit 7'],
      'capture-output': true,
    });
    let status = await peer.call('guest-exec-status', { pid });
    while (!status.exited) status = await peer.call('guest-exec-status', { pid });
    expect(status.exitcode).toBe(7);
    expect(Buffer.from(status['out-data'] ?? '', 'base64').toString()).toBe('out\n');
    expect(Buffer.from(status['err-data'] ?? '', 'base64').toString()).toBe('err\n');
    expect(await rejection(peer.call('guest-exec-status', { pid }))).toMatchObject({ code: 'REMOTE_ERROR', known: 'executed' });
  });

  test('says what is wrong with a call', async () => {
    const wrong = peer as unknown as Peer;
    expect(await rejection(wrong.call('guest-file-open'))).toMatchObject({ code: 'INVALID_PARAMS', known: 'refused' });
    expect(await rejection(wrong.call('guest-ping', { x: 1 }))).toMatchObject({ code: 'INVALID_PARAMS', known: 'refused' });
    expect(await rejection(wrong.call('guest-exec-status', { pid: 'x' }))).toMatchObject({ code: 'INVALID_PARAMS', known: 'refused' });
    const missing = rejection(peer.call('guest-file-open', { path: join(agent.folder, 'none') }));
    expect(await missing).toMatchObject({ code: 'REMOTE_ERROR', known: 'executed', data: { class: 'GenericError' } });
    expect((await missing).message).toContain('No such file or directory');
  });

  test('has commands that are disabled: they fail here, at once', async () => {
    const sent = peer.counters.messagesOut;
    expect(await rejection(peer.call('guest-shutdown'))).toMatchObject({ code: 'METHOD_NOT_FOUND', known: 'not-sent' });
    expect((await rejection(peer.call('guest-get-users'))).message).toContain('disabled');
    expect((await rejection(peer.call('guest-none'))).message).toContain('has no command');
    expect(peer.counters.messagesOut).toBe(sent);
  });

  test('can not read a text that its parser refuses: that call ends, the next is answered', async () => {
    // Deeper than the parser goes; our own limit is below that, so this side is told to let it pass.
    const nested = JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`) as unknown;
    expect(await rejection(peer.call('guest-file-open', { path: 'x', mode: nested } as never))).toMatchObject({
      code: 'PARSE_ERROR',
      known: 'refused',
    });
    expect(await peer.call('guest-ping')).toEqual({});
  });

  test('takes a megabyte, and answers a thousand calls in their order', async () => {
    const { pid } = await peer.call('guest-exec', {
      path: 'cat',
      'input-data': Buffer.alloc(1_000_000, 'x').toString('base64'),
      'capture-output': true,
    });
    let status = await peer.call('guest-exec-status', { pid });
    while (!status.exited) status = await peer.call('guest-exec-status', { pid });
    expect(Buffer.from(status['out-data'] ?? '', 'base64').length).toBe(1_000_000);
    const synced = Array.from({ length: 1_000 }, (_, id) => peer.call('guest-sync', { id }));
    expect(await Promise.all(synced)).toEqual(Array.from({ length: 1_000 }, (_, id) => id));
    expect(existsSync(agent.path) && statSync(agent.path).isSocket()).toBe(true);
  });
});
