/** One request as the door recorded it. Claims, never a token; a path, never a query. */
export interface DoorRequest {
  readonly requestId: string;
  readonly at: string;
  readonly method: string;
  readonly route: string;
  readonly path: string;
  readonly status: number;
  readonly stages: readonly { readonly name: string; readonly microseconds: number }[];
  readonly sessionCache: 'hit' | 'miss';
  readonly tokenCache: 'hit' | 'miss' | 'none';
  readonly signatures: number;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly decision: 'forward' | 'mount' | 'redirect' | 'refuse';
  readonly reason?: string;
  readonly upstreamMilliseconds?: number;
  readonly totalMilliseconds: number;
}

/** Writes milliseconds with as many digits as they deserve. */
export function formatMilliseconds(milliseconds: number): string {
  return `${milliseconds.toFixed(milliseconds < 10 ? 2 : milliseconds < 100 ? 1 : 0)} ms`;
}
