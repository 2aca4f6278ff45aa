import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Embedded databases and servers share the machine with the workers.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Starts a PostgreSQL server when the first test asks for one, and not before.
    globalSetup: ['test/support/postgres/broker.ts'],
  },
});
