import { ownError } from './client-error.ts';
import { toClientError, toTokenReply } from './token-endpoint.ts';

/** A browser or a program in which the user is signed in. */
export interface Device {
  /** A handle that ends it, and opens nothing. */
  readonly sid: string;
  /** Whether it is this program. */
  readonly current: boolean;
  /** What it is called: the name that the program gave, or browser and system. */
  readonly label: string;
  /** Whether it is a program with tokens, or a browser. */
  readonly kind: 'program' | 'browser';
  /** Network address of its sign-in. */
  readonly address: string;
  readonly signedInAt: Date;
  /** To about a minute. */
  readonly lastActiveAt: Date;
}

/** How to list and end devices. */
export interface Devices {
  list(options?: { readonly signal?: AbortSignal }): Promise<readonly Device[]>;
  end(sid: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

const path = '/auth/sessions';

/** Builds it on the `fetch` of the client, so that the token is refreshed as for any other call. */
export function createDevices(send: typeof globalThis.fetch): Devices {
  const ask = async (target: string, method: 'GET' | 'DELETE', signal: AbortSignal | undefined) => {
    const init = { method, headers: { accept: 'application/json' }, cache: 'no-store' } as const;
    const reply = await toTokenReply(await send(target, signal === undefined ? init : { ...init, signal }));
    if (reply.status >= 300) throw toClientError(reply);
    return reply;
  };
  return {
    async list({ signal } = {}) {
      const { status, body } = await ask(path, 'GET', signal);
      const { sessions } = body;
      if (!Array.isArray(sessions)) throw ownError('SP_CLIENT_ANSWER_INVALID', undefined, { status });
      return sessions.map((shown: unknown) => parseDevice(shown, status));
    },
    async end(sid, { signal } = {}) {
      await ask(`${path}/${encodeURIComponent(sid)}`, 'DELETE', signal);
    },
  };
}

function parseDevice(value: unknown, status: number): Device {
  const shown = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  const { sid, current, label, program, address } = shown;
  const signedInAt = new Date(String(shown['createdAt']));
  const lastActiveAt = new Date(String(shown['lastActiveAt']));
  const isWhole = typeof sid === 'string' && typeof label === 'string' && !Number.isNaN(signedInAt.getTime());
  if (!isWhole) throw ownError('SP_CLIENT_ANSWER_INVALID', undefined, { status });
  return {
    sid,
    current: current === true,
    label,
    kind: program === undefined ? 'browser' : 'program',
    address: typeof address === 'string' ? address : '',
    signedInAt,
    lastActiveAt: Number.isNaN(lastActiveAt.getTime()) ? signedInAt : lastActiveAt,
  };
}
