import { toAppRouterError } from './app-router-error.ts';
import type * as server from './index.ts';

/*
 * What `@sallyport/nextjs/server` is where there are no Server Components: in the Pages Router, and in a program without
 * Next.js. Bundles for the browser get the real one, so that Next.js refuses it there by name.
 */

async function refuse(name: string): Promise<never> {
  throw toAppRouterError(name);
}

export const access: typeof server.access = () => refuse('access');
export const auth: typeof server.auth = () => refuse('auth');
export const brand: typeof server.brand = () => refuse('brand');
export const Can: typeof server.Can = () => refuse('Can');
export const fetchApi: typeof server.fetchApi = () => refuse('fetchApi');
export const fetchProviderToken: typeof server.fetchProviderToken = () => refuse('fetchProviderToken');
export const requestNonce: typeof server.requestNonce = () => refuse('requestNonce');
export const requireAccess: typeof server.requireAccess = () => refuse('requireAccess');
export const requireAuth: typeof server.requireAuth = () => refuse('requireAuth');
export const Show: typeof server.Show = () => refuse('Show');
export const clientAccess: typeof server.clientAccess = () => {
  throw toAppRouterError('clientAccess');
};
export const clientAuth: typeof server.clientAuth = () => {
  throw toAppRouterError('clientAuth');
};

export { ProviderTokenError, SallyportError } from '@sallyport/core';
export { ProblemError, readProblem } from '../problem-error.ts';
export { signInUrl } from '../sign-in-url.ts';
export { SallyportConfigurationError } from './configuration-error.ts';
