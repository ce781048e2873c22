import type { Sealing } from './sealing.ts';
import { isRecord, parseJson, readSessionToken, type ShellSession } from './shell-session.ts';

/** What next-auth's option `jwt` takes: how its session cookie is written and read. */
export interface SessionCodec {
  readonly encode: (params: {
    readonly token?: object | undefined;
    readonly maxAge?: number | undefined;
  }) => Promise<string>;
  /** @returns `null` for whatever is no session. Never throws: what a browser sends cannot break a page (CVE-2026-73418). */
  readonly decode: (params: { readonly token?: string | undefined }) => Promise<Record<string, unknown> | null>;
  /** The session in a cookie; `undefined` for a cookie that holds none, or one that is over. */
  readonly read: (cookie: string | undefined) => ShellSession | undefined;
}

/** Builds it. A cookie ends with its session, however often next-auth writes it again. */
export function createSessionCodec(sealing: Sealing, now: () => number = Date.now): SessionCodec {
  const open = (cookie: string | undefined): Record<string, unknown> | null => {
    const token = parseJson(cookie === undefined ? undefined : sealing.open('session', cookie));
    if (!isRecord(token) || typeof token['exp'] !== 'number' || token['exp'] * 1000 <= now()) return null;
    const session = readSessionToken(token);
    return session === undefined || session.endsAt <= now() ? null : { ...token };
  };
  return {
    async encode({ token = {}, maxAge = 0 }) {
      const session = readSessionToken(token);
      const seconds = Math.floor(now() / 1000) + maxAge;
      const exp = session === undefined ? seconds : Math.min(seconds, Math.floor(session.endsAt / 1000));
      return sealing.seal('session', JSON.stringify({ ...token, exp }));
    },
    decode: async ({ token }) => open(token),
    read: (cookie) => readSessionToken(open(cookie)),
  };
}
