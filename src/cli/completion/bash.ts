import { offers, steps, values, type Answer } from './cases.ts';
import type { Place } from './places.ts';

export function bashScript(name: string, places: readonly Place[]): string {
  const own = `_${name.replaceAll('-', '_')}`;
  return `# Completion of ${name} in bash: eval "$(${name} completion bash)"
${own}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  local flag='' value="$current" place='' offer='' index
  # Bash takes the = of --flag=value for a word of its own.
  if [[ $current == '=' ]]; then flag="$before" value=''
  elif [[ $before == '=' ]]; then flag="\${COMP_WORDS[COMP_CWORD-2]}"
  elif [[ $before == -* ]]; then flag="$before"
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$place/\${COMP_WORDS[index]}" in
${steps(places)}
    esac
  done
  COMPREPLY=()
  if [[ -n $flag ]]; then
    case "$place $flag" in
${values(places, answer)}
    esac
    if [[ -n $offer ]]; then
      COMPREPLY=($(compgen -W "$offer" -- "$value"))
      return
    fi
  fi
  case "$place" in
${offers(places)}
  esac
  COMPREPLY=($(compgen -W "$offer" -- "$current"))
}
complete -F ${own} ${name}
`;
}

const answer: Answer = (value) => {
  if (value === 'anything') return 'return';
  return value === 'file' ? 'COMPREPLY=($(compgen -f -- "$value")); return' : `offer='${value.join(' ')}'`;
};
