import { join } from 'node:path';
import { firstValueFrom, filter } from 'rxjs';
import { expect, test } from 'vitest';
import { connectQmp } from '../../transport/channels/qmp.ts';
import { failure, folder, never } from '../channels/support.ts';
import { needs } from './support/needs.ts';
import { startQemu } from './support/qemu.ts';

needs('qemu-system-x86_64')('QMP of a real QEMU', () => {
  test('answers, refuses in its own words, tells events, and ends with QEMU', async () => {
    const path = join(folder(), 'qmp.sock');
    await startQemu(path);
    const qmp = await connectQmp({ path }, never);

    expect(await qmp.execute('query-status')).toMatchObject({ running: false });
    // Its longest answer, a fifth of a megabyte.
    expect(await qmp.execute('query-qmp-schema')).toBeInstanceOf(Array);
    expect((await failure(qmp.execute('no-such-command'))).code).toBe('METHOD_NOT_FOUND');
    const refused = await failure(qmp.execute('device_del', { id: 'p1' }));
    expect([refused.code, refused.known]).toEqual(['REMOTE_ERROR', 'executed']);
    expect(refused.data).toMatchObject({ class: 'DeviceNotFound' });

    const told = firstValueFrom(qmp.events$.pipe(filter(({ event }) => event === 'SHUTDOWN')));
    await qmp.execute('quit');
    expect((await told).data).toMatchObject({ guest: false });
    await qmp.closed;
    expect((await failure(qmp.execute('query-status'))).known).toBe('not-sent');
  });

  test('serves one program at a time, and a second is told so', async () => {
    const path = join(folder(), 'qmp.sock');
    await startQemu(path);
    const first = await connectQmp({ path }, never);
    const error = await failure(connectQmp({ path }, never));
    expect([error.code, error.message.includes('one program at a time')]).toEqual(['CHANNEL_IN_USE', true]);
    first.close();
    const next = await connectQmp({ path }, never);
    expect(await next.execute('query-version')).toMatchObject({ qemu: { major: expect.any(Number) } });
    next.close();
  });
});
