import { expect, test } from 'vitest';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { plansOf } from '#application/plans.ts';
import type { JsonObject } from '#core/json.ts';
import { compilePlan } from '#settings/compile-plan.ts';
import { readDocument } from '#settings/document.ts';
import { realDocument } from '#test/support/engine/fixtures.ts';

test('S33: a look from before an activation does not undo what the look after it has found', async () => {
  const answers: ((hash: string) => void)[] = [];
  const plans = plansOf({
    document: () => Promise.resolve(structuredClone(realDocument) as unknown as JsonObject),
    active: () => new Promise((resolve) => void answers.push(resolve)),
    compile: (document) => compilePlan(readDocument(document)),
  });
  const slow = plans.refresh();
  const quick = plans.refresh();
  const answerNext = async (hash: string): Promise<void> => {
    await nextTurn();
    answers.shift()?.(hash);
  };
  await answerNext('before');
  await slow;
  await answerNext('after');
  await quick;
  expect(plans.active().hash).toBe('after');
});
