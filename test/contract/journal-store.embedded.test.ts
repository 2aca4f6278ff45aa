import { describe } from 'vitest';
import { freshEmbedded } from '#test/support/postgres/fresh.ts';
import { admissionContract } from './admission.contract.ts';
import { configStoreContract } from './config-store.contract.ts';
import { invariantsContract } from './invariants.contract.ts';
import { journalHistoriesContract } from './journal-histories.contract.ts';
import { journalRacesContract } from './journal-races.contract.ts';
import { outboxContract } from './outbox.contract.ts';
import { waitingRoomContract } from './waiting-room.contract.ts';

describe('the journal on the embedded store', () => {
  journalHistoriesContract(freshEmbedded);
  invariantsContract(freshEmbedded);
  journalRacesContract(freshEmbedded);
  waitingRoomContract(freshEmbedded);
  admissionContract(freshEmbedded);
  configStoreContract(freshEmbedded);
  outboxContract(freshEmbedded);
});
