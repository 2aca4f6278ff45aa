import { evidenceKinds } from '#validators/evidence-kinds.ts';
import { repeated } from './repeated.ts';
import type { AgentsFile } from './file-schemas.ts';
import { allowedText } from './nearest.ts';
import { shown, type Problem } from './problem.ts';
import { taskEvidenceKinds } from './task-evidence.ts';
import type { Locate } from './zod-problems.ts';

/** What no single key shows: repeated agents, routes without an agent, kinds that an output cannot count for. */
export function checkAgents(
  { agents, routes, evidence }: AgentsFile,
  locate: Locate,
  discovering: boolean,
): readonly Problem[] {
  const offered = agents.flatMap(({ intents }) => intents);
  const credentials = agents.flatMap(({ card_url }, index) => {
    const { username, password } = new URL(card_url);
    if (username === '' && password === '') return [];
    const allowed = 'must not carry credentials: the file is no place for secrets';
    return [{ ...locate(['agents', index, 'card_url']), value: shown(card_url), allowed }];
  });
  const unrouted = Object.entries(routes).flatMap(([intent, route]) =>
    route !== 'a2a' || discovering || offered.includes(intent)
      ? []
      : [{ ...locate(['routes', intent]), value: shown(route), allowed: `no agent above offers ${intent}` }],
  );
  const kinds = Object.entries(evidence).flatMap(([intent, kind]) => {
    if (taskEvidenceKinds.includes(kind)) return [];
    const why = Object.hasOwn(evidenceKinds, kind) ? 'an output cannot say whom it is about' : 'no such evidence kind';
    const allowed = `${why}; ${allowedText(kind, taskEvidenceKinds)}`;
    return [{ ...locate(['evidence', intent]), value: shown(kind), allowed }];
  });
  return [...repeated(agents, 'agent_id', ['agents'], locate), ...credentials, ...unrouted, ...kinds];
}
