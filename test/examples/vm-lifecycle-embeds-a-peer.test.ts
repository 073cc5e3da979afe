import { expect, test } from 'vitest';
import { createActor, waitFor } from 'xstate';
import { vmLifecycle } from '../../examples/vm-lifecycle.ts';
import { memoryPair } from '../../transport/index.ts';
import { opened } from '../support/peers.ts';

function vmWithGuest(): {
  vm: ReturnType<typeof start>;
  guest: ReturnType<typeof opened>;
  asked: string[];
  stream: { destroyed: boolean };
} {
  const [hostSide, guestSide] = memoryPair();
  const asked: string[] = [];
  const shutdown = ({ shutdown_mode }: { shutdown_mode: string }): void => void asked.push(shutdown_mode);
  const guest = opened({ stream: guestSide, protocol: 'virtagent-v7', role: 'guest', methods: { shutdown } });
  return { vm: start(hostSide), guest, asked, stream: hostSide };
}

const start = (stream: ReturnType<typeof memoryPair>[0]) => createActor(vmLifecycle, { input: { stream } }).start();

test('the app boots, becomes ready with the link, calls the guest, drains and is off', async () => {
  const { vm, asked, stream } = vmWithGuest();
  expect(vm.getSnapshot().value).toBe('off');
  vm.send({ type: 'power on' });
  expect(vm.getSnapshot().value).toEqual({ on: 'booting' });
  await waitFor(vm, (snapshot) => snapshot.matches({ on: 'ready' }));
  await waitFor(vm, (snapshot) => snapshot.context.version === '1.0');
  expect(vm.getSnapshot().context.links).toEqual(['greeting', 'up']);
  vm.send({ type: 'drain' });
  await waitFor(vm, (snapshot) => snapshot.matches('off'));
  expect(asked).toEqual(['powerdown']);
  expect(vm.getSnapshot().context.failure).toBeUndefined();
  expect(stream.destroyed).toBe(true);
});

test('a guest that vanishes turns the app off, with the reason', async () => {
  const { vm, guest } = vmWithGuest();
  vm.send({ type: 'power on' });
  await waitFor(vm, (snapshot) => snapshot.matches({ on: 'ready' }));
  guest.close();
  await waitFor(vm, (snapshot) => snapshot.matches('off'));
  expect(vm.getSnapshot().context.failure).toMatch(/LINE_LOST|the peer closed the line|the line was closed/);
});
