/*
 * What `@sallyport/nextjs/zone` is in the edge runtime, where `middleware.ts` runs. `withZone` reads files, which bundlers
 * refuse there before they leave out what is not used.
 */
export { contentSecurityPolicy } from './content-security-policy.ts';
export { zoneProxy } from './zone-proxy.ts';
