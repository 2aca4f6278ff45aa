import { JourneyError } from '#core/errors.ts';
import { isObject, type Json, type JsonObject } from '#core/json.ts';
import type { AgentEntry } from './agent-directory.ts';
import { originOf } from './origins.ts';

/** How many agents of one catalogue are looked at. */
const MOST_ENTRIES = 200;
const LONGEST_ID = 255;
const LONGEST_URL = 2_000;
const A2A_CARD = 'application/a2a-agent-card+json';

export type Listed = {
  readonly agents: readonly AgentEntry[];
  /** What it lists and is not used, with the reason. */
  readonly problems: readonly string[];
};

/** Throws where the document is no AI Catalog. */
export function checkCatalogue(body: JsonObject): void {
  if (!Array.isArray(body['entries']))
    throw new JourneyError('agent.unreachable', 'shows no AI Catalog: it has no list of entries');
}

/**
 * The A2A agents that an AI Catalog lists. A catalogue is somebody else's word: a card outside of the origins that an
 * operator has allowed is not even asked for, or it could turn us against hosts that only we can reach.
 */
export function agentsListed(catalogueUrl: string, body: JsonObject, allowed: ReadonlySet<string>): Listed {
  const entries = (body['entries'] as readonly Json[]).filter(isObject).filter((entry) => typeOf(entry) === A2A_CARD);
  const agents: AgentEntry[] = [];
  const problems: string[] = [];
  if (entries.length > MOST_ENTRIES) problems.push(`It lists ${entries.length} agents; ${MOST_ENTRIES} are looked at.`);
  for (const entry of entries.slice(0, MOST_ENTRIES)) {
    const listed = agentOf(catalogueUrl, entry, allowed);
    if (typeof listed === 'string') problems.push(listed);
    else if (agents.some(({ agentId }) => agentId === listed.agentId))
      problems.push(`It lists ${listed.agentId} twice.`);
    else agents.push(listed);
  }
  return { agents, problems };
}

// Earlier drafts of the format called it mediaType.
const typeOf = ({ type, mediaType }: JsonObject): Json | undefined => type ?? mediaType;

function agentOf(
  catalogueUrl: string,
  { identifier, url, data }: JsonObject,
  allowed: ReadonlySet<string>,
): AgentEntry | string {
  if (typeof identifier !== 'string' || identifier === '' || identifier.length > LONGEST_ID)
    return `One of its entries has no identifier of 1 to ${LONGEST_ID} characters.`;
  if (isObject(data)) return { agentId: identifier, cardUrl: catalogueUrl, intents: [], inline: data };
  if (typeof url !== 'string' || url.length > LONGEST_URL || !URL.canParse(url, catalogueUrl))
    return `${identifier} has neither a URL nor a card.`;
  const cardUrl = new URL(url, catalogueUrl).href;
  const origin = originOf(cardUrl);
  if (!allowed.has(origin)) return `${identifier} is at ${origin}, which is not among allowed_origins in agents.yaml.`;
  return { agentId: identifier, cardUrl, intents: [] };
}
