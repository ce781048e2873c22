import { pause } from './abortable.ts';
import type { TabMessage, TokenStorage } from './storage/token-storage.ts';

/** What tabs that share a storage tell each other. */
export interface TabNews {
  readonly hasOthers: boolean;
  post(message: TabMessage): void;
  /** Resolves with the next message, or when none comes for half a second. */
  next(): Promise<void>;
  close(): void;
}

const patienceMilliseconds = 500;

/** Opens the channel of the storage, where it has one, and hands over what is understood. */
export function openTabNews(storage: TokenStorage, onMessage: (message: TabMessage) => void): TabNews {
  const channel = storage.openChannel?.();
  const waiting = new Set<() => void>();
  channel?.listen((received) => {
    const message = parseMessage(received);
    if (message === undefined) return;
    onMessage(message);
    for (const resolve of waiting) resolve();
    waiting.clear();
  });
  return {
    hasOthers: channel !== undefined,
    post: (message) => channel?.post(message),
    next: async () => Promise.race([pause(patienceMilliseconds), new Promise<void>((resolve) => waiting.add(resolve))]),
    close: () => channel?.close(),
  };
}

/** Another version of this package may be loaded in another tab. */
function parseMessage(received: unknown): TabMessage | undefined {
  if (typeof received !== 'object' || received === null) return undefined;
  const { kind, reason, accessToken, remainingMilliseconds } = received as Readonly<Record<string, unknown>>;
  if (kind === 'signed-out') return { kind, reason: reason === 'ended' ? 'ended' : 'signed-out' };
  if (kind !== 'access-token' || typeof accessToken !== 'string' || typeof remainingMilliseconds !== 'number')
    return undefined;
  return { kind, accessToken, remainingMilliseconds };
}
