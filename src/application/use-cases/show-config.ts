import { z } from 'zod';
import type { ConfigValue } from '../config-ports.ts';
import { keysForRestart, type Configuration } from '../configuration.ts';
import { ActivationView, activationView, ReloadFailureView, reloadFailureView } from '../config-views.ts';
import { text } from '../fields.ts';
import { defineUseCase } from '../use-case.ts';

const FAILURES = 5;

export const showConfig = defineUseCase({
  name: 'config.show',
  summary: 'The configuration in force: which version decides, every value, and whether changed files were taken up.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/config' },
    cli: { verb: 'config show', examples: ['config show --origin', 'config show --origin --key="stages[pilot]"'] },
    without: {
      mcp: 'Config://stages shows what decides; the configuration is for people.',
      slack: 'Whoever changes the configuration has its files at hand, and a terminal.',
    },
  },
  input: z.strictObject({
    origin: z.boolean().default(false).describe('Also where each value comes from.'),
    key: text(200).optional().describe('Only keys that begin so, as timeouts or stages[pilot].'),
  }),
  output: z.object({
    active: ActivationView,
    own: z.object({ hash: z.string(), label: z.string(), folder: z.string(), is_active: z.boolean() }),
    reload: z.object({ state: z.enum(['ok', 'failed']), failures: z.array(ReloadFailureView) }),
    after_restart: z.array(z.string()),
    values: z.array(z.object({ key: z.string(), value: z.unknown(), origin: z.string().optional() })),
  }),
  run: async ({ configuration }, { principal }, { origin, key: beginning = '' }) => {
    const { files, store } = configuration;
    const own = configuration.own();
    const [active] = await store.activations(1);
    if (!active) throw new Error('No configuration has been activated.');
    const failures = await store.failures(FAILURES);
    const values = await valuesInForce(configuration, active.hash);
    return {
      active: activationView(active),
      own: { hash: own.hash, label: own.label, folder: files.folder, is_active: own.hash === active.hash },
      reload: {
        state: failures.some(({ mended_at }) => mended_at === null) ? ('failed' as const) : ('ok' as const),
        failures: failures.map((failure) => reloadFailureView(failure, principal)),
      },
      after_restart: [...keysForRestart(files, own)],
      values: values
        .filter(({ key }) => key.startsWith(beginning))
        .map((one) => (origin ? one : { key: one.key, value: one.value })),
    };
  },
});

/** What decides comes from the active version; everything else is what the process was started with. */
async function valuesInForce({ files, store, own }: Configuration, active: string): Promise<readonly ConfigValue[]> {
  const mine = new Map(own().values.map((one) => [one.key, one]));
  const document = active === own().hash ? own().document : await store.document(active);
  const decides = files.valuesIn(document ?? {});
  const ofOwn = files.valuesIn(own().document);
  const started = files.started.values.filter(({ key }) => !decides.has(key) && !ofOwn.has(key));
  const decided = [...decides].map(([key, value]): ConfigValue => {
    const said = mine.get(key);
    const isMine = said !== undefined && JSON.stringify(said.value) === JSON.stringify(value);
    return { key, value, origin: isMine ? said.origin : `version ${active}` };
  });
  return [...decided, ...started];
}
