import { AppDocument } from '@sallyport/ui/app-document';
import { auth } from '@sallyport/nextjs/server';
import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { sans } from './font.ts';
import './globals.css';
import { iconUrl } from './icon-url.ts';

export const metadata: Metadata = {
  title: { default: 'Sallyport', template: '%s · Sallyport' },
  icons: { icon: { url: iconUrl, type: 'image/svg+xml' } },
  description: 'Login and access for Next.js front ends and NestJS services.',
};

export const viewport: Viewport = {
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f2f8f5' },
    { media: '(prefers-color-scheme: dark)', color: '#0b1516' },
  ],
};

export default async function ShellLayout({ children }: { readonly children: ReactNode }) {
  return (
    <AppDocument app="shell" auth={await auth()} fontClass={sans.variable}>
      {children}
    </AppDocument>
  );
}
