import { AppDocument } from '@sallyport/ui/app-document';
import { auth, brand } from '@sallyport/nextjs/server';
import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { sans } from './font.ts';
import './globals.css';

export async function generateMetadata(): Promise<Metadata> {
  const { name, icon } = await brand();
  return {
    title: { default: `Account · ${name}`, template: `%s · ${name}` },
    icons: { icon: icon ?? [] },
  };
}

export async function generateViewport(): Promise<Viewport> {
  const { light, dark } = (await brand()).colors;
  return {
    themeColor: [
      { media: '(prefers-color-scheme: light)', color: light.background },
      { media: '(prefers-color-scheme: dark)', color: dark.background },
    ],
  };
}

export default async function AccountLayout({ children }: { readonly children: ReactNode }) {
  return (
    <AppDocument app="account" auth={await auth()} brand={await brand()} fontClass={sans.variable}>
      {children}
    </AppDocument>
  );
}
