/* What a sallyport.config.ts needs. The gateway is `sallyport start`; `@sallyport/server` starts one from a program. */
export {
  defineConfig,
  zone,
  type Config,
  type ConfigInput,
  type RouteOf,
  type ZoneInput,
} from '@sallyport/server/config';
