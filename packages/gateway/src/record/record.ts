import type { Caller, Logger } from '@sallyport/core';
import type { ListenerKind } from '../pipeline/request-state.ts';

/**
 * What is kept of a request when it is over. Never a URL, a header or a body.
 * Every field is always there, if only as `undefined`: one shape for all requests is what makes a record cheap.
 */
export interface RequestRecord {
  readonly event: 'request';
  readonly requestId: string;
  readonly listener: ListenerKind;
  /** `-` when the firewall refused: until then it is whatever the client made up. */
  readonly method: string;
  /** Name of the route or mount; `-` when none was reached. */
  readonly route: string;
  /** 499 when the client left before the answer began. */
  readonly status: number;
  readonly durationMilliseconds: number;
  readonly callerKind: Caller['kind'];
  readonly subject: string | undefined;
  readonly sid: string | undefined;
  /** Zone or service that calls for the subject, at the internal listener. */
  readonly actor: string | undefined;
  readonly decision: 'forward' | 'mount' | 'redirect' | 'refuse' | 'preflight';
  readonly code: string | undefined;
  readonly reason: string | undefined;
  readonly sessionCache: 'hit' | 'miss' | undefined;
  readonly tokenCache: 'hit' | 'miss' | undefined;
  /** The client went away, or the upstream broke, before the answer was complete. */
  readonly isAborted: true | undefined;
}

/** Reason of what the gateway cut when it ended: no fault of a service. */
export const drained = 'draining';

/** Writes the one line of a request: a failure of ours is an error, a refusal and everything else is information. */
export function writeRecord(logger: Logger, record: RequestRecord): void {
  const { status, reason } = record;
  // A record is a type alias away from fields: its values are plain and its names are the allow-list.
  const fields = record as RequestRecord & Readonly<Record<string, string | number | boolean | undefined>>;
  if (status >= 500 && reason !== 'stream-draining') logger.error('request', fields);
  else logger.info('request', fields);
}
