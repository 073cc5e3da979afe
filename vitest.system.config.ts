import { defineConfig } from 'vitest/config';

// Tests against the real parts: npm run test:system. One file at a time: each may run a virtual machine by software emulation.
export default defineConfig({
  test: {
    include: ['test/system/**/*.test.ts'],
    fileParallelism: false,
    // Nothing asserts them: on a slow machine the guest's kernel is downloaded and its disks are made in one of them.
    testTimeout: 480_000,
    hookTimeout: 480_000,
    // What is polled for comes when a busy machine comes to it.
    expect: { poll: { timeout: 60_000 } },
    // A test that was skipped for want of a program says so by name.
    reporters: ['verbose'],
  },
});
