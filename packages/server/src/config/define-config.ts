import type { ConfigInput } from './config-schema.ts';

export type { Config, ConfigInput } from './config-schema.ts';
export { zone, type ZoneInput } from './zone.ts';

/**
 * Types a `sallyport.config.ts`. It checks nothing by itself: the gateway validates the file at the start.
 *
 * @example
 * export default defineConfig({
 *   publicUrl: 'https://app.example.com',
 *   policy,
 *   routes: [{ name: 'orders', prefix: '/api/orders', upstream: 'http://orders:3000', audience: 'orders', access: 'signed-in' }],
 * });
 */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}
