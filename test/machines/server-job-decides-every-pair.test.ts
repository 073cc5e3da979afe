import { serverTable } from './server-table.ts';
import { testTable } from './table-test.ts';

testTable('a server job', serverTable);
