import { linkTable } from './link-table.ts';
import { testTable } from './table-test.ts';

testTable('the link', linkTable);
