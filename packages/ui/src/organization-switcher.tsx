'use client';

import { useOrganization } from '@sallyport/nextjs/client';
import { Building2, Check, ChevronDown } from 'lucide-react';
import { useRef } from 'react';
import { useOrganizations } from './use-organizations.tsx';

/**
 * Says in which organization the person works, and leads to another one, in every tab. Nothing where none is active. The
 * browser's own popover opens it, so that the way to the page without script needs none.
 */
export function OrganizationSwitcher() {
  const active = useOrganization();
  const { state, problem, isPending, switchTo } = useOrganizations(active !== undefined);
  const menu = useRef<HTMLDivElement>(null);
  if (active === undefined) return null;
  const organizations = state?.organizations ?? [];
  const name = organizations.find(({ id }) => id === active.id)?.name ?? 'Organization';

  async function change(id: string): Promise<void> {
    if (await switchTo(id)) menu.current?.hidePopover();
  }

  return (
    <>
      <button
        type="button"
        popoverTarget="organization-menu"
        className="flex min-h-10 items-center gap-2 rounded-control px-2 hover:bg-sunken"
      >
        <Building2 aria-hidden="true" className="size-5 text-ink-soft" />
        <span className="sr-only">Organization: </span>
        <span className="max-w-36 truncate text-[0.9375rem] font-medium max-sm:sr-only">{name}</span>
        <ChevronDown aria-hidden="true" className="size-4 text-ink-soft" />
      </button>
      <div
        ref={menu}
        id="organization-menu"
        popover="auto"
        className="fixed inset-auto top-15 right-[max(1rem,calc((100vw-72rem)/2+2rem))] m-0 w-72 max-w-[calc(100vw-2rem)] rounded-card border border-line bg-surface p-2 text-ink shadow-raised"
      >
        {problem === undefined ? null : (
          <p role="alert" className="px-3 py-2 text-sm text-danger">
            {problem.title}. {problem.hint}
          </p>
        )}
        <ul aria-label="Organizations">
          {organizations.map((organization) => (
            <li key={organization.id}>
              <button
                type="button"
                aria-current={organization.id === active.id ? 'true' : undefined}
                aria-disabled={isPending || undefined}
                onClick={() => {
                  if (!isPending && organization.id !== active.id) void change(organization.id);
                }}
                className="flex min-h-10 w-full items-center gap-2 rounded-lg px-3 text-left text-[0.9375rem] hover:bg-sunken"
              >
                <span className="min-w-0 flex-1 truncate">{organization.name}</span>
                {organization.id === active.id ? <Check aria-hidden="true" className="size-4 text-outer" /> : null}
              </button>
            </li>
          ))}
        </ul>
        <div className="border-t border-line pt-2">
          <a
            href="/auth/my/organizations"
            className="flex min-h-10 items-center rounded-lg px-3 text-[0.9375rem] hover:bg-sunken"
          >
            All your organizations
          </a>
        </div>
      </div>
    </>
  );
}
