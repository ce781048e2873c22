export { contentSecurityPolicy, type ContentSecurityPolicyOptions } from './content-security-policy.ts';
export { withZone, type ZoneOptions } from './with-zone.ts';
export { zoneProxy, type ZoneProxyOptions } from './zone-proxy.ts';
