import type { ConfigInput } from './config-schema.ts';
import type { RouteOf } from './route-of-policy.ts';

export type { Config, ConfigInput } from './config-schema.ts';
export type { RouteOf } from './route-of-policy.ts';
export { zone, type ZoneInput } from './zone.ts';

/** A configuration whose routes name roles and permissions of its own policy. */
type ConfigOf<P extends ConfigInput['policy']> = Omit<ConfigInput, 'policy' | 'routes'> & {
  policy: P;
  routes: RouteOf<P>[];
};

/**
 * Types a `sallyport.config.ts`: a route that names a role or a permission which the policy does not have is a type error.
 * It checks nothing by itself: the gateway validates the file at the start.
 *
 * @example
 * export default defineConfig({
 *   publicUrl: 'https://app.example.com',
 *   policy,
 *   routes: [{ name: 'orders', prefix: '/api/orders', upstream: 'http://orders:3000', audience: 'orders', access: 'signed-in' }],
 * });
 */
export function defineConfig<P extends ConfigInput['policy']>(config: ConfigOf<P>): ConfigInput {
  return config;
}
