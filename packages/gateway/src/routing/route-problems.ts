import type { CredentialKind, Route } from '@sallyport/core';
import { isForScripts } from './cross-origin.ts';

/** Says which routes name a caller that has no token: nothing would ever call as that one. */
export function problemsOfCallers(routes: readonly Route[]): readonly string[] {
  const audiences = new Set(routes.map(({ audience }) => audience));
  return routes.flatMap(({ name, callers = [] }) =>
    callers
      .filter((caller) => !audiences.has(caller))
      .map((caller) => `route "${name}" names the caller "${caller}", which is the audience of no route`),
  );
}

/**
 * Says which routes open a kind of credential that nothing recognizes (it would be believed, and do nothing), and which
 * have options that contradict what they know of their caller, or have no effect.
 */
export function problemsOfCredentials(routes: readonly Route[], kinds: readonly CredentialKind[]): readonly string[] {
  return routes.flatMap((route) => {
    const { name, credentials, access, csrf, authorization, cache, affinity, upstream } = route;
    const unknown = credentials.filter((kind) => kind !== 'session' && !kinds.includes(kind));
    const carriesIdentity = access !== 'public' && csrf !== 'off';
    const opened = credentials.filter((kind) => kind !== 'session');
    return [
      ...unknown.map(
        (kind) =>
          `route "${name}" accepts credentials of the kind "${kind}", which no feature recognizes: its section may be missing`,
      ),
      ...(opened.length > 0 && !carriesIdentity
        ? [`route "${name}" accepts credentials, but never knows its caller`]
        : []),
      ...(cache === 'private' && !carriesIdentity
        ? [`route "${name}" has cache "private", but never knows its caller: its service alone says what is kept`]
        : []),
      ...(affinity !== undefined && typeof upstream === 'string'
        ? [`route "${name}" has affinity, but one target: make its upstream a list, or leave affinity out`]
        : []),
      ...(authorization === 'pass' && carriesIdentity
        ? [
            `route "${name}" passes Authorization on, but has to know its caller: make its access "public", or leave authorization out`,
          ]
        : []),
      ...problemsOfCors(route),
    ];
  });
}

function problemsOfCors(route: Route): readonly string[] {
  const { name, cors } = route;
  if (cors === undefined) return [];
  if (isForScripts(route))
    return cors.origins.includes('*')
      ? [`route "${name}" accepts tokens or keys, so its cors.origins name each site: "*" would be every one`]
      : [];
  return (['headers', 'exposed', 'maxAgeSeconds'] as const)
    .filter((option) => cors[option] !== undefined)
    .map((option) => `route "${name}" has cors.${option}, but accepts no tokens or keys: its service alone says that`);
}
