import { test } from 'vitest';
test('gen', async () => { await import('./zz-gen.ts'); });
