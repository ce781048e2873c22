import type { ConfigInput } from './config-schema.ts';
import type { RoleIn, RouteOf } from './route-of-policy.ts';

export type { Config, ConfigInput } from './config-schema.ts';
export type { RouteOf } from './route-of-policy.ts';
export { zone, type ZoneInput } from './zone.ts';

type SecondFactorInput = NonNullable<ConfigInput['secondFactor']>;

/** A configuration that names roles and permissions of its own policy. */
type ConfigOf<P extends ConfigInput['policy']> = Omit<ConfigInput, 'policy' | 'routes' | 'secondFactor'> & {
  policy: P;
  routes: RouteOf<P>[];
  secondFactor?:
    (Omit<SecondFactorInput, 'requiredFor'> & { readonly requiredFor?: readonly RoleIn<P>[] | undefined }) | undefined;
};

/**
 * Types a `sallyport.config.ts`: a route, or `secondFactor.requiredFor`, that names a role or a permission which the policy does
 * not have is a type error.
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
