import { ResourceNotFoundError, type ReadResourceResult } from '@modelcontextprotocol/server';
import type { Execute } from '#application/execute.ts';
import type { AnyUseCase } from '#application/use-case.ts';
import { clean, detailedCaps } from './clean.ts';
import { useCaseOf } from './lookup.ts';
import type { McpCaller, Offer } from './offer.ts';

type Ask = (caller: McpCaller, useCase: string, input: object) => Promise<Readonly<Record<string, unknown>>>;

/** Where a resource comes from: its address as a pattern, and what to ask. */
type Source = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly template: string;
  readonly pattern: RegExp;
  readonly read: (ask: Ask, caller: McpCaller, id: string) => Promise<unknown>;
};

type Work = {
  readonly stage: string;
  readonly units: readonly { readonly work_id: string; readonly tasks: readonly { readonly task_id: string }[] }[];
};

const HISTORY_PAGE = 200;
const JSON_TYPE = 'application/json';
const STAGES = 'config://stages';

const sources: readonly Source[] = [
  {
    name: 'journey',
    title: 'A journey',
    description: 'Where the journey of a client stands: stage, criteria, units of work, approval.',
    template: 'journey://{client_id}',
    pattern: /^journey:\/\/([^/]+)$/,
    read: (ask, caller, id) => ask(caller, 'journey.show', { client_id: id }),
  },
  {
    name: 'journey_history',
    title: 'The history of a journey',
    description: `The first ${HISTORY_PAGE} events of a journey; get_journey_history has the rest.`,
    template: 'journey://{client_id}/history',
    pattern: /^journey:\/\/([^/]+)\/history$/,
    read: (ask, caller, id) => ask(caller, 'journey.history', { client_id: id, limit: HISTORY_PAGE }),
  },
  {
    name: 'journey_criteria',
    title: 'The exit criteria of a journey',
    description: 'Each exit criterion of the present stage with outcome, measured and target.',
    template: 'journey://{client_id}/criteria',
    pattern: /^journey:\/\/([^/]+)\/criteria$/,
    read: async (ask, caller, id) => {
      const { stage, gate, criteria } = await ask(caller, 'journey.show', { client_id: id });
      return { client_id: id, stage, gate, criteria };
    },
  },
  {
    name: 'task',
    title: 'A claimed task',
    description: 'The state of a task, by the task_id that claim_task answered.',
    template: 'task://{id}',
    pattern: /^task:\/\/([^/]+)$/,
    read: readTask,
  },
];

/** `task-<client>:<entry>:<template>:<task>:<generation>:<attempt>`: the task of a unit, and which attempt of it. */
const TASK_ID = /^task-([^:]+):(\d+):([^:]+):([^:]+):\d+:\d+$/;

async function readTask(ask: Ask, caller: McpCaller, id: string): Promise<unknown> {
  const [, clientId, entry, template, name] = TASK_ID.exec(id) ?? [];
  const unknown = new ResourceNotFoundError(`task://${id}`);
  if (clientId === undefined) throw unknown;
  const { stage, units } = (await ask(caller, 'work.show', { client_id: clientId })) as unknown as Work;
  const unit = units.find(({ work_id }) => work_id === `uow-${clientId}:${entry}:${template}`);
  const task = unit?.tasks.find(({ task_id }) => task_id === name);
  if (!unit || !task) throw unknown;
  return { client_id: clientId, stage, work_id: unit.work_id, ...task };
}

/** What clients may attach to a conversation: read anew each time, under the rights of who reads. */
export function journeyResources(catalogue: readonly AnyUseCase[], execute: Execute): NonNullable<Offer['resources']> {
  const ask: Ask = async ({ principal, requestId }, name, input) => {
    const answer = await execute(useCaseOf(catalogue, name), { principal, door: 'mcp', requestId }, input);
    if (answer.ok) return answer.output as Readonly<Record<string, unknown>>;
    throw new ResourceNotFoundError('', `${answer.problem.code}: ${answer.problem.message}`);
  };
  return {
    list: [
      {
        uri: STAGES,
        name: 'stages',
        title: 'The stages',
        description: 'The stages in their order with criteria, units of work, tasks and intents.',
        mimeType: JSON_TYPE,
      },
    ],
    templates: sources.map(({ name, title, description, template }) => ({
      name,
      title,
      description,
      uriTemplate: template,
      mimeType: JSON_TYPE,
    })),
    read: (caller, uri) => {
      if (uri === STAGES) return shown(uri, ask(caller, 'stages.show', {}));
      for (const { pattern, read } of sources) {
        const id = pattern.exec(uri)?.[1];
        if (id !== undefined) return shown(uri, read(ask, caller, decoded(id)));
      }
      return undefined;
    },
  };
}

/** The clients that the addresses are about, for whoever wants to hear of changes; undefined for any other address. */
export function clientOfResource(uri: string): string | undefined {
  const [, id] = /^journey:\/\/([^/]+)(?:\/(?:history|criteria))?$/.exec(uri) ?? [];
  return id === undefined ? undefined : decoded(id);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const shown = async (uri: string, value: Promise<unknown>): Promise<ReadResourceResult> => ({
  contents: [{ uri, mimeType: JSON_TYPE, text: JSON.stringify(clean(await value, detailedCaps)) }],
});
