import 'server-only';
import { cache } from 'react';
import { loadFromService } from '../load-from-service.ts';
import type { ProductOrder, ProductPage } from './product.ts';

/** Products on one page. */
export const pageSize = 8;

const sorts: Readonly<Record<ProductOrder, string>> = { name: 'name', newest: '-createdAt' };

/**
 * Asks the shop for a page of products, as the person who is signed in: once for each request, however many parts of the
 * page ask.
 */
export const loadProducts = cache(async (page: number, order: ProductOrder, isOwn: boolean) =>
  loadFromService<ProductPage>(
    `/api/shop/products?page=${page}&pageSize=${pageSize}&sort=${sorts[order]}&of=${isOwn ? 'me' : 'all'}`,
  ),
);
