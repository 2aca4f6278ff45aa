import type { App } from '@slack/bolt';
import type { RaiseAlert } from '#application/alerts.ts';

/** What Slack tells about the app itself. Sending finds out by its own answers; these say it at once, and why. */
export function listenToLifecycle(app: App, alert: RaiseAlert): void {
  app.event('app_uninstalled', async ({ body }) => {
    alert('destination_gone', 'The Slack app was uninstalled; nothing is told there until it is installed again.', {
      destination: 'slack',
      team_id: body.team_id,
    });
  });
  app.event('tokens_revoked', async ({ body, event }) => {
    if ((event.tokens.bot ?? []).length === 0) return;
    alert('destination_gone', "The Slack app's token was revoked; set a new SLACK_BOT_TOKEN.", {
      destination: 'slack',
      team_id: body.team_id,
    });
  });
}
