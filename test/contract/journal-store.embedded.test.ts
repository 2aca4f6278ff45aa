import { describe } from 'vitest';
import { freshEmbedded } from '#test/support/postgres/fresh.ts';
import { journalHistoriesContract } from './journal-histories.contract.ts';

describe('the journal on the embedded store', () => {
  journalHistoriesContract(freshEmbedded);
});
