import { z } from 'zod';
import { isRefusal } from '#core/errors.ts';
import { blockerKinds, owners } from '#core/explain/blocker.ts';
import { explain } from '#core/explain/explain.ts';
import { circumstancesOf } from '../circumstances.ts';
import { ClientId, iso } from '../fields.ts';
import { knownJourney } from '../known-journey.ts';
import { nextStep, NextStep } from '../next-step.ts';
import { defineUseCase } from '../use-case.ts';
import { verdictsNow } from '../view.ts';

export const Explained = z.object({
  client_id: z.string(),
  status: z.string(),
  stage: z.string(),
  sentence: z.string().describe('The whole answer in one sentence.'),
  criteria: z.object({ passed: z.number(), required: z.number() }),
  blockers: z.array(
    z.object({
      kind: z.enum(blockerKinds),
      subject: z.string().describe('The task, the check, the request that it is about.'),
      message: z.string(),
      owner: z.enum(owners).describe('Who has to do something.'),
      since: z.string().nullable(),
      age_seconds: z.number().nullable(),
      measured: z.unknown().optional(),
      target: z.unknown().optional(),
      next: NextStep,
    }),
  ),
});

export const explainJourney = defineUseCase({
  name: 'journey.explain',
  summary: 'Say why a journey is where it is: what holds it up, since when, who has to do something, and what.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/journeys/:client_id/why' },
    cli: { verb: 'why', examples: ['why --client-id="client-123"'] },
    mcp: { tool: 'explain_journey', guidance: 'Begin with the first blocker.' },
    slack: { word: 'why', typed: ['client_id'], example: 'why acme' },
  },
  input: z.strictObject({ client_id: ClientId }),
  output: Explained,
  client: ({ client_id }) => client_id,
  run: async (dependencies, { principal }, { client_id }) => {
    const journey = await knownJourney(dependencies, principal, client_id);
    if (isRefusal(journey)) return journey;
    const { plans, ids, journeys } = dependencies;
    const plan = plans.get(journey.configHash);
    const queuePosition = journey.status === 'queued' ? await journeys.queuePosition(journey) : null;
    const circumstances = circumstancesOf(dependencies, queuePosition, await dependencies.uncollected(client_id));
    const { now } = circumstances;
    const verdicts = verdictsNow(plan, journey, now, ids.digest) ?? [];
    const explanation = explain(plan, journey, verdicts, circumstances);
    return {
      client_id,
      status: journey.status,
      stage: journey.stage,
      sentence: explanation.sentence,
      criteria: explanation.criteria,
      blockers: explanation.blockers.map(({ kind, subject, message, owner, since, measured, target, action }) => ({
        kind,
        subject,
        message,
        owner,
        since: since === null ? null : iso(since),
        age_seconds: since === null ? null : Math.max(0, Math.round((now - since) / 1_000)),
        ...(measured === undefined ? {} : { measured }),
        ...(target === undefined ? {} : { target }),
        next: nextStep(client_id, action),
      })),
    };
  },
});
