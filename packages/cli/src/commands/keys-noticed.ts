import type { System } from '../open-system.ts';

/** When running gateways know of a change of the keys, in words. */
export function noticedWithin({ config, environment }: System): string {
  return environment.redisUrl === undefined ? `within ${Math.ceil(config.keys.cacheSeconds / 10)} s` : 'from now on';
}
