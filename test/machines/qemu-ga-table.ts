import { qemuGaMachine, type QemuGaContext, type QemuGaEvent, type QemuGaState } from '../../machines/qemu-ga.ts';
import type { Table } from './table.ts';

const opened: QemuGaEvent = { type: 'opened' };
const synced: QemuGaEvent = { type: 'synced' };
const listed: QemuGaEvent = { type: 'listed' };
const late: QemuGaEvent = { type: 'late' };
const silent: QemuGaEvent = { type: 'silent' };
const garbled: QemuGaEvent = { type: 'not_understood', refusesIds: false };
const noIds: QemuGaEvent = { type: 'not_understood', refusesIds: true };
const unlisted = [garbled, synced, garbled, synced, garbled, synced];

/** The session with a guest agent: what each state does with each event. */
export const qemuGaTable: Table<QemuGaState, QemuGaEvent> = {
  chart: qemuGaMachine,
  passing: [],
  reached: {
    closed: {
      'at first': { input: undefined, events: [] },
      // Of an agent of before 4.0, behind a sync that was not answered: the next line's agent may be another.
      again: { input: undefined, events: [opened, synced, noIds, late, { type: 'closed' }] },
    },
    syncing: {
      'at first': { input: undefined, events: [opened] },
      again: { input: undefined, events: [opened, late] },
      'not understood four times': { input: undefined, events: [opened, synced, ...unlisted, garbled] },
    },
    listing: {
      'at first': { input: undefined, events: [opened, synced] },
      'without ids': { input: undefined, events: [opened, synced, noIds, synced] },
      'not understood thrice': { input: undefined, events: [opened, synced, ...unlisted] },
    },
    ready: {
      'with ids': { input: undefined, events: [opened, synced, listed] },
      'without ids': { input: undefined, events: [opened, synced, noIds, synced, listed] },
    },
    settling: {
      'with ids': { input: undefined, events: [opened, synced, listed, silent] },
      'without ids': { input: undefined, events: [opened, synced, noIds, synced, listed, silent] },
    },
  },
  samples: {
    opened: { '': opened },
    closed: { '': { type: 'closed' } },
    synced: { '': synced },
    listed: { '': listed },
    not_understood: { garbled, 'no ids': noIds },
    out_of_step: { '': { type: 'out_of_step' } },
    silent: { '': silent },
    changed: { '': { type: 'changed' } },
    late: { '': late },
    list_again: { '': { type: 'list_again' } },
  },
  knows: (context: QemuGaContext) => [['sync', context.syncs], context.ids ? 'ids' : 'no ids', ['unlisted', context.unlisted]],
  rows: {
    closed: {
      opened: { 'at first': 'syncing [sync +1]: sync', again: 'syncing [sync -1, ids]: sync' },
      closed: 'ignored',
      synced: 'ignored',
      listed: 'ignored',
      not_understood: 'ignored',
      out_of_step: 'ignored',
      silent: 'ignored',
      changed: 'ignored',
      late: 'violation',
      list_again: 'violation',
    },
    syncing: {
      synced: {
        'at first': 'listing [sync -1]: disarm, settle, list',
        again: 'listing [sync -2]: disarm, settle, list',
        'not understood four times': 'ready [sync -1, unlisted -4]: disarm, settle, admit',
      },
      late: 'stays [sync +1]: disarm, sync',
      closed: 'closed: disarm',
      opened: 'violation',
      // The sync that is out covers what was sent before it.
      out_of_step: 'ignored',
      not_understood: 'ignored',
      listed: 'ignored',
      silent: 'ignored',
      changed: 'ignored',
      list_again: 'violation',
    },
    listing: {
      listed: {
        'not understood thrice': 'ready [unlisted -3]: endList, disarm, admit',
        else: 'ready: endList, disarm, admit',
      },
      list_again: 'stays: endList, disarm, list',
      out_of_step: 'syncing [sync +1]: endList, disarm, sync',
      not_understood: {
        'at first, no ids': 'syncing [sync +1, no ids]: endList, disarm, sync',
        // It says so again, although it was not given one.
        'without ids': 'syncing [sync +1, unlisted +1]: endList, disarm, sync',
        'at first, garbled': 'syncing [sync +1, unlisted +1]: endList, disarm, sync',
        'not understood thrice, garbled': 'syncing [sync +1, unlisted +1]: endList, disarm, sync',
        'not understood thrice, no ids': 'syncing [sync +1, no ids]: endList, disarm, sync',
      },
      closed: 'closed: endList, disarm',
      opened: 'violation',
      synced: 'ignored',
      silent: 'ignored',
      changed: 'ignored',
      late: 'violation',
    },
    ready: {
      out_of_step: 'syncing [sync +1]: hold, sync',
      not_understood: { 'with ids, no ids': 'syncing [sync +1, no ids]: hold, sync', else: 'syncing [sync +1]: hold, sync' },
      silent: 'settling [sync +1]: hold, sync',
      changed: 'listing: hold, list',
      closed: 'closed',
      opened: 'violation',
      synced: 'ignored',
      listed: 'ignored',
      late: 'violation',
      list_again: 'violation',
    },
    settling: {
      synced: 'ready [sync -1]: disarm, settle, admit',
      late: 'syncing [sync +1]: disarm, sync',
      out_of_step: 'syncing [sync +1]: disarm, sync',
      not_understood: { 'with ids, no ids': 'syncing [sync +1, no ids]: disarm, sync', else: 'syncing [sync +1]: disarm, sync' },
      closed: 'closed: disarm',
      opened: 'violation',
      listed: 'ignored',
      silent: 'ignored',
      changed: 'ignored',
      list_again: 'violation',
    },
  },
};
