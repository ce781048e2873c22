import type { Brand } from './brand.ts';
import type { BrandPalette } from './brand-palette.ts';

/** Cards are rounder than the controls in them. */
const cardFactor = 1.6;

/**
 * Writes the custom properties of a brand as a style sheet: `--brand-text`, `--brand-control-border`,
 * `--brand-on-accent` and so on, `--brand-radius`, `--brand-card-radius` and `--brand-font`. Colours follow
 * `color-scheme`, which `data-theme="light"` or `"dark"` at the root sets; otherwise the reader's system does.
 *
 * Every value was checked when the brand was read: none can leave its declaration or a `<style>` element.
 */
export function toBrandCss({ colors: { light, dark }, radius, font }: Brand): string {
  const names = Object.keys(light) as (keyof BrandPalette)[]; // Its own keys.
  const declarations = names.map((name) => `--brand-${toKebabCase(name)}:light-dark(${light[name]},${dark[name]})`);
  declarations.push(
    `--brand-radius:${radius}px`,
    `--brand-card-radius:${Math.round(radius * cardFactor)}px`,
    `--brand-font:${font}`,
  );
  return [
    `:root{color-scheme:light dark;${declarations.join(';')}}`,
    ":root[data-theme='light']{color-scheme:light}",
    ":root[data-theme='dark']{color-scheme:dark}",
  ].join('\n');
}

function toKebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
