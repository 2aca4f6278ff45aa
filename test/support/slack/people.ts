import { click, command, submission, type Click } from '#examples/slack/requests.ts';
import type { SlackApp } from './slack-app.ts';
import { TEAM, type Fields, type SlackDouble } from '#examples/slack/slack-double.ts';
import { problemsIn } from './limits.ts';
import { expect } from 'vitest';
import { eventually } from '#test/support/engine/orchestrator.ts';

let conversations = 0;

/** People of the tests at their Slack, and what they are answered. */
export function peopleAt(app: SlackApp, slack: SlackDouble) {
  const answered = async (responseUrl: string): Promise<Fields> => {
    const path = new URL(responseUrl).pathname;
    const said = await eventually(
      async () => slack.said.find(({ url }) => url === path),
      (one) => one !== undefined,
    );
    if (!said) throw new Error('Nothing was said.');
    expect(problemsIn(said)).toEqual([]);
    return said;
  };
  const address = (): string => slack.responseUrl(`c${(conversations += 1)}`);
  return {
    /** Types a command; what is answered. */
    types: async (user: string, line: string, more: Fields = {}): Promise<Fields> => {
      const responseUrl = address();
      expect((await app.form(command(line, user, responseUrl, more))).status).toBe(200);
      return answered(responseUrl);
    },
    /** Types a command for which something is missing; the form that opens. */
    isAsked: async (
      user: string,
      line: string,
    ): Promise<{ readonly view: Fields; readonly answer: () => Promise<Fields> }> => {
      const responseUrl = address();
      const before = slack.callsOf('views.update').length;
      expect((await app.form(command(line, user, responseUrl))).status).toBe(200);
      await eventually(
        async () => slack.callsOf('views.update').length,
        (calls) => calls > before,
      );
      const view = slack.callsOf('views.update').at(-1)?.body['view'] as Fields;
      expect(problemsIn({ view })).toEqual([]);
      return { view, answer: () => answered(responseUrl) };
    },
    clicks: async (act: Omit<Click, 'responseUrl'>): Promise<Fields> => {
      const responseUrl = address();
      expect((await app.form(click({ ...act, responseUrl }))).status).toBe(200);
      return answered(responseUrl);
    },
    sends: (user: string, view: Fields, values: Fields): Promise<Response> => app.form(submission(view, values, user)),
  };
}

export const person = { team_id: TEAM };

/** All that stands in blocks, to be searched. */
export const wordsIn = (message: Fields | undefined): string => JSON.stringify(message?.['blocks'] ?? []);
