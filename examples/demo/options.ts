import { parseArgs } from 'node:util';

export type DemoOptions = {
  /** Unattended: the approver's token approves by itself, and the end is bounded. */
  readonly once: boolean;
  /** Null: a folder of its own, which is removed at the end. */
  readonly dataDir: string | null;
  readonly keep: boolean;
  /** The approval is asked for in Slack: in the one that the environment names, else in a bundled double. */
  readonly slack: boolean;
  /** How long a journey day takes in real time. */
  readonly day_ms: number;
  readonly work_ms: number;
  readonly tick_ms: number;
  /** Null: as long as the person at the terminal takes. */
  readonly deadline_ms: number | null;
};

const USAGE = `Usage: npm run demo -- [options]

Takes two clients through their journeys in about two minutes, and asks you for an approval on the way.

  --once            nobody is asked: the approver's token approves; checks the data directory and exits 0 only then
  --data-dir DIR    where the embedded database lies (must be empty); kept at the end
  --keep            keeps the folder that the demo makes for itself
  --slack           the approval is asked for in Slack: with SLACK_BOT_TOKEN and the like in yours, else in a
                    double of it that comes with this
  --help            shows this
`;

const ATTENDED = { day_ms: 8_000, work_ms: 1_700, tick_ms: 200, deadline_ms: null };
const UNATTENDED = { day_ms: 1_600, work_ms: 200, tick_ms: 100, deadline_ms: 240_000 };

/** The options, or the exit code where there is nothing to run. */
export function readOptions(args: readonly string[]): DemoOptions | number {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        'data-dir': { type: 'string' },
        slack: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    const { once, keep, slack, 'data-dir': dataDir = null } = values;
    return { once, slack, dataDir, keep: keep || dataDir !== null, ...(once ? UNATTENDED : ATTENDED) };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
}
