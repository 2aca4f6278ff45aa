import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export type Folder = { readonly path: string; readonly remove: () => Promise<void> };

/** The folder that was asked for, if it is empty, or a new one of the demo's own. */
export async function openFolder(asked: string | null): Promise<Folder> {
  const path = asked === null ? await mkdtemp(join(tmpdir(), 'journey-demo-')) : resolve(asked);
  await mkdir(path, { recursive: true });
  // The demo's clients can start only once, and nobody's own journeys are to be mixed with pretended ones.
  if ((await readdir(path)).length > 0)
    throw new Error(`${path} is not empty. Name a folder that is, or leave --data-dir out: the demo makes its own.`);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
