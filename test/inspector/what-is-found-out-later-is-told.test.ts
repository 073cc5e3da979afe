import { expect, test } from 'vitest';
import { createInspector } from '../../inspector/inspector.ts';
import { memoryPair } from '../../transport/index.ts';
import { opened } from '../support/peers.ts';
import { Onlooker } from './viewers.ts';

test('before it is known what is spoken, the charts of all that it may be are there; then the parts that it is appear with their steps', async () => {
  const [a, b] = memoryPair();
  const host = opened({ stream: a, protocol: 'auto' });
  const inspector = createInspector({ peer: host });
  const viewer = new Onlooker();
  inspector.watch(viewer);
  expect(viewer.head.agent.protocol).toBeUndefined();
  const own = viewer.head.charts.filter(({ isJob }) => !isJob).map(({ name }) => name);
  expect(own).toEqual(['manager', 'peer', 'link', 'session', 'qemu-ga', 'detect']);
  opened({ stream: b, protocol: 'virtagent-2', methods: { ping: () => 'pong' } });
  expect(await host.call('ping')).toBe('pong');
  inspector.stop();
  const states = Object.fromEntries(
    [...viewer.paths].filter(([job]) => job < 0).map(([job, path]) => [viewer.jobs.get(job)?.chart, path.at(-1)]),
  );
  expect(states).toMatchObject({ detect: 'decided', session: 'open', link: 'up', manager: 'open' });
  expect(viewer.standing).toMatchObject({ 'session open': 1, 'link up': 1 });
  const later = new Onlooker();
  const again = createInspector({ peer: host });
  again.watch(later);
  again.stop();
  expect(later.head.agent.protocol).toBe('virtagent-2');
  expect(later.head.charts.map(({ name }) => name)).not.toContain('qemu-ga');
});

test('a peer that ends tells it all the way to the end', async () => {
  const [a, b] = memoryPair();
  const host = opened({ stream: a });
  const guest = opened({ stream: b });
  await host.ready();
  const inspector = createInspector({ peer: host });
  const viewer = new Onlooker();
  inspector.watch(viewer);
  await host.stop();
  await guest.ended();
  inspector.stop();
  const states = Object.fromEntries([...viewer.paths].map(([job, path]) => [viewer.jobs.get(job)?.chart, path.at(-1)]));
  expect(states).toMatchObject({ peer: 'ended', link: 'ended', manager: 'closed' });
  expect(viewer.records.at(-1)?.type).toBe('gone');
});
