import { textContrast, type BrandPalette, type BrandTheme } from './brand-palette.ts';
import { contrastRatio } from './color.ts';

/** Two colours of a theme that cannot be told apart well enough. */
export interface ContrastProblem {
  readonly theme: BrandTheme;
  /** The names of the two colours: text, then what is behind it. */
  readonly pair: readonly [keyof BrandPalette, keyof BrandPalette];
  /** Rounded down, so that 4.499 is not shown as 4.5. */
  readonly ratio: number;
  readonly needed: number;
}

/** Text and links on both papers, the text of buttons, and refusals. The other pairs are derived so that they hold. */
const pairs: readonly (readonly [keyof BrandPalette, keyof BrandPalette])[] = [
  ['text', 'background'],
  ['text', 'surface'],
  ['mutedText', 'background'],
  ['mutedText', 'surface'],
  ['accent', 'background'],
  ['accent', 'surface'],
  ['onAccent', 'accent'],
  ['danger', 'background'],
  ['danger', 'surface'],
];

/**
 * Finds the pairs of colours that are less readable than level AA asks for, in both themes.
 *
 * @see {@link https://www.w3.org/TR/WCAG22/#contrast-minimum WCAG 2.2, 1.4.3}
 */
export function problemsOfContrast(palettes: Readonly<Record<BrandTheme, BrandPalette>>): readonly ContrastProblem[] {
  return (['light', 'dark'] as const).flatMap((theme) =>
    pairs.flatMap((pair) => {
      const ratio = contrastRatio(palettes[theme][pair[0]], palettes[theme][pair[1]]);
      if (ratio >= textContrast) return [];
      return [{ theme, pair, ratio: Math.floor(ratio * 100) / 100, needed: textContrast }];
    }),
  );
}
