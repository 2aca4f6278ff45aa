import type { JourneyDocument } from '#application/publishing/journey-document.ts';
import type { JourneyPlace } from '#application/publishing/publish-journeys.ts';
import type { AskGlean, GleanAnswer } from './glean-client.ts';

export type GleanPlaceOptions = {
  readonly ask: AskGlean;
  readonly datasource: string;
  readonly allowedUsers: readonly string[];
  readonly allowedGroups: readonly string[];
  readonly every_ms: number;
  /** Where documents lead to. */
  readonly publicUrl: string;
  readonly digest: (text: string) => string;
};

const OBJECT_TYPE = 'Journey';
const PROPERTIES = ['stage', 'status'] as const;

/** Journeys as documents of a custom datasource in Glean, for the users and groups that are named and nobody else. */
export function gleanPlace({
  ask,
  datasource,
  allowedUsers,
  allowedGroups,
  ...options
}: GleanPlaceOptions): JourneyPlace {
  const { publicUrl, digest, every_ms } = options;
  const base = `${publicUrl.replace(/\/+$/, '')}/api/v1/journeys/`;
  let prepared = false;
  const permissions = {
    allowedUsers: allowedUsers.map((email) => ({ email })),
    allowedGroups: [...allowedGroups],
    allowAnonymousAccess: false,
    allowAllDatasourceUsersAccess: false,
  };
  // Glean does not tell capitals from small letters in ids, and an id should not outlive an erased client's name.
  const idOf = (clientId: string): string => `journey-${digest(clientId)}`;

  const definitionOf = (document: JourneyDocument) => ({
    datasource,
    objectType: OBJECT_TYPE,
    id: idOf(document.clientId),
    title: document.title,
    viewURL: `${base}${encodeURIComponent(document.clientId)}`,
    body: { mimeType: 'text/plain', textContent: document.text },
    permissions,
    createdAt: Math.floor(document.startedAt / 1_000),
    updatedAt: Math.floor(document.stageStartedAt / 1_000),
    tags: [document.stage, document.status],
    customProperties: PROPERTIES.map((name) => ({ name, value: document[name] })),
  });

  /** Adding a datasource that is there already brings it up to date. */
  async function prepare(signal: AbortSignal): Promise<void> {
    if (prepared) return;
    const config = {
      name: datasource,
      displayName: 'Client journeys',
      datasourceCategory: 'KNOWLEDGE_HUB' as const,
      urlRegex: `^${base.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}.*`,
      isUserReferencedByEmail: true,
      objectDefinitions: [
        {
          name: OBJECT_TYPE,
          displayLabel: OBJECT_TYPE,
          propertyDefinitions: PROPERTIES.map((name) => ({
            name,
            displayLabel: name,
            propertyType: 'PICKLIST' as const,
          })),
        },
      ],
    };
    done(await ask('indexing', (glean, call) => glean.indexing.datasources.add(config, call), signal));
    prepared = true;
  }

  return {
    name: `glean:${datasource}`,
    dependency: 'glean',
    rules: digest(JSON.stringify([permissions, base])),
    every_ms,
    put: async (documents, signal) => {
      await prepare(signal);
      const request = { datasource, documents: documents.map(definitionOf) };
      done(await ask('indexing', (glean, call) => glean.indexing.documents.index(request, call), signal));
    },
    remove: async (clientIds, signal) => {
      for (const clientId of clientIds) {
        const request = { datasource, objectType: OBJECT_TYPE, id: idOf(clientId) };
        // Deleting what is not there is refused, and is what was wanted.
        await ask('indexing', (glean, call) => glean.indexing.documents.delete(request, call), signal);
      }
    },
  };
}

function done(answer: GleanAnswer<void>): void {
  if (answer.type === 'refused') throw new Error(answer.problem);
}
