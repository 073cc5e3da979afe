import { clientTable } from './client-table.ts';
import { testTable } from './table-test.ts';

testTable('a client job', clientTable);
