import { readFileSync } from 'node:fs';
import { brandSchema, type Brand, type BrandInput } from '@sallyport/core';
import { openBrand } from '@sallyport/server';
import { demoBrand } from '../demo-brand.ts';

/** The brands that the preview switches between. */
export type PreviewBrandName = 'demo' | 'default' | 'acme';

const readImage = (name: string): string =>
  `data:image/png;base64,${readFileSync(new URL(name, import.meta.url)).toString('base64')}`;

/** What a product of another team might choose: nothing of it is like the demo. */
function readAcme(): BrandInput {
  return {
    name: 'Acme',
    logo: readImage('acme-logo-light.png'),
    logoDark: readImage('acme-logo-dark.png'),
    colors: {
      light: { background: '#fbf6f2', text: '#2b1a12', accent: '#b3401a' },
      dark: { background: '#1a120e', surface: '#241a15', text: '#f6ece6', accent: '#ff9d73' },
    },
    radius: 2,
    font: 'Georgia, Times New Roman, serif',
    links: { terms: '/terms', privacy: '/privacy', support: 'mailto:help@acme.example' },
  };
}

/** Makes the brands: that of the demo, the one without settings, and an example. */
export function openPreviewBrands(publicUrl: string): Readonly<Record<PreviewBrandName, Brand>> {
  const open = (input: BrandInput): Brand => openBrand({ brand: brandSchema.parse(input), publicUrl });
  return { demo: open(demoBrand), default: open({}), acme: open(readAcme()) };
}
