import { clientAuth, type Auth, type BrandDocument } from '@sallyport/nextjs/server';
import { SallyportProvider } from '@sallyport/nextjs/client';
import { cookies } from 'next/headers';
import type { ReactNode } from 'react';
import type { AppName } from './navigation.tsx';
import { SessionWarning } from './session-warning.tsx';
import { SiteFooter } from './site-footer.tsx';
import { SiteHeader } from './site-header.tsx';
import { parseTheme, themeCookieName } from './theme.tsx';
import type { Viewer } from './viewer.tsx';

export interface AppDocumentProps {
  readonly app: AppName;
  readonly auth: Auth;
  readonly brand: BrandDocument;
  /** Class that declares the font variable. */
  readonly fontClass: string;
  /** Stands in the footer, in front of the links of the brand. */
  readonly note?: ReactNode;
  readonly children: ReactNode;
}

/** The document of every page in every application: theme, session, skip link, header, main and footer. */
export async function AppDocument({ app, auth, brand, fontClass, note, children }: AppDocumentProps) {
  const theme = parseTheme((await cookies()).get(themeCookieName)?.value);
  return (
    <html lang="en" className={fontClass} data-theme={theme === 'system' ? undefined : theme}>
      <body className="flex flex-col">
        {/* oxlint-disable-next-line next/no-css-tags -- the gateway serves it: no bundler knows it. React moves it to the head. */}
        <link rel="stylesheet" href="/auth/assets/brand/brand.css" precedence="brand" />
        <a
          href="#main"
          className="sr-only rounded-control bg-outer font-medium text-on-outer focus:not-sr-only focus:fixed focus:top-2.5 focus:left-3 focus:z-30 focus:px-4 focus:py-2.5"
        >
          Skip to content
        </a>
        <SallyportProvider initial={clientAuth(auth)}>
          <SiteHeader app={app} brand={brand} theme={theme} viewer={toViewer(auth)} />
          <noscript>
            <p className="page-width py-3 font-medium">
              What can be changed on this page needs JavaScript. Signing in does not.
            </p>
          </noscript>
          <main id="main" tabIndex={-1} className="flex-1 outline-none!">
            {children}
          </main>
          <SiteFooter brand={brand}>{note}</SiteFooter>
          <SessionWarning />
        </SallyportProvider>
      </body>
    </html>
  );
}

function toViewer(auth: Auth): Viewer | undefined {
  if (auth.status === 'signed-out') return undefined;
  const { name, email, roles, permissions } = auth;
  return { ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }), roles, permissions };
}
