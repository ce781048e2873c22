import type { BrandDocument } from '@sallyport/nextjs/server';
import type { Viewport } from 'next';

/** The colours of the brand for what a browser draws around a page. */
export function toViewport({ colors: { light, dark } }: Pick<BrandDocument, 'colors'>): Viewport {
  return {
    themeColor: [
      { media: '(prefers-color-scheme: light)', color: light.background },
      { media: '(prefers-color-scheme: dark)', color: dark.background },
    ],
  };
}
