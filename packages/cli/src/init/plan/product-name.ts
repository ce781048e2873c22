import { brandSchema } from '@sallyport/core';

/** What is wrong with the name of a product, by the rule of `brand.name`. */
export function problemOfProductName(name: string): string | undefined {
  const { success, error } = brandSchema.shape.name.safeParse(name);
  return success ? undefined : error.issues.map(({ message }) => `It ${message}.`).join(' ');
}
