/** Which product this is, and from which sources where that is known. */
export type Build = {
  readonly version: string;
  readonly commit: string | null;
};

/** A package and an image carry the commit in `gitHead`; a checkout's own package.json knows of none. */
export function buildOf(manifest: { readonly version: string; readonly gitHead?: unknown }): Build {
  const { version, gitHead } = manifest;
  return { version, commit: typeof gitHead === 'string' && gitHead !== '' ? gitHead : null };
}

/** `1.2.0 (0a1b2c3d4e5f)` */
export const buildText = ({ version, commit }: Build): string =>
  commit === null ? version : `${version} (${commit.slice(0, 12)})`;
