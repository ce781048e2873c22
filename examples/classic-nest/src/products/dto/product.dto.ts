import type { ProductDocument } from '../schemas/product.schema.ts';

/** What callers see of a product. */
export interface ProductDto {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly price: number;
  readonly ownerId: string;
}

export function toProductDto({ id, name, description, price, ownerId }: ProductDocument): ProductDto {
  return { id, name, description, price, ownerId };
}
