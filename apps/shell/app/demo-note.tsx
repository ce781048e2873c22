import { builtInPages } from '@sallyport/core/browser';
import { buttonClass } from '@sallyport/ui/button';
import { Notice } from '@sallyport/ui/notice';
import type { DemoMode } from './demo-mode.ts';

/** The accounts of the demo, by role. */
const roles = ['user', 'vendor', 'admin'] as const;

/** Lets a newcomer in with one click, and says where mail is. */
export function DemoNote({ demo }: { readonly demo: DemoMode }) {
  return (
    <Notice tone="note" title="This is the demo">
      <p>
        Look around as one of three accounts; their passwords were printed in the terminal when it started. Mail goes to{' '}
        {demo.mailboxUrl === undefined ? 'the mailbox printed there' : <MailboxLink url={demo.mailboxUrl} />}, not to
        the internet.
      </p>
      {/* The sign-in page itself takes it, with and without script. */}
      <form method="post" action={builtInPages.signIn} className="mt-2 flex flex-wrap gap-2">
        {roles.map((role) => (
          <button
            key={role}
            type="submit"
            name="continueAs"
            value={role}
            className={buttonClass({ tone: 'secondary', size: 'small' })}
          >
            Continue as {role}
          </button>
        ))}
      </form>
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
