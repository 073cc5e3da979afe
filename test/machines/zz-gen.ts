import { runTable } from './table.ts';
import { managerTable as t } from './manager-table.ts';
const rows: any = { open: {}, draining: {}, closed: {} };
for (const s of Object.keys(rows)) for (const e of Object.keys(t.samples)) rows[s][e] = {};
const pairs = runTable({ ...t, rows } as never);
const out: any = {};
for (const p of pairs) { ((out[p.state] ??= {})[p.event] ??= {})[p.case] = p.real + (p.real === p.pure ? '' : '  !!! PURE ' + p.pure); }
for (const s of Object.keys(out)) { console.log('=====', s); for (const e of Object.keys(out[s])) { console.log(' ', e); for (const c of Object.keys(out[s][e])) console.log('     ', c.padEnd(60), out[s][e][c]); } }
