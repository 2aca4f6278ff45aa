import { buildOf, type Build } from '#application/build.ts';
import packageJson from '../../package.json' with { type: 'json' };

export const ownBuild: Build = buildOf(packageJson);
