'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';

const pages = [
  { href: '/account', label: 'Profile and devices' },
  { href: '/account/security', label: 'Security' },
  { href: '/account/organizations', label: 'Organizations' },
  { href: '/account/connected', label: 'Connected accounts' },
  { href: '/account/api-keys', label: 'API keys' },
];

/** The pages of the account. */
export function AccountNavigation() {
  const pathname = usePathname();
  return (
    <nav aria-label="Account">
      <ul className="flex flex-wrap gap-x-6 border-b border-line">
        {pages.map(({ href, label }) => {
          const isCurrent = pathname === href;
          return (
            <li key={href}>
              <Link
                href={href}
                aria-current={isCurrent ? 'page' : undefined}
                className={`-mb-px block border-b-2 py-2.5 font-medium ${
                  isCurrent
                    ? 'border-outer text-ink'
                    : 'border-transparent text-ink-soft hover:text-ink forced-colors:border-[color:Canvas]'
                }`}
              >
                {label}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
