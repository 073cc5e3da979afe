import { peerTable } from './peer-table.ts';
import { testTable } from './table-test.ts';

testTable('a peer', peerTable);
