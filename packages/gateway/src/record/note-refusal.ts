import type { Logger, SallyportError } from '@sallyport/core';
import type { ListenerKind } from '../pipeline/request-state.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import { writeRecord } from './record.ts';

/** A refusal that no stage decided on: the bytes were no request, or came to a listener that serves nothing. */
export interface EarlyRefusal {
  readonly requestId: string;
  readonly error: SallyportError;
}

/** Hears of refusals before the stages. */
export type NoteRefusal = (refusal: EarlyRefusal) => void;

export interface NoteRefusalParts {
  readonly logger: Logger;
  readonly accessLog: boolean;
  readonly metrics: GatewayMetrics | undefined;
}

/** Writes the line of an early refusal in the form of every other request, so that one search finds all. */
export function createNoteRefusal(listener: ListenerKind, parts: NoteRefusalParts): NoteRefusal {
  const { logger, accessLog, metrics } = parts;
  return ({ requestId, error }) => {
    metrics?.refuseUnreadable(error.code, error.reason ?? 'unknown');
    if (!accessLog) return;
    writeRecord(logger, {
      event: 'request',
      requestId,
      listener,
      method: '-',
      route: '-',
      status: error.status,
      durationMilliseconds: 0,
      callerKind: 'anonymous',
      subject: undefined,
      sid: undefined,
      actor: undefined,
      decision: 'refuse',
      code: error.code,
      reason: error.reason,
      sessionCache: undefined,
      tokenCache: undefined,
      isAborted: undefined,
    });
  };
}
