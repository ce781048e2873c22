import type { BrandPalette, BrandTheme } from './brand-palette.ts';
import type { Brand, BrandImage } from './brand.ts';

/** Where the gateway serves what a brand looks like, on both listeners. */
export const brandPath = '/auth/assets/brand';

/** Where the gateway serves the web app manifest. */
export const brandManifestPath = `${brandPath}/site.webmanifest`;

/** What `brand.json` says: what applications that are not built in may show. */
export interface BrandDocument {
  /** Text: escape it. */
  readonly name: string;
  /** Paths of images at the public origin. */
  readonly logo: string | null;
  readonly logoDark: string | null;
  readonly icon: string | null;
  readonly touchIcon: string | null;
  /** Path of the web app manifest. */
  readonly manifest: string;
  readonly colors: Readonly<Record<BrandTheme, BrandPalette>>;
  readonly radius: number;
  /** Value of the CSS property `font-family`. */
  readonly font: string;
  readonly links: Readonly<Record<'terms' | 'privacy' | 'support', string | null>>;
}

/** Says what applications may know of a brand. */
export function toBrandDocument({
  name,
  logo,
  logoDark,
  icon,
  touchIcon,
  colors,
  radius,
  font,
  links: { terms, privacy, support },
}: Brand): BrandDocument {
  const pathOf = (image: BrandImage | undefined): string | null => image?.path ?? null;
  return {
    name,
    logo: pathOf(logo),
    logoDark: pathOf(logoDark),
    icon: pathOf(icon),
    touchIcon: pathOf(touchIcon),
    manifest: brandManifestPath,
    colors,
    radius,
    font,
    links: { terms: terms ?? null, privacy: privacy ?? null, support: support ?? null },
  };
}
