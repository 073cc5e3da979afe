#!/usr/bin/env node
import { main } from './main.ts';
import { makeGuestProgram } from './program.ts';

// `virtagent guest` in one file that needs nothing but Node: what a guest is given.
await main(makeGuestProgram, process.argv.slice(2));
