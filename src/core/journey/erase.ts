import { refuse, type Refusal } from '../errors.ts';
import type { Erase } from './commands.ts';
import { record, type Draft } from './draft.ts';

/** What is known of the client goes; that there was a journey, its stages and its decisions, stays. */
export function erase(draft: Draft, { reason }: Erase): Refusal | undefined {
  const { clientId, status, stage } = draft.journey;
  if (status !== 'completed')
    return refuse(
      'journey.not_completed',
      `${clientId} is ${status} in ${stage}: what its work still needs cannot be erased.`,
      'complete ends the journey; then erase it.',
      { status, stage },
    );
  return void record(draft, { type: 'client_erased', reason });
}
