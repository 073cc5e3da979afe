import { noticeTable } from './notice-table.ts';
import { testTable } from './table-test.ts';

testTable('a one-way message', noticeTable);
