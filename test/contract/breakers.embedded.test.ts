import { freshEmbedded } from '#test/support/postgres/fresh.ts';
import { breakersContract } from './breakers.contract.ts';

breakersContract(freshEmbedded);
