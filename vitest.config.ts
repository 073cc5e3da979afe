import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Those need QEMU, and have a run of their own: vitest.system.config.ts.
    exclude: ['test/system/**', 'node_modules/**'],
    // Two cores: more workers than that only take turns.
    maxWorkers: 2,
    // Real processes and sockets on a shared machine; nothing asserts a time. What takes three seconds alone takes fifty beside thirty others.
    testTimeout: 300_000 * Number(process.env['RUNS'] ?? 1),
    hookTimeout: 300_000,
    coverage: { provider: 'v8', include: ['machines/**', 'actors/**', 'transport/**', 'inspector/**'] },
  },
});
