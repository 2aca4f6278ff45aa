import { catalogue } from '#application/catalogue.ts';
import { checkAgents } from '#application/use-cases/check-agents.ts';
import { confirmOverride } from '#application/use-cases/confirm-override.ts';
import { verifyStore } from '#application/use-cases/verify-store.ts';
import { checkSlack } from '#application/use-cases/check-slack.ts';
import type { AnyUseCase } from '#application/use-case.ts';
import { lintConfig } from '#application/use-cases/lint-config.ts';
import type { Answered } from './ask.ts';
import { configCheckVerb } from './config-check.ts';
import type { LocalToken } from './connection.ts';
import { decisionVerbs } from './decide.ts';
import { doctorVerb } from './doctor.ts';
import { exitCodes, isFailure, type Failure } from './failure.ts';
import { fieldsOf, schemaOf, type Collection, type Field } from '#application/input-fields.ts';
import { askPages, pagingOf } from './pages.ts';
import { requestOf, type Input } from './request.ts';
import type { Session } from './session.ts';
import { watchVerb } from './watch.ts';

/** Something to type after `journey-cli`. */
export type Verb = {
  /** `start`, or `token create`. */
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  readonly examples: readonly string[];
  readonly fields: readonly Field[];
  readonly collection: Collection | null;
  /** The field that holds the text of a file, which is named on the command line. */
  readonly document?: string;
  readonly writes: boolean;
  readonly localToken: LocalToken;
  /** Whose answer it is, so that it can be shown. */
  readonly useCase: AnyUseCase;
  readonly run: (session: Session, input: Input) => Promise<Answered | Failure>;
  /** The exit code of an answer, where not every answer is a success. */
  readonly exitCode?: (value: unknown) => number;
};

/** All verbs, in the catalogue's order. */
export const verbs = (useCases: readonly AnyUseCase[] = catalogue): readonly Verb[] => [
  ...useCases.flatMap((useCase) =>
    useCase.surface.cli && useCase.surface.http ? [verbOf(useCase, useCase.surface.cli)] : [],
  ),
  ...decisionVerbs,
  configCheckVerb,
  doctorVerb,
  watchVerb,
];

function verbOf(useCase: AnyUseCase, { verb, examples }: NonNullable<AnyUseCase['surface']['cli']>): Verb {
  const schema = schemaOf(useCase.input, 'input');
  const { fields, collection } = fieldsOf(schema);
  const paging = pagingOf(useCase, schema);
  const document = useCase.surface.http?.document?.field;
  const writes = useCase.effect !== 'read';
  return {
    name: verb,
    group: groupOf(useCase.name),
    summary: useCase.summary,
    examples,
    // One `--limit` may take several pages: how long a page may be is no concern of whoever types it.
    fields: fields.map((field) => {
      if (field.name === document) return asFile(field);
      return paging && field.name === 'limit' ? withoutMost(field) : field;
    }),
    collection,
    ...(document === undefined ? {} : { document }),
    writes,
    localToken: useCase.name === confirmOverride.name ? 'approver' : 'admin',
    useCase,
    run: async ({ ask, key }, input) => {
      if (paging) return askPages(ask, useCase, paging, input);
      const request = requestOf(useCase, input);
      return isFailure(request) ? request : ask(request, writes ? key : undefined);
    },
    ...exitCodeOf(useCase),
  };
}

const asFile = (field: Field): Field => ({
  ...field,
  flag: 'file',
  description: 'The file to send; - reads standard input.',
});

function withoutMost(field: Field): Field {
  const { max: _max, ...range } = field.range ?? { whole: true };
  const { default: _default, ...rest } = field;
  return { ...rest, range, description: 'How many at most, over as many pages as it takes.' };
}

const titles: Readonly<Record<string, string>> = {
  journey: 'Journeys',
  work: 'Work',
  task: 'Doing tasks',
  approval: 'Approvals',
  config: 'Configuration',
  agents: 'Agents',
  delivery: 'Deliveries',
  stages: 'Stages',
  person: 'People',
  token: 'Tokens',
  audit: 'Audit',
  client: 'Store',
  store: 'Store',
  server: 'Server',
};

/** Verbs are grouped by what their use-case is about: `token.create` stands under Tokens. */
export function groupOf(name: string): string {
  const [topic = name] = name.split('.');
  return titles[topic] ?? topic.charAt(0).toUpperCase() + topic.slice(1);
}

/** What an answer says of success beyond having come; a newer server may say more, so only this much is looked at. */
type Told = {
  readonly healthy?: number;
  readonly ok?: boolean;
  readonly findings?: readonly { readonly level?: string }[];
  readonly whole?: readonly unknown[];
  readonly clients?: readonly { readonly violations?: readonly unknown[] }[];
};

/** Scripts wait for an agent by this (S150), pipelines stop at findings that are errors, and so does who verifies. */
const isOk: ReadonlyMap<string, (told: Told) => boolean> = new Map([
  [checkAgents.name, ({ healthy }) => Number(healthy) > 0],
  [checkSlack.name, ({ ok }) => ok === true],
  [lintConfig.name, ({ findings }) => findings?.every(({ level }) => level !== 'error') ?? false],
  [
    verifyStore.name,
    ({ whole, clients }) =>
      whole?.length === 0 && (clients?.every(({ violations }) => violations?.length === 0) ?? false),
  ],
]);

function exitCodeOf({ name }: AnyUseCase): Pick<Verb, 'exitCode'> {
  const ok = isOk.get(name);
  return ok ? { exitCode: (value) => (ok(value ?? {}) ? exitCodes.ok : exitCodes.refused) } : {};
}
