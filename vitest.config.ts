import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Two cores: more workers than that only take turns.
    maxWorkers: 2,
    // Real processes and sockets on a shared machine; nothing asserts a time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: { provider: 'v8', include: ['machines/**', 'actors/**', 'transport/**'] },
  },
});
