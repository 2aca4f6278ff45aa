import { z } from 'zod';
import { isRefusal } from '#core/errors.ts';
import { contactsRule, hasGoodContacts } from '../notifications/contacts.ts';
import { ClientId, Inputs, text } from '../fields.ts';
import { submitForView, viewOf } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';
import { JourneyView } from '../view.ts';

export const startJourney = defineUseCase({
  name: 'journey.start',
  summary:
    'Start the journey of a client: it enters the first stage, or waits in the queue while all places are taken.',
  effect: 'write',
  allow: ['operator'],
  surface: {
    http: {
      route: 'POST /api/v1/journeys',
      status: 201,
      location: ({ client_id }: { client_id: string }) => `/api/v1/journeys/${client_id}`,
    },
    cli: { verb: 'start', examples: ['start --client-id="client-123" --data-sources="salesforce,jira,confluence"'] },
    mcp: {
      tool: 'start_journey',
      guidance: 'Give inputs that people must supply (pilot_cohort_size, users) now or later. Then get_journey.',
    },
    slack: { word: 'start', typed: ['client_id', 'data_sources'], example: 'start acme salesforce,jira' },
  },
  input: z.strictObject({
    client_id: ClientId,
    data_sources: z
      .array(text(128))
      .min(1, 'must name at least one data source')
      .max(100)
      .refine((sources) => new Set(sources).size === sources.length, 'must not name a data source twice')
      .describe('The systems whose content the client searches, as salesforce,jira,confluence.'),
    inputs: Inputs.optional().describe('Inputs that tasks will need, as pilot_cohort_size or users.'),
    metadata: Inputs.refine(hasGoodContacts, contactsRule)
      .optional()
      .describe('Whatever else is to be kept with the journey; contacts are people whom notices may go to.'),
  }),
  output: JourneyView,
  client: ({ client_id }) => client_id,
  run: async (dependencies, call, { client_id, data_sources, inputs, metadata }) => {
    const answer = await submitForView(dependencies, call, client_id, {
      type: 'start',
      inputs: { ...inputs, data_sources },
      metadata: metadata ?? {},
      by: call.principal.id,
    });
    if (isRefusal(answer))
      return answer.refused === 'journey.exists'
        ? { ...answer, details: { ...answer.details, location: `/api/v1/journeys/${client_id}` } }
        : answer;
    if (answer.status !== 'queued') return answer;
    const journey = await dependencies.journeys.journey(client_id);
    return journey?.status === 'queued'
      ? viewOf(dependencies, journey, await dependencies.journeys.queuePosition(journey))
      : answer;
  },
});
