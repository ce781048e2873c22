import { signInUrl, type BrandDocument } from '@sallyport/nextjs/server';
import { BrandLogo } from './brand-logo.tsx';
import { buttonClass } from './button.tsx';
import type { AppName } from './navigation.tsx';
import { NavigationLinks } from './navigation-links.tsx';
import { OrganizationSwitcher } from './organization-switcher.tsx';
import { ThemeToggle } from './theme-toggle.tsx';
import type { Theme } from './theme.tsx';
import { UserMenu } from './user-menu.tsx';
import type { Viewer } from './viewer.tsx';

export interface SiteHeaderProps {
  readonly app: AppName;
  readonly brand: BrandDocument;
  readonly theme: Theme;
  /** Absent when no user is signed in. */
  readonly viewer: Viewer | undefined;
}

/** The same header, at the same height, in every application: that is what makes a change of application feel soft. */
export function SiteHeader({ app, brand, theme, viewer }: SiteHeaderProps) {
  return (
    <header className="site-header sticky top-0 z-20 border-b border-line bg-paper/90 backdrop-blur-md">
      <div className="page-width flex h-16 items-center gap-2">
        <a href="/" aria-label={`${brand.name}, home`} className="-ml-1 rounded-lg p-1">
          <BrandLogo brand={brand} />
        </a>
        {viewer === undefined ? null : (
          <nav aria-label="Main" className="ml-4 max-lg:hidden">
            <ul className="flex items-center gap-1">
              <NavigationLinks app={app} permissions={viewer.permissions} />
            </ul>
          </nav>
        )}
        <div className="ml-auto flex items-center gap-1 sm:gap-2">
          <ThemeToggle initial={theme} />
          {viewer === undefined ? (
            <a href={signInUrl()} className={buttonClass({ tone: 'secondary' })}>
              Sign in
            </a>
          ) : (
            <>
              <OrganizationSwitcher />
              <UserMenu viewer={viewer} />
            </>
          )}
        </div>
      </div>
    </header>
  );
}
