import { offers, steps, values, type Answer } from './cases.ts';
import type { Place } from './places.ts';

export function zshScript(name: string, places: readonly Place[]): string {
  const own = `_${name.replaceAll('-', '_')}`;
  return `#compdef ${name}
# Completion of ${name} in zsh: eval "$(${name} completion zsh)"
${own}() {
  local flag='' place='' offer='' word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$place/$word" in
${steps(places)}
    esac
  done
  if [[ $PREFIX == --*=* ]]; then
    flag="\${PREFIX%%=*}"
    compset -P '*='
  elif [[ $words[CURRENT-1] == -* ]]; then
    flag="$words[CURRENT-1]"
  fi
  if [[ -n $flag ]]; then
    case "$place $flag" in
${values(places, answer)}
    esac
    if [[ -n $offer ]]; then
      compadd -- \${=offer}
      return
    fi
  fi
  case "$place" in
${offers(places)}
  esac
  compadd -- \${=offer}
}
(( $+functions[compdef] )) || { autoload -U +X compinit && compinit -i; }
compdef ${own} ${name}
`;
}

const answer: Answer = (value) => {
  if (value === 'anything') return 'return 1';
  return value === 'file' ? '_files; return' : `offer='${value.join(' ')}'`;
};
