import { distance } from 'fastest-levenshtein';
import type { Context, Hono } from 'hono';
import { refuse } from '#core/errors.ts';
import type { HttpEnv } from './env.ts';
import { answerRefusal } from './problem.ts';

type Known = { readonly method: string; readonly path: string };

// Edit distance costs as much as both lengths multiplied; no path of ours comes near this.
const LONGEST_COMPARED = 300;

/** Answers what no route takes: 405 where the path exists for another method, else 404 with the nearest path there is. */
export function answerUnknown(c: Context<HttpEnv>, app: Hono<HttpEnv>): Response {
  const { path, method } = c.req;
  const known = app.routes.filter((route) => route.method !== 'ALL');
  const here = [...new Set(known.filter((route) => matches(route.path, path)).map((route) => route.method))];
  if (here.length > 0) {
    const allow = here.flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one])).join(', ');
    c.header('allow', allow);
    return answerRefusal(
      c,
      refuse('method.not_allowed', `${shown(path)} does not take ${method}.`, `It takes ${allow}.`),
    );
  }
  const near = nearest(known, path);
  return answerRefusal(
    c,
    refuse(
      'route.unknown',
      `There is nothing at ${shown(path)}.`,
      `${near === undefined ? '' : `Did you mean ${near.method} ${near.path}? `}/openapi.json lists what there is.`,
    ),
  );
}

const shown = (path: string): string => path.slice(0, 200);

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.at(-1) === '*')
    return given.length >= wanted.length - 1 && wanted.slice(0, -1).every((part, i) => takes(part, given[i]));
  return wanted.length === given.length && wanted.every((part, index) => takes(part, given[index]));
}

const takes = (part: string, given: string | undefined): boolean =>
  part.startsWith(':') ? given !== undefined && given !== '' : part === given;

function nearest(known: readonly Known[], path: string): Known | undefined {
  if (path.length > LONGEST_COMPARED) return undefined;
  const given = path.split('/');
  const filled = (pattern: string): string =>
    pattern
      .split('/')
      // A parameter is as near as can be to whatever stands in its place.
      .map((part, index) => (part.startsWith(':') ? given[index] || part : part))
      .join('/');
  const ranked = known
    .map((route) => ({ route, far: distance(path, filled(route.path)) }))
    .toSorted((a, b) => a.far - b.far);
  const [best] = ranked;
  return best !== undefined && best.far <= Math.max(3, Math.floor(path.length / 3)) ? best.route : undefined;
}
