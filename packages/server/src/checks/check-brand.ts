import { openBrand } from '../brand/open-brand.ts';
import type { StartCheck } from './start-context.ts';

/** What people see of the product. Colours that cannot be read, and images that cannot be used, are no configuration at all. */
export const checkBrand: StartCheck = {
  name: 'brand',
  run: ({ config }) => {
    const { name, logo } = openBrand(config);
    const finding = `${name}, ${logo === undefined ? 'without a logo' : 'with a logo'}; all text has a contrast of 4.5:1 or more`;
    if (config.brand.name === undefined)
      return [{ kind: 'ok', finding, hint: 'Say with brand.name what people call the product.' }];
    if (config.brand.logo !== undefined && config.brand.logoDark === undefined)
      return [{ kind: 'ok', finding, hint: 'Pages have a dark theme: brand.logoDark is the logo on it.' }];
    return [{ kind: 'ok', finding }];
  },
};
