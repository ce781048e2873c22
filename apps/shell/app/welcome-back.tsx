import { ArrowRight } from 'lucide-react';
import { RoleChips } from '@sallyport/ui/role-chips';
import type { SignedInAuth } from '@sallyport/nextjs/server';
import type { DemoMode } from './demo-mode.ts';
import { DemoNote } from './demo-note.tsx';
import { RequestPath } from './request-path.tsx';

interface WelcomeBackProps {
  readonly person: SignedInAuth;
  readonly demo: DemoMode | undefined;
}

/** Home for a signed-in person: who we think they are, and where to go. */
export function WelcomeBack({ person, demo }: WelcomeBackProps) {
  const firstName = person.name?.trim().split(/\s+/)[0];
  return (
    <div className="page-width space-y-14 py-10 lg:space-y-20 lg:py-16">
      <section className="space-y-4">
        <h1 className="text-display font-semibold">
          {firstName === undefined ? 'Welcome in.' : `Welcome in, ${firstName}.`}
        </h1>
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2 text-lg text-ink-soft">
          {person.email === undefined ? null : <p>{person.email}</p>}
          <RoleChips roles={person.roles} />
        </div>
      </section>

      <nav aria-label="Where to go">
        <ul className="grid gap-4 md:grid-cols-3">
          {places.map(({ href, title, text }) => (
            <li key={href}>
              <a
                href={href}
                className="group flex h-full flex-col gap-2 rounded-card border border-line bg-surface p-6 transition-colors hover:border-outer"
              >
                <span className="flex items-center justify-between text-lg font-semibold tracking-[-0.015em]">
                  {title}
                  <ArrowRight
                    aria-hidden="true"
                    className="size-5 text-outer transition-transform group-hover:translate-x-1"
                  />
                </span>
                <span className="text-ink-soft">{text}</span>
              </a>
            </li>
          ))}
        </ul>
      </nav>

      {demo === undefined ? null : <DemoNote demo={demo} />}

      <section aria-labelledby="path" className="space-y-8">
        <h2 id="path" className="text-title font-semibold">
          How this page reached you
        </h2>
        <RequestPath />
      </section>
    </div>
  );
}

const places = [
  {
    href: '/products',
    title: 'Products',
    text: 'A service behind the gateway. See what your role may do there, and what it may not.',
  },
  {
    href: '/behind-the-door',
    title: 'Behind the door',
    text: 'Your own requests, stage by stage: what was checked, cached, signed and decided.',
  },
  {
    href: '/account',
    title: 'Account',
    text: 'The devices that you are signed in on, and how to sign them out.',
  },
];
