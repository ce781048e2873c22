import type { PageName, Route } from '@sallyport/core';
import { isBelowPrefix } from '@sallyport/gateway';
import type { Config } from './config-schema.ts';
import type { ConfigurationProblem } from './configuration-error.ts';

/** For people who are signed in already. All others would lead in a circle behind a route that demands a sign-in. */
const ofPeople: ReadonlySet<PageName> = new Set(['security', 'recoveryCodes', 'stepUp']);

/** What is wrong with pages of the adopter beside the routes that serve them. */
export function problemsOfPages({ pages, routes }: Pick<Config, 'pages' | 'routes'>): readonly ConfigurationProblem[] {
  return (Object.entries(pages) as [PageName, string | undefined][]).flatMap(([name, path]) => {
    if (path === undefined) return [];
    const serving = routesOf(path, routes);
    const key = `pages.${name}`;
    if (serving.length === 0) return [{ key, problem: 'is served by no route' }];
    if (name === 'stepUp' && serving.some(({ stepUp }) => stepUp !== undefined))
      return [{ key, problem: 'is behind a route that demands a step-up itself, and would lead in a circle' }];
    if (ofPeople.has(name) || serving.every(isOpen)) return [];
    return [
      {
        key,
        problem: 'is behind a route that demands a sign-in, and would lead in a circle; give it access "optional"',
      },
    ];
  });
}

function isOpen({ access, stepUp }: Route): boolean {
  return (access === 'public' || access === 'optional') && stepUp === undefined;
}

/** The most specific routes: several, where they differ by host or method. */
function routesOf(path: string, routes: readonly Route[]): readonly Route[] {
  const matching = routes.filter((route) => isBelowPrefix(path, route));
  const longest = Math.max(0, ...matching.map(({ prefix }) => prefix.length));
  return matching.filter(({ prefix }) => prefix.length === longest);
}
