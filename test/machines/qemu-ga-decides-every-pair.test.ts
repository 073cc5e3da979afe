import { qemuGaTable } from './qemu-ga-table.ts';
import { testTable } from './table-test.ts';

testTable('a session with a guest agent', qemuGaTable);
