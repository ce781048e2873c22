import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config-schema.ts';

/** What differs between two configurations, by key. */
export interface ConfigDifference {
  /** May change while the gateway runs. */
  readonly changed: readonly string[];
  /** Needs another start. */
  readonly fixed: readonly string[];
}

/**
 * Keys that may change while the gateway runs: what the gateway reads afresh for every request. Everything else has been
 * built into something that remembers, or is an address that is bound. A key that is not listed needs another start.
 */
const changeable: ReadonlySet<string> = new Set([
  'routes',
  'locales',
  'hosts',
  'internal.hosts',
  'policy.permissions',
  'policy.roles',
  'policy.records',
  'policy.rules',
  'hsts',
  'trustedProxies',
  'brand',
  'cors',
  'log',
  'drain',
]);

/** Keys with parts of both kinds. */
const divided: ReadonlySet<string> = new Set(['internal', 'policy']);

/** Compares two configurations key by key. */
export function compareConfigs(before: Config, after: Config): ConfigDifference {
  const differing = differingKeys(before, after).flatMap((key) =>
    divided.has(key)
      ? differingKeys(toRecord(before, key), toRecord(after, key)).map((part) => `${key}.${part}`)
      : [key],
  );
  return {
    changed: differing.filter((key) => changeable.has(key)),
    fixed: differing.filter((key) => !changeable.has(key)),
  };
}

function differingKeys(before: object, after: object): readonly string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => !isDeepStrictEqual(Reflect.get(before, key), Reflect.get(after, key))).sort();
}

function toRecord(config: Config, key: string): object {
  const value: unknown = Reflect.get(config, key);
  return typeof value === 'object' && value !== null ? value : {};
}
