import { configSchema } from '../config/config-schema.ts';
import { describe, expect, it } from 'vitest';
import { problemsOfBrand } from './problems-of-brand.ts';

const problemsOf = (colors: object): readonly string[] =>
  problemsOfBrand(configSchema.shape.brand.parse({ colors })).map(({ key, problem }) => `${key} ${problem}`);

describe('an accent that cannot be read', () => {
  it.each([
    { theme: 'light', accent: '#ffcc00' },
    { theme: 'dark', accent: '#333333' },
  ])('is refused in the $theme theme with the nearest shade, which passes', ({ theme, accent }) => {
    const [problem = ''] = problemsOf({ [theme]: { accent } });
    expect(problem).toContain(`brand.colors.${theme}.accent has too little contrast`);
    const nearest = /; (#[0-9a-f]{6}) is the nearest shade that can be read$/.exec(problem)?.[1];
    expect(problemsOf({ [theme]: { accent: nearest } })).toEqual([]);
  });

  it('is refused without one where no shade of it passes', () => {
    const [problem] = problemsOf({ light: { accent: '#ffcc00', onAccent: '#333333' } });
    expect(problem).toMatch(/\(WCAG 2\.2, 1\.4\.3\)$/);
  });
});
