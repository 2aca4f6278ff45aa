import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { starting, tokenCreated, tokenRevoked } from '#application/audit.ts';
import { tokenHash, TOKEN_PREFIX } from '#application/tokens.ts';
import type { TokenRecord, TokenStore } from '#application/dependencies.ts';
import type { Clock, Ids } from '#application/ports.ts';
import type { Role } from '#application/principal.ts';

/** Who starts a journey is not who approves it, also where one person sits at one machine: two tokens, two principals. */
const LOCAL: readonly { readonly file: string; readonly name: string; readonly roles: readonly Role[] }[] = [
  { file: 'admin.token', name: 'local-admin', roles: ['admin'] },
  { file: 'approver.token', name: 'local-approver', roles: ['approver'] },
];

type Reach = { readonly tokens: TokenStore; readonly clock: Clock; readonly ids: Ids };

/** Makes sure that the data directory holds the local tokens (readable by its owner alone) and that the store knows them. */
export async function keepLocalTokens(dataDir: string, { tokens, clock, ids }: Reach): Promise<void> {
  const directory = resolve(dataDir);
  await mkdir(directory, { recursive: true });
  for (const { file, name, roles } of LOCAL) {
    const path = join(directory, file);
    const token = (await readToken(path)) ?? (await writeToken(path, `${TOKEN_PREFIX}${ids.random()}${ids.random()}`));
    // Replicas on one machine may share a database but not a data directory: each has its own.
    const named = `${name}-${ids.digest(directory).slice(0, 6)}`;
    const hash = tokenHash(ids, token);
    const known = await tokens.find(hash);
    if (known && known.revoked_at === null) continue;
    await replace(record(named, roles, ids, clock, true), hash, { tokens, clock, ids });
  }
}

/** The token that a cluster's first admin brings, from a Secret. */
export async function keepBootstrapToken(token: string, { tokens, clock, ids }: Reach): Promise<void> {
  const hash = tokenHash(ids, token);
  if (await tokens.find(hash)) return;
  await replace(record('bootstrap', ['admin'], ids, clock, false), hash, { tokens, clock, ids });
}

async function replace(made: TokenRecord, hash: string, { tokens, clock, ids }: Reach): Promise<void> {
  await tokens.revoke(made.name, clock.machine(), (old) => tokenRevoked({ clock, ids }, starting, old));
  await tokens.add(made, hash, tokenCreated({ clock, ids }, starting, made));
}

const record = (name: string, roles: readonly Role[], ids: Ids, clock: Clock, local: boolean): TokenRecord => ({
  token_id: `tok-${ids.random()}`,
  name,
  kind: 'user',
  roles,
  clients: null,
  evidence_kinds: [],
  intents: null,
  groups: [],
  local,
  created_at: clock.machine(),
  expires_at: null,
  revoked_at: null,
  last_used_at: null,
});

async function readToken(path: string): Promise<string | null> {
  try {
    const token = (await readFile(path, 'utf8')).trim();
    await chmod(path, 0o600);
    return token === '' ? null : token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function writeToken(path: string, token: string): Promise<string> {
  await writeFile(path, `${token}\n`, { mode: 0o600 });
  return token;
}
