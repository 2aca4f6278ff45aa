import type { Flag, Place } from './places.ts';

export function fishScript(name: string, places: readonly Place[]): string {
  const own = `__${name.replaceAll('-', '_')}_at`;
  const steps = places
    .filter(({ path }) => path !== '')
    .map(({ path }) => `      case '${path.includes('/') ? path : `/${path}`}'\n        set place '${path}'`);
  const at = (path: string): string => `complete -c ${name} -n ${quoted(`${own} '${path}'`)}`;
  return `# Completion of ${name} in fish: ${name} completion fish | source
function ${own}
  set -l place ''
  for word in (commandline -opc)
    switch "$place/$word"
${steps.join('\n')}
    end
  end
  test "$place" = "$argv[1]"
end
complete -c ${name} -f
${places
  .flatMap(({ path, words, flags }) => [
    ...words.map(({ word, says }) => `${at(path)} -a ${word} -d ${quoted(says)}`),
    ...flags.map((flag) => `${at(path)} ${flagText(flag)}`),
  ])
  .join('\n')}
`;
}

function flagText({ flag, value, says }: Flag): string {
  const words = typeof value === 'string' ? '' : ` -a ${quoted(value.join(' '))}`;
  const takes = value === 'nothing' ? '' : value === 'file' ? ' -r -F' : ` -x${words}`;
  return `-l ${flag.slice('--'.length)}${takes} -d ${quoted(says)}`;
}

/** As fish reads it: between single quotes only these two mean something. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
