import { expect, test } from 'vitest';
import { clientTable } from './client-table.ts';
import { Coverage, transitionsOf } from './coverage.ts';
import { linkTable } from './link-table.ts';
import { managerTable } from './manager-table.ts';
import { noticeTable } from './notice-table.ts';
import { peerTable } from './peer-table.ts';
import { detectTable } from './detect-table.ts';
import { qemuGaTable } from './qemu-ga-table.ts';
import { serverTable } from './server-table.ts';
import { sessionTable } from './session-table.ts';
import { runTable } from './table.ts';

test.each([
  ['server', serverTable],
  ['client', clientTable],
  ['notice', noticeTable],
  ['manager', managerTable],
  ['link', linkTable],
  ['peer', peerTable],
  ['qemu-ga', qemuGaTable],
  ['detect', detectTable],
  ['session', sessionTable],
] as const)('the tables take every transition of the %s chart, in actors that came there by events', (_, table) => {
  const coverage = new Coverage();
  runTable(table as never, coverage);
  expect(transitionsOf(table.chart).length).toBeGreaterThan(5);
  expect(coverage.missing(table.chart)).toEqual([]);
});
