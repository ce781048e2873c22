import { buttonClass } from '@sallyport/ui/button';
import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { shell } from '../lib/shell.ts';
import { sans } from './font.ts';
import './globals.css';

export const metadata: Metadata = {
  title: { default: 'Auth.js shell', template: '%s · Auth.js shell' },
  description: 'A Next.js shell with next-auth as its session layer and Sallyport as its provider.',
};

export default async function ShellLayout({ children }: { readonly children: ReactNode }) {
  const caller = await shell.auth();
  return (
    <html lang="en" className={sans.variable}>
      <body className="flex flex-col">
        {/* oxlint-disable-next-line next/no-css-tags -- the gateway serves it: no bundler knows it. React moves it to the head. */}
        <link rel="stylesheet" href="/auth/assets/brand/brand.css" precedence="brand" />
        <header className="border-b border-line">
          <div className="page-width flex h-16 items-center gap-4">
            <a href="/" className="font-semibold">
              Auth.js shell
            </a>
            <div className="ml-auto flex items-center gap-3">
              {caller.status === 'signed-in' ? <SignOut name={caller.name ?? 'Signed in'} /> : <SignIn />}
            </div>
          </div>
        </header>
        <main id="main" className="flex-1">
          {children}
        </main>
      </body>
    </html>
  );
}

function SignIn() {
  return (
    <a href="/auth/sign-in" className={buttonClass({ tone: 'primary' })}>
      Sign in
    </a>
  );
}

/** A form: it works without a script. */
function SignOut({ name }: { readonly name: string }) {
  return (
    <>
      <span className="max-w-36 truncate">{name}</span>
      <form method="post" action="/auth/sign-out">
        <button type="submit" className={buttonClass()}>
          Sign out
        </button>
      </form>
    </>
  );
}
