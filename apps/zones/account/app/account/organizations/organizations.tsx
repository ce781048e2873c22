'use client';

import { Button, buttonClass } from '@sallyport/ui/button';
import { Card } from '@sallyport/ui/card';
import { Notice } from '@sallyport/ui/notice';
import { useOrganizations } from '@sallyport/ui/use-organizations';
import { useOrganization, type ShownOrganization } from '@sallyport/nextjs/client';
import { useState } from 'react';
import { ProblemAndNews } from '../problem-and-news.tsx';

const newOrganization = '/auth/my/organizations/new';

/** The organizations of the person: which one is active, the way to another, and to the page of each. */
export function Organizations() {
  const { state, isOff, problem, isPending, reload, switchTo } = useOrganizations();
  const active = useOrganization();
  const [news, setNews] = useState('');

  async function change(organization: ShownOrganization | undefined): Promise<void> {
    setNews('');
    if (!(await switchTo(organization?.id ?? null))) return;
    setNews(organization === undefined ? 'No organization is active.' : `You work in ${organization.name} now.`);
  }

  if (isOff)
    return (
      <Notice tone="note" title="There are no organizations here">
        <p>The operator of this system has not set up any.</p>
      </Notice>
    );
  return (
    <div className="space-y-6">
      <ProblemAndNews problem={problem} news={news} onRetry={state === undefined ? () => void reload() : undefined} />
      {state === undefined ? (
        <Placeholder isWaiting={problem === undefined} />
      ) : (
        <>
          <Card>
            {state.organizations.length === 0 ? (
              <p className="p-5 text-ink-soft">You belong to none. A member can invite you by email.</p>
            ) : (
              <ul aria-label="Your organizations" className="divide-y divide-line">
                {state.organizations.map((organization) => (
                  <OrganizationRow
                    key={organization.id}
                    organization={organization}
                    isActive={organization.id === active?.id}
                    isPending={isPending}
                    onSwitch={() => void change(organization)}
                  />
                ))}
              </ul>
            )}
          </Card>
          <div className="flex flex-wrap gap-3">
            {state.mayCreate ? (
              <a href={newOrganization} className={buttonClass()}>
                Create an organization
              </a>
            ) : null}
            {active === undefined ? null : (
              <Button tone="quiet" isPending={isPending} onClick={() => void change(undefined)}>
                Work in none
              </Button>
            )}
          </div>
        </>
      )}
    </div>
  );
}

interface OrganizationRowProps {
  readonly organization: ShownOrganization;
  readonly isActive: boolean;
  readonly isPending: boolean;
  readonly onSwitch: () => void;
}

function OrganizationRow({ organization, isActive, isPending, onSwitch }: OrganizationRowProps) {
  const { id, name, roles } = organization;
  return (
    <li aria-current={isActive ? 'true' : undefined} className="flex flex-wrap items-center gap-x-4 gap-y-3 p-5">
      <div className="min-w-0 flex-1 basis-48">
        <h2 className="font-semibold wrap-anywhere">{name}</h2>
        <p className="text-[0.9375rem] text-ink-soft">{roles.join(', ')}</p>
      </div>
      {isActive ? (
        <span className="rounded-full bg-outer-tint px-2.5 py-0.5 text-sm font-medium text-outer">Active</span>
      ) : (
        <Button size="small" isPending={isPending} onClick={onSwitch}>
          Switch<span className="sr-only"> to {name}</span>
        </Button>
      )}
      <a
        href={`/auth/my/organization?id=${encodeURIComponent(id)}`}
        className={buttonClass({ tone: 'quiet', size: 'small' })}
      >
        Members<span className="sr-only"> of {name}</span>
      </a>
    </li>
  );
}

function Placeholder({ isWaiting }: { readonly isWaiting: boolean }) {
  if (!isWaiting) return null;
  return (
    <Card className="grid h-40 place-items-center text-ink-soft">
      <p role="status">Loading your organizations…</p>
    </Card>
  );
}
