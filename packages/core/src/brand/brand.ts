import { derivePalettes, type BrandPalette, type BrandTheme } from './brand-palette.ts';
import type { BrandSettings } from './brand-schema.ts';

/** A logo or an icon, as the gateway serves it. */
export interface BrandImage {
  /** Path at the gateway. Its content never changes: another image has another path. */
  readonly path: string;
  readonly mediaType: 'image/svg+xml' | 'image/png' | 'image/jpeg' | 'image/webp';
  readonly content: Uint8Array;
}

/** The images of a brand. */
export interface BrandImages {
  readonly logo?: BrandImage | undefined;
  /** @default the logo */
  readonly logoDark?: BrandImage | undefined;
  readonly icon?: BrandImage | undefined;
  /** @default the icon, where it is a PNG */
  readonly touchIcon?: BrandImage | undefined;
}

/** What people see of the product: complete, checked, and never changed. A reload makes another one. */
export interface Brand {
  /** One line of visible characters without `<` and `>`. It is text: escape it. */
  readonly name: string;
  /** Without one the name stands in its place. */
  readonly logo: BrandImage | undefined;
  readonly logoDark: BrandImage | undefined;
  /** What browser tabs show. */
  readonly icon: BrandImage | undefined;
  /** What home screens show: a PNG. */
  readonly touchIcon: BrandImage | undefined;
  readonly colors: Readonly<Record<BrandTheme, BrandPalette>>;
  /** Of fields and buttons, in CSS pixels. */
  readonly radius: number;
  /** Value of the CSS property `font-family`. It holds single quotes. */
  readonly font: string;
  /** Absolute addresses: mails link to them too. */
  readonly links: BrandLinks;
}

/** Addresses at the foot of pages and mails. */
export interface BrandLinks {
  readonly terms: string | undefined;
  readonly privacy: string | undefined;
  /** May be a `mailto:` address. */
  readonly support: string | undefined;
}

/**
 * Makes a brand from its settings. Without a name the product is called as its host is, such as `app.example.com`.
 *
 * @example
 * const brand = resolveBrand(brandSchema.parse({ name: 'Acme' }), 'https://app.acme.example');
 */
export function resolveBrand(settings: BrandSettings, publicUrl: string, images: BrandImages = {}): Brand {
  const { name = new URL(publicUrl).hostname, colors, radius, font, links } = settings;
  const { logo, logoDark = logo, icon } = images;
  const { touchIcon = icon?.mediaType === 'image/png' ? icon : undefined } = images;
  const absolute = (address: string | undefined): string | undefined =>
    address === undefined ? undefined : new URL(address, publicUrl).href;
  const palettes = derivePalettes(colors);
  return Object.freeze({
    name,
    logo,
    logoDark,
    icon,
    touchIcon,
    colors: Object.freeze({ light: Object.freeze(palettes.light), dark: Object.freeze(palettes.dark) }),
    radius,
    font,
    links: Object.freeze({
      terms: absolute(links.terms),
      privacy: absolute(links.privacy),
      support: absolute(links.support),
    }),
  });
}
