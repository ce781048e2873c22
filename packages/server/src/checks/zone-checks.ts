import { sharedAssetsPath, type CheckFinding, type DoctorCheck, type Route } from '@sallyport/core';
import { createRouteTable, type RouteTable } from '@sallyport/gateway';
import { originsOfZones } from '../shared-assets/origins-of-zones.ts';
import { readZonePage, type ZonePage } from './read-zone-page.ts';
import type { StartContext } from './start-context.ts';

const patienceMilliseconds = 5_000;

/**
 * Whether the pages of every Next.js application get their scripts: each is asked for a page and, by the routes of the
 * configuration, for a script of that page. Without scripts a page looks right, and nothing on it works.
 *
 * No check of the start, because applications may be started after the gateway.
 */
export const zoneChecks: readonly DoctorCheck<StartContext>[] = [
  {
    name: 'zones',
    run: async ({ config, preset }) => {
      // Where the applications of a preset are is chosen when it starts.
      if (preset !== undefined) return [];
      const table = createRouteTable(config.routes, []);
      const host = new URL(config.publicUrl).host;
      const silent: string[] = [];
      const examined = config.routes.filter(mayServePages).map(async (route) => {
        const [target = ''] = [route.upstream].flat();
        const page = await readZonePage(target, route.prefix, patienceMilliseconds);
        if (page === 'no-answer') silent.push(route.name);
        return typeof page === 'string' ? [] : examine(route, page, table, hostOf(route, host));
      });
      const findings = (await Promise.all(examined)).flat();
      return silent.length === 0 ? findings : [...findings, describeSilent(silent.sort())];
    },
  },
];

/** A service has its prefix stripped, and a page cannot; what is below `/_next` and `/_zones` are assets. */
function mayServePages({ prefix, stripPrefix, access }: Route): boolean {
  return !stripPrefix && access !== 'service' && !/^\/_(?:next|zones)(?:\/|$)/.test(prefix);
}

function hostOf({ hosts }: Route, otherwise: string): string {
  return hosts?.[0]?.replace(/^\*\./, 'any.') ?? otherwise;
}

function describeSilent(names: readonly string[]): CheckFinding {
  return {
    kind: 'ok',
    finding: `nothing answers behind ${names.join(', ')}`,
    hint: 'Doctor asks from where it runs: start what is there to have its scripts looked at.',
  };
}

async function examine(
  pages: Route,
  { script, hasScriptWithoutNonce }: ZonePage,
  table: RouteTable,
  host: string,
): Promise<readonly CheckFinding[]> {
  const findings = hasScriptWithoutNonce ? [describeStaticPages(pages)] : [];
  // They come from a host of their own, which is not behind the gateway.
  if (script === undefined) return findings;
  if (script.startsWith(`${sharedAssetsPath}/`))
    return [...findings, await examineSharedAssets(pages, table, script.slice(sharedAssetsPath.length))];
  const owner = table.findIfAny(host, 'GET', script)?.destination;
  const assets = owner?.kind === 'upstream' ? owner.route : undefined;
  return [...findings, await examineAssets(pages, assets, script)];
}

function describeStaticPages({ name }: Route): CheckFinding {
  return {
    kind: 'failure',
    finding: `scripts of ${name} do not carry the nonce of its policy, and browsers refuse them`,
    hint: 'Its pages have to be rendered for each request: see "Static pages" in docs/guides/nextjs.md.',
  };
}

async function examineAssets(pages: Route, assets: Route | undefined, script: string): Promise<CheckFinding> {
  const { name, prefix } = pages;
  const folder = script.slice(0, script.indexOf('/_next/') + '/_next'.length);
  const isWrapped = folder !== '/_next' || prefix === '/';
  const advice = isWrapped
    ? `Write both of its routes with ...zone('${name}', …), which is exported beside defineConfig.`
    : `Wrap its next.config in withZone(…, { name: '${name}' }), and build it again.`;

  if (assets === undefined)
    return {
      kind: 'failure',
      finding: `scripts of ${name} are below ${folder}, and no route leads there`,
      hint: advice,
    };
  if (!sharesTarget(assets, pages))
    return {
      kind: 'failure',
      finding: `scripts of ${name} are below ${folder}, which leads to ${assets.name}`,
      hint: advice,
    };
  if (isOpen(pages) && !isOpen(assets))
    return {
      kind: 'failure',
      finding: `scripts of ${name} are on route ${assets.name}, which strangers may not pass, and its pages are open to them`,
      hint: advice,
    };
  if (!(await isServed(script, assets))) return describeMissing(name, folder);
  if (assets.access !== 'public')
    return {
      kind: 'ok',
      finding: `scripts of ${name} are on route ${assets.name}, which is not public, so that browsers keep none`,
      hint: advice,
    };
  return { kind: 'ok', finding: `${name} serves its scripts below ${folder}` };
}

/** `script` is its path at the zone itself. */
async function examineSharedAssets(pages: Route, table: RouteTable, script: string): Promise<CheckFinding> {
  const { name, hosts, upstream } = pages;
  const routes = table.routes.flatMap(({ destination }) =>
    destination.kind === 'upstream' ? [destination.route] : [],
  );
  const asked = new Set(originsOfZones(routes));
  if (![upstream].flat().every((target) => asked.has(target)))
    return {
      kind: 'failure',
      finding: `scripts of ${name} are below ${sharedAssetsPath}, and the gateway does not ask it for them`,
      hint:
        hosts === undefined
          ? `Write both of its routes with ...zone('${name}', …), which is exported beside defineConfig.`
          : 'A zone with hosts of its own keeps its assets: take sharedAssets out of withZone, and build it again.',
    };
  return (await isServed(script, { upstream, prefix: '/', stripPrefix: false }))
    ? { kind: 'ok', finding: `${name} shares its scripts below ${sharedAssetsPath}` }
    : describeMissing(name, sharedAssetsPath);
}

function describeMissing(name: string, folder: string): CheckFinding {
  return {
    kind: 'failure',
    finding: `${name} does not serve its own scripts below ${folder}`,
    hint: 'A standalone server needs .next/static copied beside it, and all targets of a route need the same build.',
  };
}

function sharesTarget(one: Route, other: Route): boolean {
  const targets = new Set([other.upstream].flat());
  return [one.upstream].flat().some((target) => targets.has(target));
}

function isOpen({ access }: Route): boolean {
  return access === 'public' || access === 'optional';
}

/** By every target: the page may come from one, and the script from another. */
async function isServed(
  script: string,
  { upstream, prefix, stripPrefix }: Pick<Route, 'upstream' | 'prefix' | 'stripPrefix'>,
): Promise<boolean> {
  const path = stripPrefix && prefix !== '/' ? script.slice(prefix.length) : script;
  const answers = await Promise.all([upstream].flat().map((target) => isScript(`${target}${path}`)));
  return answers.every(Boolean);
}

async function isScript(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(patienceMilliseconds) });
    await answer.body?.cancel();
    return answer.ok && /\bjavascript\b/.test(answer.headers.get('content-type') ?? '');
  } catch {
    return false;
  }
}
