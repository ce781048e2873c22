import 'server-only';
import { fetchApi, readProblem, SallyportError, type ProblemError } from '@sallyport/nextjs/server';
import { cache } from 'react';
import type { ProductOrder, ProductPage } from './product.ts';

/** The page of products, or why the shop did not give it. */
export type LoadedProducts =
  | { readonly kind: 'loaded'; readonly page: ProductPage }
  | { readonly kind: 'unavailable'; readonly title: string; readonly requestId?: string };

/** Products on one page. */
export const pageSize = 8;

const sorts: Readonly<Record<ProductOrder, string>> = { name: 'name', newest: '-createdAt' };

/**
 * Asks the shop for a page of products, as the person who is signed in: once for each request, however many parts of the page ask.
 *
 * @throws ProblemError when the shop refuses: that is no outage, and not for this page to explain.
 */
export const loadProducts = cache(async (page: number, order: ProductOrder): Promise<LoadedProducts> => {
  let response: Response;
  try {
    response = await fetchApi(`/api/shop/products?page=${page}&pageSize=${pageSize}&sort=${sorts[order]}`);
  } catch (error) {
    if (error instanceof SallyportError && error.status >= 502)
      return { kind: 'unavailable', title: 'The shop does not answer' };
    throw error;
  }
  // The shop is a service of ours: its contract is `ProductPage`.
  if (response.ok) return { kind: 'loaded', page: (await response.json()) as ProductPage };
  const problem = await readProblem(response);
  if (problem.status < 502) throw problem;
  return toUnavailable(problem);
});

function toUnavailable({ title, requestId }: ProblemError): LoadedProducts {
  return { kind: 'unavailable', title, ...(requestId === undefined ? {} : { requestId }) };
}
