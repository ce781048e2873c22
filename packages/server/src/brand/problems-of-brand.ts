import { derivePalettes, problemsOfContrast, type BrandSettings, type BrandTheme } from '@sallyport/core';
import type { ConfigurationProblem } from '../config/configuration-error.ts';

/** Text that people could not read: each pair of colours with its contrast, and the one that is needed. */
export function problemsOfBrand({ colors }: BrandSettings): readonly ConfigurationProblem[] {
  return problemsOfContrast(derivePalettes(colors)).flatMap(({ theme, pair: [ink, paper], ratio, needed }) => {
    const chosen: ReadonlySet<string> = new Set(Object.keys(colors[theme]));
    // It is made from the text, whose own problem is the one to correct.
    if (ink === 'mutedText' && !chosen.has(ink)) return [];
    const atFault = chosen.has(paper) && !chosen.has(ink) ? paper : ink;
    return [
      {
        key: `brand.colors.${theme}.${atFault}`,
        problem: `has too little contrast: ${ink} on ${paper} is ${ratio}:1, and ${needed}:1 is needed (WCAG 2.2, 1.4.3)${ink === 'accent' ? suggestAccent(theme, colors) : ''}`,
      },
    ];
  });
}

/** The nearest shade that can be read: the one that an accent of the other theme would become here. */
function suggestAccent(theme: BrandTheme, colors: BrandSettings['colors']): string {
  const other = theme === 'light' ? 'dark' : 'light';
  const { accent, ...rest } = colors[theme];
  const nearest = derivePalettes({ ...colors, [theme]: rest, [other]: { ...colors[other], accent } })[theme].accent;
  const corrected = derivePalettes({ ...colors, [theme]: { ...rest, accent: nearest } });
  const isEnough = problemsOfContrast(corrected).every((each) => each.theme !== theme || !each.pair.includes('accent'));
  return isEnough && accent !== undefined ? `; ${nearest} is the nearest shade that can be read` : '';
}
