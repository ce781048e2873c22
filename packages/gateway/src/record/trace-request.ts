import type { RequestState } from '../pipeline/request-state.ts';
import type { RequestRecord } from './record.ts';

/** Ends the spans of a request that is over. What they say is what the log says, less who it was. */
export function endSpans(state: RequestState, record: RequestRecord, upstreamMilliseconds: number | undefined): void {
  const { span, upstreamSpan } = state;
  if (span === undefined) return;
  const isFailure = record.status >= 500;
  upstreamSpan?.end(
    `upstream ${record.route}`,
    { 'sallyport.route': record.route, 'sallyport.first_byte_ms': upstreamMilliseconds },
    isFailure,
  );
  addLookUp(state);
  span.end(
    `${record.method} ${record.route}`,
    {
      'http.request.method': record.method,
      'http.route': state.route?.prefix,
      'http.response.status_code': record.status,
      'sallyport.listener': record.listener,
      'sallyport.route': record.route,
      'sallyport.decision': record.decision,
      'sallyport.code': record.code,
      'sallyport.reason': record.reason,
      'sallyport.request_id': record.requestId,
      'sallyport.caller_kind': record.callerKind,
      'sallyport.session_cache': record.sessionCache,
      'sallyport.token_cache': record.tokenCache,
      'sallyport.aborted': record.isAborted,
    },
    isFailure,
  );
}

/** The one stage that waits for a store, where it did. */
function addLookUp({ span, timings = [], sessionCache }: RequestState): void {
  if (sessionCache !== 'miss') return;
  let before = 0;
  for (const { name, microseconds } of timings) {
    if (name === 'authenticate') span?.addPart('session look-up', before / 1000, microseconds / 1000);
    before += microseconds;
  }
}
