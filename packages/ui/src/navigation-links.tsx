'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { classNames } from './class-names.tsx';
import { navigationItems, shownItems, type AppName } from './navigation.tsx';

interface NavigationLinksProps {
  readonly app: AppName;
  readonly permissions: readonly string[];
}

/** The navigation of the header, with the present page marked. */
export function NavigationLinks({ app, permissions }: NavigationLinksProps) {
  const pathname = usePathname();
  return shownItems(navigationItems, permissions).map((item) => {
    const isCurrent = pathname === item.href || pathname.startsWith(`${item.href}/`);
    const link = {
      href: item.href,
      'aria-current': isCurrent ? ('page' as const) : undefined,
      className: classNames(
        'rounded-lg px-3 py-2 text-[0.9375rem] font-medium hover:text-ink',
        isCurrent
          ? 'text-ink underline decoration-inner-solid decoration-2 underline-offset-[0.55em]'
          : 'text-ink-soft',
      ),
    };
    return (
      <li key={item.href}>{item.app === app ? <Link {...link}>{item.label}</Link> : <a {...link}>{item.label}</a>}</li>
    );
  });
}
