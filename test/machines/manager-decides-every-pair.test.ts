import { managerTable } from './manager-table.ts';
import { testTable } from './table-test.ts';

testTable('the manager', managerTable);
