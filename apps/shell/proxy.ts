import { zoneProxy } from '@sallyport/nextjs/zone';

export const proxy = zoneProxy();

export const config = { matcher: '/((?!_next/static/|healthz$|favicon.ico$).*)' };
