import { AppDocument } from '@sallyport/ui/app-document';
import { toViewport } from '@sallyport/ui/brand-viewport';
import { AccessProvider } from '@sallyport/nextjs/access';
import { auth, brand, clientAccess } from '@sallyport/nextjs/server';
import { shopPolicy } from '@sallyport/example-shop-kit/policy';
import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { DemoFooterNote } from './demo-footer-note.tsx';
import { sans } from './font.ts';
import './globals.css';

export async function generateMetadata(): Promise<Metadata> {
  const { name, icon, touchIcon, manifest } = await brand();
  return {
    title: { default: name, template: `%s · ${name}` },
    icons: { icon: icon ?? [], apple: touchIcon ?? [] },
    manifest,
    description: 'Login and access for Next.js front ends and NestJS services.',
  };
}

export async function generateViewport(): Promise<Viewport> {
  return toViewport(await brand());
}

export default async function ShellLayout({ children }: { readonly children: ReactNode }) {
  const me = await auth();
  return (
    <AppDocument app="shell" auth={me} brand={await brand()} fontClass={sans.variable} note={<DemoFooterNote />}>
      <AccessProvider access={clientAccess(shopPolicy, me)}>{children}</AccessProvider>
    </AppDocument>
  );
}
