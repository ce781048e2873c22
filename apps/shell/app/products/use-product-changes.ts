import { useEffect, useEffectEvent, useState } from 'react';

/** `ended` is for good: the gateway has ended the stream together with the session, or with the right to see products. */
export type StreamState = 'paused' | 'live' | 'ended';

/**
 * Listens to the shop while the page is looked at. A browser opens six connections per origin over HTTP/1.1, and tabs in
 * the background would keep them from the one in front. What breaks for other reasons, the browser opens again.
 */
export function useProductChanges(onChange: () => void): StreamState {
  const [state, setState] = useState<StreamState>('paused');
  const tell = useEffectEvent(onChange);

  useEffect(() => {
    let source: EventSource | undefined;
    let isEnded = false;
    const pause = (): void => {
      source?.close();
      source = undefined;
      setState(isEnded ? 'ended' : 'paused');
    };
    const end = (): void => {
      isEnded = true;
      pause();
    };
    const listen = (isAgain: boolean): void => {
      source = new EventSource('/api/shop/products/events');
      source.addEventListener('open', () => setState('live'));
      source.addEventListener('error', () => setState('paused'));
      source.addEventListener('changed', () => tell());
      source.addEventListener('session-ended', end);
      source.addEventListener('access-lost', end);
      // This page was not told what changed meanwhile.
      if (isAgain) tell();
    };
    const follow = (): void => {
      if (document.visibilityState === 'hidden') pause();
      else if (source === undefined && !isEnded) listen(true);
    };

    if (document.visibilityState === 'visible') listen(false);
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      source?.close();
    };
  }, []);

  return state;
}
