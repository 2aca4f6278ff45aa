import type { Environment } from '#cli/environment.ts';
import { main } from '#cli/main.ts';
import type { Verb } from '#cli/verbs.ts';

export type Ran = { readonly code: number; readonly out: string; readonly err: string };

export type Surroundings = Partial<Omit<Environment, 'out' | 'err' | 'readFile' | 'readInput' | 'inputLines'>> & {
  readonly files?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly verbs?: readonly Verb[];
};

/** One command line in this process, with surroundings of its own. */
export async function runCli(server: string, argv: readonly string[], given: Surroundings = {}): Promise<Ran> {
  const { files = {}, input = '', verbs, ...rest } = given;
  let out = '';
  let err = '';
  let keys = 0;
  const environment: Environment = {
    columns: null,
    colour: false,
    newKey: () => `key-${++keys}`,
    deadline: () => new AbortController().signal,
    pause: () => Promise.resolve(),
    ...rest,
    variables: { JOURNEY_API_URL: server, ...rest.variables },
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    readFile: (path) => files[path],
    readInput: () => Promise.resolve(input),
    inputLines: async function* () {
      yield* input.split('\n');
    },
  };
  const code = await main(argv, environment, verbs);
  return { code, out, err };
}
