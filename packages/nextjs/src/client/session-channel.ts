import { parseSessionMessage, type SessionMessage, type SessionNews } from './session-message.ts';

/** The line between the tabs of this origin. */
export interface SessionChannel {
  post(message: SessionNews): void;
  close(): void;
}

const channelName = 'sallyport';
const storageKey = 'sallyport:session-news';

/** The tab that this module runs in, so that a tab does not answer itself. */
const thisTab = crypto.getRandomValues(new Uint32Array(2)).join('-');

/**
 * Opens the line between the tabs of this origin: a `BroadcastChannel`, or storage events where there is none.
 *
 * @param tab name of this end; two ends with the same name do not hear each other.
 */
export function openSessionChannel(hear: (message: SessionMessage) => void, tab: string = thisTab): SessionChannel {
  const hearOthers = (value: unknown): void => {
    const message = parseSessionMessage(value);
    if (message !== undefined && message.tab !== tab) hear(message);
  };
  return typeof BroadcastChannel === 'undefined' ? openStorageLine(hearOthers, tab) : openBroadcast(hearOthers, tab);
}

/** Tells every other tab, without waiting for one to listen here. */
export function postSessionNews(news: SessionNews): void {
  const channel = openSessionChannel(() => {});
  channel.post(news);
  channel.close();
}

function openBroadcast(hear: (value: unknown) => void, tab: string): SessionChannel {
  const channel = new BroadcastChannel(channelName);
  channel.addEventListener('message', (event: MessageEvent<unknown>) => hear(event.data));
  return { post: (news) => channel.postMessage({ ...news, tab }), close: () => channel.close() };
}

function openStorageLine(hear: (value: unknown) => void, tab: string): SessionChannel {
  const onStorage = (event: StorageEvent): void => {
    if (event.key === storageKey && event.newValue !== null) hear(parseJson(event.newValue));
  };
  globalThis.addEventListener('storage', onStorage);
  return {
    post: (news) => {
      try {
        localStorage.setItem(storageKey, JSON.stringify({ ...news, tab }));
        localStorage.removeItem(storageKey);
      } catch {
        // Storage may be switched off. The other tabs then find out when they are looked at next.
      }
    },
    close: () => globalThis.removeEventListener('storage', onStorage),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
