import { Command, Help, Option } from 'commander';
import { buildText } from '#application/build.ts';
import type { Environment } from './environment.ts';
import type { Field } from '#application/input-fields.ts';
import { addCompletion } from './completion/completion.ts';
import { commonOptions, fileOption, keyOption, optionOf } from './options.ts';
import { ownBuild } from './version.ts';
import type { Verb } from './verbs.ts';

/** What was typed after a verb, by the names of commander. */
export type Typed = Readonly<Record<string, unknown>>;
export type RunVerb = (verb: Verb, typed: Typed) => Promise<void>;

const NAME = 'journey-cli';

/** The command line as commander sees it: every verb with its flags, and help in groups. */
export function programOf(
  verbs: readonly Verb[],
  environment: Environment,
  run: RunVerb,
  relay: (typed: Typed) => Promise<void>,
): Command {
  const program = new Command(NAME)
    .description('Starts, watches and decides on the journeys of clients, through the orchestrator’s API.')
    .version(buildText(ownBuild), '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Explain, and do nothing.')
    .exitOverride()
    .enablePositionalOptions()
    .helpCommand(false)
    .configureOutput({
      writeOut: environment.out,
      writeErr: environment.err,
      getOutHelpWidth: () => environment.columns ?? 80,
      getErrHelpWidth: () => environment.columns ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ formatHelp: formatInGroups, subcommandTerm: fullName })
    .showHelpAfterError(`hint: ${NAME} help lists all verbs.`)
    .addHelpText('after', guidance);
  for (const option of commonOptions()) program.addOption(option);
  for (const verb of verbs) addVerb(program, verb, run);
  addMcp(program, relay);
  addCompletion(program, verbs, environment.out);
  program
    .command('help')
    .argument('[verb...]', 'The verb to explain.')
    .description('Explain a verb, or list all.')
    .helpGroup('Help:')
    .action((words: readonly string[]) => commandFor(program, words).outputHelp());
  return program;
}

/** No verb of the catalogue: it does not ask one thing, it is the catalogue for a desktop client. */
function addMcp(program: Command, relay: (typed: Typed) => Promise<void>): void {
  const command = program
    .command('mcp')
    .summary('Serve MCP over stdio, for desktop clients of AI agents.')
    .description(
      'Serve MCP over stdio, for desktop clients of AI agents: passes messages on to the server. It takes the token of an agent (JOURNEY_API_TOKEN), never the local one.',
    )
    .helpGroup('Agents:')
    .configureHelp({})
    .addOption(new Option('--read-only', 'Offer only the tools that change nothing.'))
    .addHelpText('after', `\nExample:\n  ${NAME} mcp --server=http://127.0.0.1:8080`)
    .action(async (_options: unknown, self: Command) => relay(self.optsWithGlobals()));
  for (const option of commonOptions().filter(({ long }) => long !== '--format' && long !== '--output'))
    command.addOption(option);
}

function addVerb(program: Command, verb: Verb, run: RunVerb): void {
  const words = verb.name.split(' ');
  const parent = words.slice(0, -1).reduce((before, word) => wordBefore(before, word, verb.group), program);
  const command = parent
    .command(words.at(-1) ?? verb.name)
    .summary(verb.summary)
    .description(verb.summary)
    .helpGroup(`${verb.group}:`)
    .configureHelp({})
    .showHelpAfterError(`hint: ${NAME} help ${verb.name} explains the flags.`)
    .addHelpText('after', exampleText(verb))
    .action(async (_options: unknown, self: Command) => run(verb, self.optsWithGlobals()));
  for (const field of [...verb.fields, ...(verb.collection?.fields ?? []).map(orInFile)])
    command.addOption(optionOf(field));
  if (verb.collection) command.addOption(fileOption(verb.collection.name));
  const taken = new Set(command.options.map(({ long }) => long));
  const shared = [...(verb.writes ? [keyOption()] : []), ...commonOptions()];
  for (const option of shared) if (!taken.has(option.long)) command.addOption(option);
}

/** The `token` of `token create`: it does nothing by itself but explain. */
const wordBefore = (parent: Command, word: string, group: string): Command =>
  parent.commands.find((command) => command.name() === word) ??
  parent
    .command(word)
    .description(`Verbs about ${word}.`)
    // Its own heading would stand empty; under that of its verbs it keeps their place in the order.
    .helpGroup(`${group}:`)
    .configureHelp({})
    .helpCommand(false)
    .showHelpAfterError(`hint: ${NAME} help ${word} lists them.`);

/** What one item needs is needed only while no file gives the items. */
const orInFile = (field: Field): Field =>
  field.required
    ? { ...field, required: false, description: `${field.description} (required, or --file)`.trimStart() }
    : field;

const exampleText = ({ examples }: Verb): string =>
  examples.length === 0 ? '' : ['', 'Examples:', ...examples.map((example) => `  ${NAME} ${example}`)].join('\n');

const guidance = `
Lists are given as a,b,c. A value of --input or --metadata is JSON where it
reads as a number, true, false, a list, an object or quoted text; a list where
it holds a comma; and text otherwise. A list of one is users=ann, (with comma).

Exit codes: 0 done, 1 refused, 2 wrong usage, 3 not reachable, 4 not found.

Environment: JOURNEY_API_URL, JOURNEY_API_TOKEN (or JOURNEY_API_TOKEN_FILE),
JOURNEY_DATA_DIR (where the local server keeps its tokens), NO_COLOR.`;

/** The list of verbs shows `token create` rather than `token`; suggestions still look among first words. */
function formatInGroups(command: Command, helper: Help): string {
  helper.visibleCommands = (shown) => shown.commands.flatMap(leaves);
  return Help.prototype.formatHelp.call(helper, command, helper);
}

const leaves = (command: Command): readonly Command[] | Command =>
  command.commands.length > 0 ? command.commands.flatMap(leaves) : command;

function fullName(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${fullName(parent)} ${command.name()}` : command.name();
}

/** The command that the words name; where they name none, commander says so and suggests. */
function commandFor(program: Command, words: readonly string[]): Command {
  return words.reduce<Command>((parent, word) => {
    const found = parent.commands.find((command) => command.name() === word);
    return found ?? parent.error(`error: no help on '${words.join(' ')}'`, { code: 'commander.unknownCommand' });
  }, program);
}

/** Every flag that the verb in these words knows, as `--client-id`. */
export function flagsFor(program: Command, words: readonly string[]): ReadonlySet<string> {
  let command = program;
  for (const word of words) command = command.commands.find((one) => one.name() === word) ?? command;
  return new Set(command.options.flatMap(({ long }) => (long === undefined ? [] : [long])));
}
