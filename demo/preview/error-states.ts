import type { ErrorCode } from '@sallyport/core';

/** The pages of errors that say different things. */
export const errorStates: readonly { readonly status: number; readonly code: ErrorCode }[] = [
  { status: 400, code: 'SP_REQUEST_AMBIGUOUS' },
  { status: 401, code: 'SP_UNAUTHENTICATED' },
  { status: 401, code: 'SP_STEP_UP_REQUIRED' },
  { status: 403, code: 'SP_FORBIDDEN' },
  { status: 403, code: 'SP_CROSS_SITE_REQUEST' },
  { status: 404, code: 'SP_NOT_FOUND' },
  { status: 408, code: 'SP_REQUEST_TIMEOUT' },
  { status: 421, code: 'SP_HOST_UNKNOWN' },
  { status: 429, code: 'SP_TOO_MANY_REQUESTS' },
  { status: 500, code: 'SP_INTERNAL' },
  { status: 502, code: 'SP_UPSTREAM_UNAVAILABLE' },
  { status: 503, code: 'SP_STORE_UNAVAILABLE' },
  { status: 503, code: 'SP_SERVICE_UNAVAILABLE' },
  { status: 504, code: 'SP_UPSTREAM_TIMEOUT' },
];
