/** From `import` to the first answered call, in this fresh process: prints the milliseconds. */
import { duplexPair } from 'node:stream';
import { contenders, type ContenderName } from '../contenders/index.ts';

const began = performance.now();
const contender = await contenders[process.argv[2] as ContenderName].load();
const [left, right] = duplexPair();
const [client] = await Promise.all([contender.open(left, 'client'), contender.open(right, 'server')]);
await client.call({ text: 'first' });
console.log(performance.now() - began);
process.exit();
