import { sessionTable } from './session-table.ts';
import { testTable } from './table-test.ts';

testTable('the session', sessionTable);
