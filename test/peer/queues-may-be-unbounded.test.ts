import { expect, test } from 'vitest';
import { SessionPeers } from './session-peers.ts';

const methods = { echo: (params: unknown) => params };

test.each([
  ['bytes', { maxServerBytes: Infinity }],
  ['bytes beyond what the digits on the line count to', { maxServerBytes: Number.MAX_SAFE_INTEGER }],
  ['jobs and slots', { maxServerJobs: Infinity, executeSlots: Infinity }],
  [
    'everything',
    {
      sendSlots: Infinity,
      executeSlots: Infinity,
      maxBypass: Infinity,
      maxServerJobs: Infinity,
      maxClientJobs: Infinity,
      maxServerBytes: Infinity,
      maxClientBytes: Infinity,
      window: Infinity,
    },
  ],
])('who takes any number of %s is called all the same', async (_, limits) => {
  const peers = await SessionPeers.up({}, { methods, ...limits });
  const calls = Array.from({ length: 3_000 }, (__, n) => peers.left.call('echo', n));
  expect(await peers.until(Promise.all(calls))).toEqual(calls.map((__, n) => n));
});
