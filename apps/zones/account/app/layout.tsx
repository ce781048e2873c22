import { AppDocument } from '@sallyport/app-ui/app-document';
import { auth } from '@sallyport/nextjs/server';
import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { sans } from './font.ts';
import './globals.css';

export const metadata: Metadata = {
  title: { default: 'Account · Sallyport', template: '%s · Sallyport' },
  // The shell owns this address: both applications show one icon, and the browser fetches it once.
  icons: { icon: { url: '/icon.svg', type: 'image/svg+xml' } },
};

export const viewport: Viewport = {
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f2f8f5' },
    { media: '(prefers-color-scheme: dark)', color: '#0b1516' },
  ],
};

export default async function AccountLayout({ children }: { readonly children: ReactNode }) {
  return (
    <AppDocument app="account" auth={await auth()} fontClass={sans.variable}>
      {children}
    </AppDocument>
  );
}
