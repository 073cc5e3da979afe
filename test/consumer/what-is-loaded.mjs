// A few classes of RxJS are used: the rest of it, some 200 files, is left where it is until a user asks for it.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const loaded = () => Object.keys(createRequire(import.meta.url).cache).filter((name) => /[\\/]rxjs[\\/]/.test(name)).length;

const { createPeer } = await import('virtagent');
const { memoryPair } = await import('virtagent/transport');
const ours = loaded();
assert.ok(ours > 0 && ours < 40, `${ours} files of RxJS are loaded`);

const { Observable } = await import('rxjs');
assert.ok(loaded() > 4 * ours, `${loaded()} files are all of RxJS: nothing is saved`);
const [stream] = memoryPair();
const peer = createPeer({ stream, protocol: 'jsonrpc-lines' });
assert.ok(peer.link$ instanceof Observable, 'its observables are those of the RxJS that a user imports');
await peer.stop();
console.log(`loads: ${ours} of the ${loaded()} files of RxJS`);
