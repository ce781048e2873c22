import type { ShownSession } from '@sallyport/nextjs/client';

/** What a session is called on the page. */
export function nameOf({ program, browser, system, label }: ShownSession): string {
  if (program !== undefined) return `${program} (app)`;
  const named = [browser, system].filter((part) => part !== '').join(' on ');
  return named === '' ? label : named;
}
