import { z } from 'zod';
import { isRefusal } from '#core/errors.ts';
import { doerOf } from '../audit.ts';
import { ActivationView, activationView, unknownVersion, VersionHash } from '../config-views.ts';
import { defineUseCase } from '../use-case.ts';

export const activateConfig = defineUseCase({
  name: 'config.activate',
  summary:
    'Let a version of the history decide again, from the next stage entries on, until files change or a server starts.',
  effect: 'write',
  allow: ['admin'],
  kinds: ['user', 'system'],
  surface: {
    http: { route: 'POST /api/v1/config/activate' },
    cli: { verb: 'config activate', examples: ['config activate --hash=9a1c0de19a1c0de1'] },
    without: {
      mcp: 'Config://stages shows what decides; the configuration is for people.',
      slack: 'Whoever changes the configuration has its files at hand, and a terminal.',
    },
  },
  input: z.strictObject({ hash: VersionHash.describe('A hash of config history.') }),
  output: z.object({ activated: z.boolean(), active: ActivationView }),
  run: async ({ configuration }, call, { hash }) => {
    if (!(await configuration.store.document(hash))) return unknownVersion(hash);
    const activated = await configuration.activate(hash, doerOf(call));
    if (isRefusal(activated)) return activated;
    const [active] = await configuration.store.activations(1);
    if (!active) throw new Error('No configuration has been activated.');
    return { activated, active: activationView(active) };
  },
});
