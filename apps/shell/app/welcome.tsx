import { builtInPages } from '@sallyport/core/browser';
import { buttonClass } from '@sallyport/ui/button';
import { Passage } from '@sallyport/ui/passage';
import type { DemoMode } from './demo-mode.ts';
import { DemoNote } from './demo-note.tsx';
import { RequestPath } from './request-path.tsx';

/** Home for an anonymous visitor: what this is, in one picture, with links to sign in and to sign up. */
export function Welcome({ demo }: { readonly demo: DemoMode | undefined }) {
  return (
    <div className="page-width space-y-20 py-8 lg:space-y-28 lg:py-12">
      <div className="space-y-6">
        <section className="grid overflow-hidden rounded-[1.5rem] bg-passage text-passage-ink lg:grid-cols-[1.25fr_1fr]">
          <div className="flex flex-col justify-center gap-6 px-6 py-14 sm:px-12 lg:py-24">
            <h1 className="text-display font-semibold">A cookie outside, a token inside.</h1>
            <p className="max-w-[34rem] text-lg text-passage-ink-soft">
              Sallyport signs people in to Next.js front ends and NestJS services. Outside there is one cookie that no
              script can read. Inside there are tokens that live for a minute. The two never meet.
            </p>
            <div className="flex flex-wrap gap-3 pt-2">
              <a
                href={builtInPages.signUp}
                className={`${buttonClass({ tone: 'primary', size: 'large' })} bg-inner-solid! text-[oklch(0.22_0.04_75)]! hover:brightness-105`}
              >
                Create an account
              </a>
              <a
                href={builtInPages.signIn}
                className={`${buttonClass({ tone: 'quiet', size: 'large' })} border border-passage-ink-soft/50 text-passage-ink! hover:bg-passage-ink/10!`}
              >
                Sign in
              </a>
            </div>
          </div>
          <Passage className="h-64 w-full lg:h-full" />
        </section>

        {demo === undefined ? null : <DemoNote demo={demo} />}
      </div>

      <section aria-labelledby="path" className="space-y-8">
        <h2 id="path" className="text-title font-semibold">
          The path of one request
        </h2>
        <RequestPath />
      </section>

      <section aria-labelledby="difference" className="space-y-8">
        <h2 id="difference" className="text-title font-semibold">
          What that changes
        </h2>
        <dl className="grid gap-x-10 gap-y-8 md:grid-cols-3">
          {differences.map(({ term, text }) => (
            <div key={term} className="border-t-2 border-ink pt-4">
              <dt className="font-semibold">{term}</dt>
              <dd className="mt-1.5 text-ink-soft">{text}</dd>
            </div>
          ))}
        </dl>
      </section>
    </div>
  );
}

const differences = [
  {
    term: 'Signed out means signed out',
    text: 'The session ends at the gateway, for every tab and every service. Nothing keeps working until it expires.',
  },
  {
    term: 'You are never signed out by accident',
    text: 'The cookie never changes, so there is no refresh to race and no second tab to lose it.',
  },
  {
    term: 'A new role counts at once',
    text: 'The next request already carries it. No new sign-in is needed to allow a user, or to stop one.',
  },
];
