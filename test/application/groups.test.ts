import { expect, test } from 'vitest';
import { isRefusal } from '#core/errors.ts';
import { system, type Principal } from '#application/principal.ts';
import { demoApproval, smallDocument } from '#test/support/engine/fixtures.ts';
import { engineOn } from '#test/support/engine/orchestrator.ts';
import { freshEmbedded } from '#test/support/postgres/fresh.ts';

test('S75: a token brings its groups, and whoever holds one of an approver group decides', async () => {
  await using at = await freshEmbedded();
  const criteria = [demoApproval({ approvers: ['group:client-success'] })];
  const document = smallDocument([{ id: 'sandbox', criteria }, { id: 'production' }]);
  await using engine = await engineOn({ database: at.database, settings: { document } });
  const holderOf = async (name: string, groups: readonly string[]): Promise<Principal> => {
    const { token } = await engine.call('token.create', { name, roles: ['viewer'], groups: [...groups] }, system);
    const principal = await engine.orchestrator.authenticate(token, 'rest');
    if (isRefusal(principal)) throw new Error(principal.message);
    return principal;
  };
  const [gil, sam] = [await holderOf('gil', ['legal', 'client-success']), await holderOf('sam', ['sales'])];
  expect(gil.groups).toEqual(['group:legal', 'group:client-success']);
  const { tokens } = await engine.call('token.list', {}, system);
  expect(tokens.find(({ name }: { name: string }) => name === 'sam')).toMatchObject({ groups: ['sales'] });

  await engine.call('journey.start', { client_id: 'acme', data_sources: ['jira'] });
  const { approval } = await engine.show('acme');
  const approve = { approval_id: approval.approval_id, decision: 'approve' };
  expect(await engine.refused('approval.decide', approve, sam)).toMatchObject({ code: 'approval.not_an_approver' });
  expect(await engine.call('approval.decide', approve, gil)).toMatchObject({ stage: 'production' });
});
