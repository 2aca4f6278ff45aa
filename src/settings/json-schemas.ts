import { z } from 'zod';
import type { Json } from '#core/json.ts';
import { agentsFile, orchestratorFile, stagesFile, templatesFile } from './file-schemas.ts';
import { collectorsFile } from './collectors-file.ts';
import { notificationsFile } from './notifications-file.ts';
import type { ConfigFile } from './config-texts.ts';

/** JSON Schema 2020-12 of each file, for editors that complete and check while one types. */
export const jsonSchemas = (): { readonly [file in ConfigFile]: Json } => ({
  'journey-orchestrator.yaml': schemaOf(orchestratorFile),
  'stages.yaml': schemaOf(stagesFile),
  'unit-of-work-templates.yaml': schemaOf(templatesFile),
  'agents.yaml': schemaOf(agentsFile),
  'collectors.yaml': schemaOf(collectorsFile),
  'notifications.yaml': schemaOf(notificationsFile),
});

const schemaOf = (schema: z.ZodType): Json => z.toJSONSchema(schema, { io: 'input' }) as Json;
