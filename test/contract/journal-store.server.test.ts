import { describe } from 'vitest';
import { freshDatabase } from '#test/support/postgres/fresh.ts';
import { journalHistoriesContract } from './journal-histories.contract.ts';

describe('the journal on a PostgreSQL server', () => {
  journalHistoriesContract(freshDatabase);
});
