import type * as z from 'zod';
import { configSchema, type Config } from './config-schema.ts';
import type { ConfigurationProblem } from './configuration-error.ts';
import { isBelow, type DataPath } from './watch-reads.ts';

/** A configuration in which something else stands for what cannot be used, so that the rest can be looked at. */
export interface ReadConfig {
  /** Absent when not even that was possible. */
  readonly config: Config | undefined;
  readonly problems: readonly ConfigurationProblem[];
  /** What says nothing: it could not be used, and has its default or a stand-in. */
  readonly unusable: readonly DataPath[];
}

/** Names of keys in earlier versions, and what they are called now. */
const renamedKeys: ReadonlyMap<string, string> = new Map([
  ['amount', 'max'],
  ['maximumFailures', 'maxFailures'],
  ['maximumPerUser', 'maxPerUser'],
  ['maximumWaitSeconds', 'maxWaitSeconds'],
  ['maximumWaiting', 'maxWaiting'],
  ['maximumWaitingOfOne', 'maxWaitingOfOne'],
  ['minimumLength', 'minLength'],
]);

/** Each pass goes up by a level at most, and no part lies deeper than this. */
const maxPasses = 12;

/**
 * Reads what was written as a configuration. A part that cannot be used is taken away and the rest read again, until a
 * configuration is there: its problems are named, and those of all other parts can be looked for.
 *
 * @param unusable parts of which it is known that they say nothing, such as an address that the environment should have given.
 */
export function readAsFarAsPossible(input: unknown, unusable: readonly DataPath[] = []): ReadConfig {
  const problems: ConfigurationProblem[] = [];
  const taken: DataPath[] = [...unusable];
  let current = input;
  for (let pass = 0; pass < maxPasses; pass += 1) {
    const result = configSchema.safeParse(current);
    if (result.success) return { config: result.data, problems, unusable: taken };
    const found = result.error.issues.flatMap(toFindings);
    // What follows from a part that was taken away is no problem of its own.
    const own = found.filter(({ path }) => !taken.some((part) => isBelow(path, part) || isBelow(part, path)));
    problems.push(...own.map(({ problem }) => problem));
    const before = [...taken];
    for (const { isUnknown, path } of found) {
      if (path.length === 0) return { config: undefined, problems, unusable };
      if (isUnknown) {
        current = withoutPart(current, path);
        continue;
      }
      const part = partToTake(path, before);
      if (taken.slice(before.length).some((each) => isBelow(part, each))) continue;
      taken.push(part);
      current = withoutPart(current, part, standInFor(part, taken));
    }
  }
  return { config: undefined, problems, unusable };
}

interface Finding {
  readonly path: DataPath;
  /** Whether no key of this name is known. */
  readonly isUnknown: boolean;
  readonly problem: ConfigurationProblem;
}

function toFindings(issue: z.core.$ZodIssue): readonly Finding[] {
  const path = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys')
    return [{ path, isUnknown: false, problem: { key: path.join('.') || '(file)', problem: issue.message } }];
  return issue.keys.map((unknown) => {
    const problem = renamedKeys.has(unknown)
      ? `is now called "${renamedKeys.get(unknown)}"`
      : 'is not a key of the configuration; remove it or correct its spelling';
    const whole = [...path, unknown];
    return { path: whole, isUnknown: true, problem: { key: whole.join('.'), problem } };
  });
}

/** Of a list the whole is taken, so that no index moves; of routes, one setting of one route. What is still refused goes with what it is in. */
function partToTake(path: DataPath, taken: readonly DataPath[]): DataPath {
  const isRoute = path[0] === 'routes' && path.length > 1;
  const inList = path.findIndex((key, index) => /^\d+$/.test(key) && !(isRoute && index === 1));
  let part = inList === -1 ? path : path.slice(0, inList);
  const isTaken = (one: DataPath): boolean =>
    taken.filter((each) => isSame(each, one)).length > (hasStandIn(one) ? 1 : 0);
  while (part.length > 1 && isTaken(part)) part = part.slice(0, -1);
  return part;
}

function hasStandIn(part: DataPath): boolean {
  return standIn(part) !== undefined;
}

/** The first time a part is only taken away: it may have a default. */
function standInFor(part: DataPath, taken: readonly DataPath[]): unknown {
  return taken.filter((each) => isSame(each, part)).length > 1 ? standIn(part) : undefined;
}

/** What has no default. */
function standIn([key = '', index, ...rest]: DataPath): unknown {
  if (key === 'publicUrl' && index === undefined) return 'https://stand-in.invalid';
  if (key === 'policy' && index === undefined) return { permissions: {}, roles: {} };
  if (key !== 'routes') return undefined;
  if (index === undefined) return [standInRoute('0')];
  if (rest.length === 0) return standInRoute(index);
  const route: Readonly<Record<string, unknown>> = standInRoute(index);
  return rest.length === 1 ? route[rest[0] ?? ''] : undefined;
}

function standInRoute(index: string) {
  const name = `stand-in-${index}`;
  return { name, prefix: `/${name}`, upstream: 'http://stand-in.invalid', audience: name, access: 'signed-in' };
}

/** The same data with another value for a part of it, or without that part. Nothing that was written is changed. */
function withoutPart(data: unknown, [key, ...rest]: DataPath, value?: unknown): unknown {
  if (key === undefined || typeof data !== 'object' || data === null) return value ?? data;
  const list: readonly unknown[] | undefined = Array.isArray(data) ? data : undefined;
  const before: unknown = Reflect.get(data, key);
  const after = rest.length === 0 ? value : withoutPart(before, rest, value);
  if (list !== undefined) return list.with(Number(key), after);
  const { [key]: _, ...others } = data as Readonly<Record<string, unknown>>; // Not null, and no list.
  return after === undefined ? others : { ...others, [key]: after };
}

function isSame(one: DataPath, other: DataPath): boolean {
  return one.length === other.length && isBelow(one, other);
}
