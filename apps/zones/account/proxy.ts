import { zoneProxy } from '@sallyport/nextjs/zone';

export const proxy = zoneProxy();

export const config = { matcher: '/((?!_next/static/|_zones/account/_next/static/|account/healthz$).*)' };
