'use client';

import { use, useEffect, useState, useSyncExternalStore, type RefObject } from 'react';
import { DraftContext } from './draft-context.ts';
import type { PageDrafts } from './page-drafts.ts';

/**
 * Keeps what is typed into a form over a sign-in: when the session ends while it is open, it is filled in again once the same
 * person has signed in and is back on the page. Kept in this tab alone, never for another person, and given back once.
 *
 * Passwords, codes, card numbers, hidden fields and files are never kept.
 *
 * @param name of the form on its page.
 * @returns whether something was filled in, to be said to the user.
 * @throws Error outside `<SallyportProvider>`.
 *
 * @example
 * const form = useRef<HTMLFormElement>(null);
 * const isRestored = useDraft('new-product', form);
 */
export function useDraft(name: string, form: RefObject<HTMLFormElement | null>): boolean {
  const drafts = usePageDrafts('useDraft');
  const [isRestored, setRestored] = useState(false);
  useEffect(() => {
    if (form.current === null) return undefined;
    return drafts.follow(name, form.current, () => setRestored(true));
  }, [drafts, name, form]);
  return isRestored;
}

/**
 * Names the forms of this page for which a draft waits, so that a dialog can be opened again that holds one.
 *
 * @throws Error outside `<SallyportProvider>`.
 */
export function useWaitingDrafts(): readonly string[] {
  const drafts = usePageDrafts('useWaitingDrafts');
  return useSyncExternalStore(drafts.subscribe, () => drafts.waiting(), noNames);
}

const none: readonly string[] = [];
const noNames = (): readonly string[] => none;

function usePageDrafts(caller: string): PageDrafts {
  const drafts = use(DraftContext);
  if (drafts === undefined)
    throw new Error(`${caller}() was called outside <SallyportProvider>: put one in the root layout`);
  return drafts;
}
