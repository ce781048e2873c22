'use client';

import { useEffect, useState } from 'react';

/** The token of a mailed link: not looked for yet, in hand, or absent. */
export type LinkToken =
  { readonly kind: 'unread' } | { readonly kind: 'present'; readonly token: string } | { readonly kind: 'absent' };

/** Takes the token out of the address at once, so that it stays neither in the history nor on the screen. */
export function useLinkToken(): LinkToken {
  const [link, setLink] = useState<LinkToken>({ kind: 'unread' });

  useEffect(() => {
    const token = new URLSearchParams(location.search).get('token');
    if (token !== null) history.replaceState(history.state, '', location.pathname);
    // Strict effects run twice, and the second time the address is clean already.
    setLink((current) => {
      if (current.kind === 'present') return current;
      return token === null || token === '' ? { kind: 'absent' } : { kind: 'present', token };
    });
  }, []);

  return link;
}
