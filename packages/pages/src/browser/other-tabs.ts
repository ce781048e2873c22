const channelName = 'sallyport';

/** A session that ended is followed by another one as soon as some tab of this browser has signed in. */
export function goBackOnceSignedIn(path: string): void {
  const look = async (): Promise<void> => {
    const answer = await fetch('/auth/session', { headers: { accept: 'application/json' } }).catch(() => undefined);
    const session: unknown = answer?.ok === true ? await answer.json().catch(() => undefined) : undefined;
    const isSignedIn =
      typeof session === 'object' && session !== null && 'status' in session && session.status === 'signed-in';
    if (isSignedIn) location.replace(path);
  };
  // It may have happened while this page was on its way.
  setTimeout(() => void look(), 500);
  if (typeof BroadcastChannel === 'undefined') return;
  new BroadcastChannel(channelName).addEventListener('message', (event: MessageEvent<unknown>) => {
    const news = event.data;
    if (typeof news === 'object' && news !== null && 'kind' in news && news.kind === 'signed-in') void look();
  });
}

/** Tells the other tabs of this browser, as @sallyport/nextjs does, so that none shows what is over. */
export function announce(news: string | null): void {
  if (news === null || typeof BroadcastChannel === 'undefined') return;
  const channel = new BroadcastChannel(channelName);
  channel.postMessage({ kind: news, ...(news === 'signed-out' ? { reason: news } : {}), tab: crypto.randomUUID() });
  channel.close();
}
