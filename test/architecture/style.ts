import { basename } from 'node:path/posix';
import { isSyntax, nodesOf, placeOf, syntaxOf, type Source, type Syntax } from './source.ts';

export const MOST_LINES = 400;

const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*\.ts$/;
/** Names that tell nothing: whatever such a file holds belongs somewhere that has a name. */
const vague =
  /^(index|utils?|helpers?|common|misc|manager|service|impl)\.ts$|-(utils?|helpers?|manager|service|impl)\.ts$/;
const mayExportDefault = /\.(validator|config)\.ts$/;

/** The only class of the product: an error has to be one. */
const classes: readonly string[] = ['src/core/errors.ts JourneyError'];

/** What a file has that the house does without. */
export function oddities(source: Source): readonly string[] {
  const { path, text } = source;
  const lines = text.split('\n').length - 1;
  const name = basename(path);
  const nodes = [...nodesOf(syntaxOf(source))].map(({ node }) => node);
  const augmentations = nodes.filter(isAugmentation);
  const inSyntax = nodes.flatMap((node) => {
    const merged = augmentations.some((outer) => isWithin(node, outer));
    const odd = oddSyntax(source, node, merged);
    return odd === undefined ? [] : [`${placeOf(source, node)}: ${odd}`];
  });
  return [
    ...(lines > MOST_LINES ? [`${path}: ${lines} lines; over ${MOST_LINES} two things live in one file.`] : []),
    ...(kebabCase.test(name) ? [] : [`${path}: the name is not in kebab-case.`]),
    ...(vague.test(name) ? [`${path}: the name does not tell what is inside.`] : []),
    ...inSyntax,
  ];
}

const isWithin = ({ start }: Syntax, outer: Syntax): boolean => outer.start <= start && start < Number(outer['end']);

/** `declare module 'vitest'` tells the compiler of what a library lets us add; only an interface can be merged there. */
const isAugmentation = ({ type, id }: Syntax): boolean =>
  type === 'TSModuleDeclaration' && isSyntax(id) && id.type === 'Literal';

function oddSyntax({ path }: Source, node: Syntax, merged: boolean): string | undefined {
  switch (node.type) {
    case 'ExportDefaultDeclaration':
      return mayExportDefault.test(path) ? undefined : 'a default export; name it.';
    case 'TSEnumDeclaration':
      return 'an enum; use a union of literals.';
    case 'TSModuleDeclaration':
      return merged ? undefined : 'a namespace; a file is one.';
    case 'TSParameterProperty':
      return 'a parameter property; it does not survive type stripping.';
    case 'TSInterfaceDeclaration':
      return merged ? undefined : 'an interface; use a type.';
    case 'ClassDeclaration':
    case 'ClassExpression':
      return classes.includes(`${path} ${classNameOf(node)}`) ? undefined : 'a class; use functions and types.';
    default:
      return undefined;
  }
}

const classNameOf = ({ id }: Syntax): string => (isSyntax(id) ? String(id['name']) : '');

const testers = new Set(['test', 'it', 'describe']);
const skipping = new Set(['skip', 'only', 'todo', 'skipIf', 'runIf', 'fails']);

/** Tests that are there but do not count. */
export const skippedTests = (source: Source): readonly string[] =>
  [...nodesOf(syntaxOf(source))].flatMap(({ node }) => {
    if (node.type !== 'MemberExpression') return [];
    const [object, property] = [node['object'], node['property']];
    const called = isSyntax(object) ? String(object['name']) : '';
    const how = isSyntax(property) ? String(property['name']) : '';
    return testers.has(called) && skipping.has(how) ? [`${placeOf(source, node)}: ${called}.${how}`] : [];
  });
