import { headers } from 'next/headers.js';
import { toAppRouterError } from './app-router-error.ts';

/**
 * The headers of the request that is rendered, for the function of this name. What Next says where there is no request
 * speaks of a scope, and not of the two routers. Everything else is Next's to catch.
 */
export function headersOfRequest(name: string): ReturnType<typeof headers> {
  try {
    return headers();
  } catch (error) {
    throw error instanceof Error && error.message.includes('outside a request scope')
      ? toAppRouterError(name, error)
      : error;
  }
}
