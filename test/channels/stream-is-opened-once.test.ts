import { Duplex, PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { memoryPair, streamChannel } from '../../transport/channels/index.ts';
import { codeOf, never } from './support.ts';

test('a stream is the one line of its channel', async () => {
  const [own] = memoryPair();
  const channel = streamChannel(own);
  expect(channel).toMatchObject({ name: 'stream', reopens: false });
  expect(await channel.open(never)).toBe(own);
  expect(await codeOf(channel.open(never), 'stream')).toBe('CHANNEL_UNUSABLE');
});

test('a stream that is a line is none of another channel', async () => {
  const [own] = memoryPair();
  const early = streamChannel(own);
  await streamChannel(own).open(never);
  const refused = /stream is "in use by another peer"; it takes a stream that is no line yet/;
  expect(() => streamChannel(own)).toThrow(refused);
  await expect(early.open(never)).rejects.toThrow(refused);
  await early.close();
  expect(own.destroyed).toBe(false);
});

test('the name is the one it was given', async () => {
  const channel = streamChannel(new PassThrough().destroy(), 'the port');
  expect(channel.name).toBe('the port');
  expect(await codeOf(channel.open(never), 'the port')).toBe('CHANNEL_UNUSABLE');
});

test('a stream that has been destroyed can not be opened', async () => {
  const [own] = memoryPair();
  const channel = streamChannel(own);
  own.destroy();
  expect(await codeOf(channel.open(never), 'stream')).toBe('CHANNEL_UNUSABLE');
});

test('a stream that has failed can not be opened, and its failure stays to be seen', async () => {
  const [own] = memoryPair();
  const channel = streamChannel(own);
  const broken = new Error('broken');
  own.destroy(broken);
  expect(await codeOf(channel.open(never), 'stream')).toBe('CHANNEL_UNUSABLE');
  expect(own.errored).toBe(broken);
});

test('a stream of one direction can not be opened', async () => {
  const readOnly = Duplex.from(Readable.from(['x']));
  expect(await codeOf(streamChannel(readOnly).open(never), 'stream')).toBe('CHANNEL_UNUSABLE');
});

test('an open() that was aborted has not used the stream up', async () => {
  const [own] = memoryPair();
  const channel = streamChannel(own);
  const reason = new Error('changed my mind');
  await expect(channel.open(AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(await channel.open(never)).toBe(own);
});

test('close() destroys a stream that nobody opened, and leaves a line in use alone', async () => {
  const [unused, used] = memoryPair();
  await streamChannel(unused).close();
  expect(unused.destroyed).toBe(true);
  const channel = streamChannel(used);
  await channel.open(never);
  await channel.close();
  await channel.close();
  expect(used.destroyed).toBe(false);
});
