import { existsSync } from 'node:fs';
import { finding, type Finding } from './findings.ts';
import { shown, type Problem } from './problem.ts';
import type { EventStoreSettings } from './settings.ts';
import type { Values } from './values.ts';

export function eventStoreOf({ text, number, flag }: Values): EventStoreSettings | null {
  if (text('JOURNEY_EVENT_STORE') === 'postgresql') return null;
  const tls = flag('JOURNEY_EVENT_STORE_TLS');
  return {
    host: text('JOURNEY_EVENT_STORE_HOST') ?? '',
    port: number('JOURNEY_EVENT_STORE_PORT'),
    tls,
    caFile: text('JOURNEY_EVENT_STORE_CA_FILE'),
    user: text('JOURNEY_EVENT_STORE_USER'),
    // It is of use over encrypted connections only, and must not travel over others.
    password: tls ? text('JOURNEY_EVENT_STORE_PASSWORD') : null,
  };
}

export function eventStoreProblems({ text, flag }: Values): readonly Problem[] {
  if (text('JOURNEY_EVENT_STORE') === 'postgresql') return [];
  const host = text('JOURNEY_EVENT_STORE_HOST');
  const caFile = text('JOURNEY_EVENT_STORE_CA_FILE');
  const needed = flag('JOURNEY_EVENT_STORE_TLS') ? ['JOURNEY_EVENT_STORE_USER', 'JOURNEY_EVENT_STORE_PASSWORD'] : [];
  return [
    ...(host === null
      ? [
          problem(
            'JOURNEY_EVENT_STORE_HOST',
            'missing: JOURNEY_EVENT_STORE names an event store, and this is where it is',
          ),
        ]
      : isHost(host)
        ? []
        : [
            problem(
              'JOURNEY_EVENT_STORE_HOST',
              'must be the name or the address of a host, without port or path',
              host,
            ),
          ]),
    ...needed.flatMap((name) =>
      text(name) === null
        ? [
            problem(
              name,
              'missing: an event store with TLS knows its users; JOURNEY_EVENT_STORE_TLS=false is for one without',
            ),
          ]
        : [],
    ),
    ...(caFile === null || existsSync(caFile)
      ? []
      : [problem('JOURNEY_EVENT_STORE_CA_FILE', 'must be a file with certificates (PEM); it is not there', caFile)]),
  ];
}

/** What works, and yet lets others read along or do too much. */
export function eventStoreFindings(settings: EventStoreSettings | null): readonly Finding[] {
  if (settings === null) return [];
  const { user, tls } = settings;
  return [
    ...(user === 'admin'
      ? [
          finding(
            'event_store.superuser',
            'JOURNEY_EVENT_STORE_USER',
            'admin may do everything in the event store.',
            'Give the orchestrator a user of its own that may append to and read its streams.',
          ),
        ]
      : []),
    ...(tls
      ? []
      : [
          finding(
            'event_store.unencrypted',
            'JOURNEY_EVENT_STORE_TLS',
            'Events travel unencrypted, and the event store does not learn who appends them: users count with TLS only.',
            'Set it to true, and JOURNEY_EVENT_STORE_CA_FILE if the server has a certificate of your own authority.',
          ),
        ]),
  ];
}

const isHost = (text: string): boolean =>
  /^([A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\])$/.test(text);

const problem = (path: string, allowed: string, value?: string): Problem => ({
  where: 'environment',
  path,
  allowed,
  ...(value === undefined ? {} : { value: shown(value) }),
});
