import { PassThrough, Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { settled } from '../support/peers.ts';
import { autoScene, others, type AutoScene } from './auto-support.ts';

/** What is at the other end of a scene's line: it is given each chunk, and says what it likes. */
function answering(scene: AutoScene, answer: (chunk: Buffer) => string | Buffer | undefined): Buffer[] {
  const typed: Buffer[] = [];
  scene.line.on('data', (chunk: Buffer) => {
    typed.push(Buffer.from(chunk));
    const said = answer(chunk);
    if (said !== undefined) scene.line.write(said);
  });
  return typed;
}

/** As a terminal echoes: control characters by their letters. */
const echoed = (chunk: Buffer): string =>
  [...chunk].map((byte) => (byte < 32 ? `^${String.fromCharCode(byte + 64)}` : String.fromCharCode(byte))).join('');

/** What no HELLO does without: the command before, a mark, a character back, and its ends. */
const harmless: ReadonlySet<number> = new Set([0x10, 0x00, 0x02, 0xff]);

const acts = (chunk: Buffer): boolean => chunk.some((byte) => (byte < 0x20 || byte > 0x7e) && !harmless.has(byte));

test.each<[string, (chunk: Buffer) => string | Buffer | undefined]>([
  ['a shell that edits its line: it shows the command before', () => '\rroot@guest:~# rm -rf a b\u0007'],
  ['a terminal that echoes in its way', echoed],
  ['a line that gives back what it is given', (chunk) => chunk],
])('%s is given no end of a line, whatever time passes', async (_, answer) => {
  const scene = autoScene();
  const typed = answering(scene, answer);
  scene.line.write('Welcome!\r\n');
  await scene.pass(1_500);
  // It has come up slowly.
  scene.line.write('root@guest:~# ');
  await scene.pass(60_000);
  expect(typed.length).toBeGreaterThan(3);
  expect(typed.filter(acts)).toEqual([]);
  scene.host.close();
});

test('who talks all the time is asked all the same: a boot log is no answer', async () => {
  const scene = autoScene();
  const typed = answering(scene, () => undefined);
  for (let ms = 0; ms < 6_000; ms += 100) {
    scene.line.write(`[ ${ms}] a driver says something\r\n`);
    await scene.pass(100);
  }
  expect(Buffer.concat(typed).toString('latin1')).toMatch(/capabilities[^]*guest-sync-delimited/);
  scene.host.close();
});

test('and when an agent takes the place of the shell it is found', async () => {
  const scene = autoScene();
  let isShell = true;
  // What the agent says goes the same way as what the shell did.
  const agent = new PassThrough();
  const there = Duplex.from({ readable: agent, writable: scene.line });
  answering(scene, (chunk) => {
    if (isShell) return echoed(chunk);
    agent.write(chunk);
    return undefined;
  });
  await scene.pass(3_000);
  isShell = false;
  others['virtagent-v7'](there);
  const answer = scene.host.call('echo', { n: 1 });
  await scene.pass(30_000);
  expect(await answer).toEqual({ n: 1 });
  scene.host.close();
  await settled();
});
