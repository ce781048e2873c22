import { ProblemError, type ProblemField } from '@sallyport/nextjs/client';

/** What the form says of a product, as the shop wants it. */
export interface DescribedProduct {
  readonly name: string;
  readonly description: string;
  readonly priceCents: number;
  readonly stock: number;
  readonly status: 'draft' | 'published';
}

/**
 * Reads the form. The shop checks again; here it is done for the words, and because an empty field is not zero.
 *
 * @throws ProblemError that names the fields.
 */
export function readProductForm(values: FormData): DescribedProduct {
  const name = textOf(values, 'name');
  const price = numberOf(textOf(values, 'priceCents'));
  const stock = numberOf(textOf(values, 'stock'));
  const errors: readonly ProblemField[] = [
    ...(name === '' ? [{ field: 'name', message: 'Give it a name.' }] : []),
    ...(price >= 0 ? [] : [{ field: 'priceCents', message: 'Enter a price, such as 12.50.' }]),
    ...(Number.isInteger(stock) && stock >= 0 ? [] : [{ field: 'stock', message: 'Enter how many there are.' }]),
  ];
  if (errors.length > 0) {
    throw new ProblemError({ code: 'SP_VALIDATION_FAILED', status: 422, title: 'Some fields are not valid', errors });
  }
  const status = values.get('isPublished') === null ? 'draft' : 'published';
  return { name, description: textOf(values, 'description'), priceCents: Math.round(price * 100), stock, status };
}

function textOf(values: FormData, field: string): string {
  const value = values.get(field);
  return typeof value === 'string' ? value.trim() : '';
}

function numberOf(text: string): number {
  return text === '' ? Number.NaN : Number(text);
}
