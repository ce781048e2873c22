import { ChevronDown } from 'lucide-react';
import { menuItems, shownItems } from './navigation.tsx';
import { RoleChips } from './role-chips.tsx';
import { SignOutButton } from './sign-out-button.tsx';
import type { Viewer } from './viewer.tsx';

/** Who is signed in, where they can go on a small screen, and the way out. The browser's own popover, so no script opens it. */
export function UserMenu({ viewer }: { readonly viewer: Viewer }) {
  const { name = 'Signed in', email, roles, permissions } = viewer;
  return (
    <>
      <button
        type="button"
        popoverTarget="user-menu"
        className="flex min-h-10 items-center gap-2 rounded-control px-2 hover:bg-sunken"
      >
        <span
          aria-hidden="true"
          className="grid size-7 place-items-center rounded-full bg-outer text-[0.8125rem] font-semibold text-on-outer"
        >
          {initialOf(name)}
        </span>
        <span className="sr-only">Menu of </span>
        <span className="max-w-36 truncate text-[0.9375rem] font-medium max-sm:sr-only">{name}</span>
        <ChevronDown aria-hidden="true" className="size-4 text-ink-soft" />
      </button>
      <div
        id="user-menu"
        popover="auto"
        className="fixed inset-auto top-15 right-[max(1rem,calc((100vw-72rem)/2+2rem))] m-0 w-72 max-w-[calc(100vw-2rem)] rounded-card border border-line bg-surface p-2 text-ink shadow-raised"
      >
        <div className="space-y-2 px-3 pt-2 pb-3">
          <div>
            <p className="truncate font-semibold">{name}</p>
            {email === undefined ? null : <p className="truncate text-sm text-ink-soft">{email}</p>}
          </div>
          <RoleChips roles={roles} />
        </div>
        <nav aria-label="Pages" className="border-t border-line py-2">
          <ul>
            {shownItems(menuItems, permissions).map(({ href, label }) => (
              <li key={href}>
                <a href={href} className="flex min-h-10 items-center rounded-lg px-3 text-[0.9375rem] hover:bg-sunken">
                  {label}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div className="border-t border-line pt-2">
          <SignOutButton tone="quiet" className="w-full justify-start! px-3!" />
        </div>
      </div>
    </>
  );
}

function initialOf(name: string): string {
  return ([...name.trim()][0] ?? '?').toUpperCase();
}
