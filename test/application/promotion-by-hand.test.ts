import { describe, expect, test } from 'vitest';
import { drivenEngine } from '#test/support/engine/driven.ts';
import {
  dana,
  goodSearch,
  olga,
  realDocument,
  robot,
  searchQuality,
  smallDocument,
} from '#test/support/engine/fixtures.ts';
import { verify } from '#test/support/engine/verify.ts';

const run = drivenEngine();

const twoStages = (auto?: boolean) =>
  smallDocument([
    { id: 'pilot', criteria: [searchQuality()], ...(auto === undefined ? {} : { auto }) },
    { id: 'production' },
  ]);

describe('S61: promotion by hand', () => {
  test.each([
    [true, undefined, 'production'],
    [false, undefined, 'pilot'],
    [true, false, 'pilot'],
    [false, true, 'production'],
  ])('with the feature %s and the stage %s an open gate leads to %s', async (feature, auto, stage) => {
    const document = {
      ...twoStages(auto),
      features: { ...realDocument.features, auto_promotion_enabled: feature },
    };
    await run.begin({ settings: { document } });
    await run.start('acme');
    await run.record('acme', 'search_quality', goodSearch);
    expect(await run.engine.show('acme')).toMatchObject({ stage, gate: stage === 'pilot' ? 'open' : 'none' });
    const promoted = stage === 'pilot' ? await run.change('promote', 'acme') : await run.engine.show('acme');
    expect(promoted).toMatchObject({ stage: 'production' });
  });

  test('a shut gate stays shut to one person, and opens to two, who are both named', async () => {
    await run.begin({ settings: { document: twoStages() } });
    await run.start('acme');
    const one = { client_id: 'acme', reason: 'late survey' };
    expect(await run.engine.refused('journey.promote', one)).toMatchObject({
      code: 'gate.shut',
      details: { missing: ['search_quality'] },
    });
    expect(await run.engine.refused('journey.promote', { ...one, override: true }, robot)).toMatchObject({
      code: 'override.by_agent',
    });
    const { stage, override } = await run.engine.call('journey.promote', { ...one, override: true });
    expect({ stage, override }).toMatchObject({
      stage: 'pilot',
      override: {
        requested_by: 'olga',
        reason: 'late survey',
        missing: ['search_quality'],
        confirmable_by: 'A person with the role operator or approver, other than olga.',
      },
    });
    const request = { override_id: override.override_id };
    expect((await run.engine.refused('journey.confirm_override', request)).code).toBe('override.by_requester');
    expect((await run.engine.refused('journey.confirm_override', request, robot)).code).toBe('auth.forbidden');
    const viewer = { ...dana, id: 'vera', roles: ['viewer'] as const };
    expect((await run.engine.refused('journey.confirm_override', request, viewer)).code).toBe('auth.forbidden');
    expect(await run.engine.call('journey.confirm_override', request, dana)).toMatchObject({
      stage: 'production',
      override: null,
    });
    const transitions = await run.at.database.query(
      `select kind, from_stage, to_stage, initiated_by, confirmed_by, reason, exit_criteria_results from stage_transitions where kind = 'override'`,
    );
    expect(transitions).toMatchObject([
      {
        from_stage: 'pilot',
        to_stage: 'production',
        initiated_by: 'olga',
        confirmed_by: 'dana',
        reason: 'late survey',
        exit_criteria_results: [{ check_id: 'search_quality', outcome: 'unknown' }],
      },
    ]);
    expect(await verify(run.at.database)).toMatchObject({ broken: [] });
  });

  test('an override that was only asked for survives a restart, and a repeated call asks once', async () => {
    await run.begin({ settings: { document: twoStages() }, keepDatabase: true });
    await run.start('acme');
    const input = { client_id: 'acme', reason: 'late', override: true };
    const asked = await run.engine.call('journey.promote', input, olga, 'key-1');
    expect(await run.engine.call('journey.promote', input, olga, 'key-1')).toEqual(asked);
    await run.engine.stop();
    await run.begin({ settings: { document: twoStages() } });
    const { override } = await run.engine.show('acme');
    expect(override).toEqual(asked.override);
    await run.engine.call('journey.confirm_override', { override_id: override.override_id }, dana);
    expect(await run.engine.show('acme')).toMatchObject({ stage: 'production' });
  });
});
