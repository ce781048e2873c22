import { Card } from '@sallyport/ui/card';
import { RelativeTime } from '@sallyport/ui/relative-time';
import { RoleChips } from '@sallyport/ui/role-chips';
import type { SignedInAuth } from '@sallyport/nextjs/server';
import type { ReactNode } from 'react';
import { assuranceWords, methodWords } from './sign-in-words.ts';

/** Name, address, roles, and how the person signed in, all from the verified token. */
export function Profile({ person }: { readonly person: SignedInAuth }) {
  const { name, email, roles, acr, amr, authTime } = person;
  return (
    <Card labelledBy="profile" className="p-6">
      <h2 id="profile" className="text-lg font-semibold">
        Profile
      </h2>
      <dl className="mt-4 grid gap-x-8 gap-y-4 sm:grid-cols-[8rem_1fr]">
        <Row term="Name">{name ?? 'Not given'}</Row>
        <Row term="Email">{email ?? 'Not given'}</Row>
        <Row term="Roles">
          <RoleChips roles={roles} />
        </Row>
        <Row term="Signed in">
          <RelativeTime iso={authTime.toISOString()} />, {methodWords(amr)}
          <span className="block text-sm text-ink-soft">{assuranceWords(acr, amr)}</span>
        </Row>
      </dl>
    </Card>
  );
}

function Row({ term, children }: { readonly term: string; readonly children: ReactNode }) {
  return (
    <div className="contents">
      <dt className="text-ink-soft max-sm:-mb-3">{term}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </div>
  );
}
