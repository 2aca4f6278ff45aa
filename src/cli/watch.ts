import type { z } from 'zod';
import { showJourney } from '#application/use-cases/show-journey.ts';
import type { Answered, Ask } from './ask.ts';
import { isFailure, type Failure } from './failure.ts';
import { fieldsOf, schemaOf, type Field } from '#application/input-fields.ts';
import { clean } from './render/clean.ts';
import { progressLines } from './render/progress.ts';
import { requestOf, type Input } from './request.ts';
import type { Session } from './session.ts';
import type { Verb } from './verbs.ts';

type Journey = z.output<typeof showJourney.output>;

const DEFAULT_INTERVAL_S = 2;
/** A server that restarts is waited for this long, at the default interval a minute. */
const MOST_TROUBLES = 30;

const fields: readonly Field[] = [
  ...fieldsOf(schemaOf(showJourney.input, 'input')).fields,
  {
    name: 'until',
    flag: 'until',
    shape: 'text',
    required: false,
    description: 'End when the journey is in this stage; it always ends when the journey is completed.',
  },
  {
    name: 'interval',
    flag: 'interval',
    shape: 'number',
    required: false,
    description: 'Seconds between two looks.',
    range: { whole: false, min: 0.2, max: 3_600 },
    default: DEFAULT_INTERVAL_S,
  },
];

/** Follows a journey until it has come where it was to come: bars on a terminal, a line for each change elsewhere. */
export const watchVerb: Verb = {
  name: 'watch',
  group: 'Journeys',
  summary: 'Follow a journey live, with bars for its stage, work and criteria, until it is completed or in a stage.',
  examples: ['watch --client-id="client-123"', 'watch --client-id="client-123" --until=production'],
  fields,
  collection: null,
  writes: false,
  localToken: 'admin',
  useCase: showJourney,
  run: watch,
};

async function watch(session: Session, { client_id, until, interval }: Input): Promise<Answered | Failure> {
  const wait_ms = Number(interval ?? DEFAULT_INTERVAL_S) * 1_000;
  let known: Journey | undefined;
  let troubles = 0;
  for (;;) {
    const journey = await look(session.ask, String(client_id));
    if (isFailure(journey)) {
      // Only a server that has answered before may be away for a while.
      if (!known || journey.failed !== 'unreachable' || (troubles += 1) > MOST_TROUBLES) return journey;
      session.draw([`${journey.message} It is asked again.`]);
    } else {
      troubles = 0;
      if (session.redraws || known?.version !== journey.version)
        session.draw(progressLines(session.paper, clean(journey) as Journey, session.redraws));
      known = journey;
      if (journey.status === 'completed' || journey.stage === until) return { value: journey };
    }
    await session.pause(wait_ms);
  }
}

async function look(ask: Ask, clientId: string): Promise<Journey | Failure> {
  const request = requestOf(showJourney, { client_id: clientId });
  const answered = isFailure(request) ? request : await ask(request);
  if (isFailure(answered)) return answered;
  const parsed = showJourney.output.safeParse(answered.value);
  return parsed.success
    ? parsed.data
    : {
        failed: 'refused',
        message: 'The server describes journeys in a way that this journey-cli does not know.',
        hint: 'Use the journey-cli of the server’s version.',
      };
}
