import { Notice } from '@sallyport/ui/notice';
import type { DemoMode } from './demo-mode.ts';

/** Where a newcomer finds accounts and mail. */
export function DemoNote({ demo }: { readonly demo: DemoMode }) {
  return (
    <Notice tone="note" title="This is the demo">
      <p>
        Three accounts with their passwords were printed in the terminal when it started: a user, a vendor and an
        administrator. Mail goes to{' '}
        {demo.mailboxUrl === undefined ? 'the mailbox printed there' : <MailboxLink url={demo.mailboxUrl} />}, not to
        the internet.
      </p>
    </Notice>
  );
}

/** A link to the demo's mailbox, in its own tab. */
export function MailboxLink({ url }: { readonly url: string }) {
  return (
    <a href={url} target="_blank" rel="noreferrer" className="text-link">
      the mailbox<span className="sr-only"> (opens in a new tab)</span>
    </a>
  );
}
