import type { CatalogueTool } from './tool.ts';

/**
 * What the product says to people names verbs of the command line; a model has tools instead. Only verbs that no sentence
 * holds by chance are put into its words: those with a hyphen.
 */
export function toolWords(tools: readonly CatalogueTool[]): (text: string) => string {
  const byVerb = new Map(
    tools.flatMap(({ name, useCase }) => {
      const verb = useCase.surface.cli?.verb;
      return verb?.includes('-') === true ? [[verb, name] as const] : [];
    }),
  );
  const verbs = new RegExp(`(?:journey-cli )?\\b(${[...byVerb.keys()].join('|')})\\b( --([a-z-]+)=)?`, 'g');
  return (text) =>
    byVerb.size === 0
      ? text
      : text.replaceAll(verbs, (_all, verb: string, flag?: string, field?: string) => {
          const tool = byVerb.get(verb) ?? verb;
          return flag === undefined ? tool : `${tool} with ${field?.replaceAll('-', '_')} `;
        });
}
