import { freshDatabase } from '#test/support/postgres/fresh.ts';
import { breakersContract } from './breakers.contract.ts';

breakersContract(freshDatabase);
