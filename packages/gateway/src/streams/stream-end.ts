import { SallyportError, type ErrorCode } from '@sallyport/core';

/** Why the gateway ends a stream. */
export type StreamEnd = 'session-ended' | 'access-lost' | 'unverified' | 'draining';

/** How an end looks to a client, by the kind of stream. */
interface EndSigns {
  readonly code: ErrorCode;
  /** Close code and reason of a WebSocket (RFC 6455, section 7.4; 4000 and above are for applications). */
  readonly closeCode: number;
  readonly closeReason: string;
  /** The last event of an event stream; without one it just ends, and the browser opens it again by itself. */
  readonly event?: string;
}

export const endSigns: Readonly<Record<StreamEnd, EndSigns>> = {
  'session-ended': {
    code: 'SP_UNAUTHENTICATED',
    closeCode: 4401,
    closeReason: 'session ended',
    event: 'event: session-ended\ndata: {"code":"SP_UNAUTHENTICATED"}\n\n',
  },
  'access-lost': {
    code: 'SP_FORBIDDEN',
    closeCode: 4403,
    closeReason: 'access lost',
    event: 'event: access-lost\ndata: {"code":"SP_FORBIDDEN"}\n\n',
  },
  unverified: { code: 'SP_STORE_UNAVAILABLE', closeCode: 1013, closeReason: 'session cannot be checked' },
  draining: { code: 'SP_SERVICE_UNAVAILABLE', closeCode: 1001, closeReason: 'going away' },
};

/** How the end looks to a request that has no answer yet. */
export function toEndError(end: StreamEnd): SallyportError {
  return new SallyportError(endSigns[end].code, { reason: `stream-${end}` });
}
