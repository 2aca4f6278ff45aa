import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Of two cores: embedded databases and servers share them, but tests of leases and retries mostly wait.
    maxWorkers: 3,
    // Only a failure takes so long: nothing may depend on how fast the machine is.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Starts a PostgreSQL server when the first test asks for one, and not before.
    globalSetup: ['test/support/postgres/broker.ts'],
  },
});
