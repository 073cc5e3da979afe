import { detectTable } from './detect-table.ts';
import { testTable } from './table-test.ts';

testTable('finding out the protocol', detectTable);
