#!/usr/bin/env node
import { main } from './main.ts';
import { makeProgram } from './program.ts';

await main(makeProgram, process.argv.slice(2));
