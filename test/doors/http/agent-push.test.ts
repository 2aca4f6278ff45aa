import { describe, expect, test } from 'vitest';
import { pushTokens } from '#adapters/agents/push-tokens.ts';
import { agentPush, pushPath } from '#http/agent-push.ts';
import { SECOND } from '#core/time.ts';

const attempt = 'task-acme:1:sandbox_work:waits:1:1';

function door(isThere = true) {
  const tokens = pushTokens('a secret that all replicas share');
  const woken: string[] = [];
  let now = 0;
  const app = agentPush({
    fits: tokens.fits,
    wake: (id) => {
      woken.push(id);
      return Promise.resolve(isThere);
    },
    now: () => now,
  });
  const push = async (token: string | undefined, id = attempt, body = '{}'): Promise<Response> =>
    app.request(pushPath(id), {
      method: 'POST',
      body,
      headers: token === undefined ? {} : { 'x-a2a-notification-token': token },
    });
  return { push, token: tokens.of(attempt), woken, pass: (by_ms: number) => void (now += by_ms) };
}

describe('a push of an agent', () => {
  test('wakes whoever follows the task, whatever it carries', async () => {
    const { push, token, woken } = door();
    expect((await push(token)).status).toBe(204);
    expect((await push(token, attempt, 'no JSON \u0000')).status).toBe(204);
    expect(woken).toEqual([attempt, attempt]);
  });

  test('without its token, or with the token of another task, is refused and has no effect', async () => {
    const { push, token, woken } = door();
    for (const wrong of [undefined, '', 'x', `${token}x`, token.toUpperCase()])
      expect((await push(wrong)).status).toBe(401);
    expect((await push(token, 'task-acme:1:sandbox_work:waits:1:2')).status).toBe(401);
    expect(woken).toEqual([]);
  });

  test('about a task that no agent is at is answered 404', async () => {
    const { push, token } = door(false);
    const answer = await push(token);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: 'work.unknown' });
  });

  test('comes to nothing when there are too many of them', async () => {
    const { push, token, woken, pass } = door();
    const statuses: number[] = [];
    for (let n = 0; n < 100; n += 1) statuses.push((await push(token)).status);
    expect(statuses.filter((status) => status === 204)).toHaveLength(20);
    expect(statuses.at(-1)).toBe(429);
    pass(SECOND);
    expect((await push(token)).status).toBe(204);
    expect(woken).toHaveLength(21);
  });
});
