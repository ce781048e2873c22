import { AppDocument } from '@sallyport/ui/app-document';
import { toViewport } from '@sallyport/ui/brand-viewport';
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
  return toViewport(await brand());
}

export default async function AccountLayout({ children }: { readonly children: ReactNode }) {
  return (
    <AppDocument app="account" auth={await auth()} brand={await brand()} fontClass={sans.variable}>
      {children}
    </AppDocument>
  );
}
