/* What a sallyport.config.ts needs. The gateway is `sallyport start`; `@sallyport/server` starts one from a program. */
export { defineConfig, type Config, type ConfigInput } from '@sallyport/server/config';
