import { z } from 'zod';
import { ClientId, Inputs } from '../fields.ts';
import { submitForView } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';
import { JourneyView } from '../view.ts';

export const provideInput = defineUseCase({
  name: 'journey.provide_input',
  summary: 'Give inputs that tasks need and that nothing else produces; tasks that waited for them go on.',
  effect: 'write',
  allow: ['operator'],
  surface: {
    http: { route: 'POST /api/v1/journeys/:client_id/inputs' },
    cli: {
      verb: 'provide-input',
      examples: ['provide-input --client-id="client-123" --input pilot_cohort_size=25 --input users=ann,bob'],
    },
    mcp: { tool: 'provide_input', guidance: 'get_journey names the inputs that are missing.' },
    slack: {
      word: 'provide-input',
      typed: ['client_id', 'inputs'],
      example: 'provide-input acme pilot_cohort_size=25',
    },
  },
  input: z.strictObject({
    client_id: ClientId,
    inputs: Inputs.refine((inputs) => Object.keys(inputs).length > 0, 'must name at least one input'),
  }),
  output: JourneyView,
  client: ({ client_id }) => client_id,
  run: (dependencies, call, { client_id, inputs }) =>
    submitForView(dependencies, call, client_id, { type: 'provide_input', inputs: inputs }),
});
