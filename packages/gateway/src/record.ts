import type { Caller, Logger } from '@sallyport/core';

/** What is kept of a request when it is over. Never a URL, a header or a body. */
export interface RequestRecord {
  readonly requestId: string;
  readonly listener: 'public' | 'internal';
  readonly method: string;
  /** Name of the route or mount; `-` when none was reached. */
  readonly route: string;
  readonly status: number;
  readonly durationMilliseconds: number;
  readonly callerKind: Caller['kind'];
  readonly subject?: string;
  readonly sid?: string;
  readonly decision: 'forward' | 'mount' | 'redirect' | 'refuse';
  readonly code?: string;
  readonly reason?: string;
  readonly sessionCache?: 'hit' | 'miss';
  readonly tokenCache?: 'hit' | 'miss';
  /** The client went away before the answer was complete. */
  readonly isAborted?: boolean;
}

/** Writes the one line of a request: a failure of ours is an error, a refusal and everything else is information. */
export function writeRecord(logger: Logger, record: RequestRecord): void {
  const { isAborted, durationMilliseconds, ...fields } = record;
  const line = {
    ...fields,
    durationMilliseconds: Math.round(durationMilliseconds * 100) / 100,
    ...(isAborted === true ? { aborted: true } : {}),
  };
  if (record.status >= 500) logger.error('request', line);
  else logger.info('request', line);
}
