import { SallyportError, SallyportServices, type FieldError } from '@sallyport/nestjs';
import { Inject, Injectable } from '@nestjs/common';
import * as z from 'zod';
import type { CartLine } from '../carts/cart.ts';

/** Injects the path of the service of products at the gateway. */
export const PRODUCTS_PATH = Symbol('orders:products-path');

const productsSchema = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      priceCents: z.int(),
      currency: z.string(),
      stock: z.int(),
      status: z.string(),
    }),
  ),
});

const holdSchema = z.object({
  id: z.string(),
  lines: z.array(
    z.object({
      productId: z.string(),
      name: z.string(),
      ownerId: z.string(),
      quantity: z.int().min(1),
      priceCents: z.int().min(0),
      currency: z.enum(['EUR', 'USD', 'GBP']),
    }),
  ),
});

const problemSchema = z.object({
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});

const confirmationSchema = z.object({ isKept: z.boolean() });

/** A product as it is sold at this moment. */
export type SoldProduct = z.infer<typeof productsSchema>['items'][number];

/** What the service of products holds for an order. */
export type ProductsHold = z.infer<typeof holdSchema>;

/**
 * Asks the service of products for the user of a request: it answers what that user may see, and says at which price it
 * sells. Nothing of it is remembered here.
 */
@Injectable()
export class ProductsClient {
  readonly #services: SallyportServices;
  readonly #path: string;

  constructor(@Inject(SallyportServices) services: SallyportServices, @Inject(PRODUCTS_PATH) path: string) {
    this.#services = services;
    this.#path = path;
  }

  /** Those of these products that the user may see. */
  async list(request: object, ids: readonly string[]): Promise<readonly SoldProduct[]> {
    if (ids.length === 0) return [];
    const answer = await this.#services.call(`${this.#path}/products?pageSize=100&ids=${ids.join(',')}`, request);
    await requireOk(answer);
    return read(answer, productsSchema).then(({ items }) => items);
  }

  /**
   * Takes stock for an order, once for each id. Rejects with `SP_VALIDATION_FAILED` that names the product of which too
   * little is left.
   */
  async hold(request: object, id: string, lines: readonly CartLine[]): Promise<ProductsHold> {
    const json = { id, lines };
    const answer = await this.#services.call(`${this.#path}/holds`, request, { method: 'POST', json });
    await requireOk(answer);
    return read(answer, holdSchema);
  }

  /** Says that the order was written; `false` where its stock came back before, and may be sold to another buyer. */
  async keep(request: object, id: string): Promise<boolean> {
    const answer = await this.#services.call(`${this.#path}/holds/${id}/confirmation`, request, { method: 'POST' });
    await requireOk(answer);
    return (await read(answer, confirmationSchema)).isKept;
  }

  /** Gives back what an order held, once however often it is asked. */
  async release(request: object, id: string): Promise<void> {
    await requireOk(await this.#services.call(`${this.#path}/holds/${id}`, request, { method: 'DELETE' }));
  }
}

/** What products refuses its user is refused here as well; that it does not answer is no refusal. */
async function requireOk(answer: Response): Promise<void> {
  if (answer.ok) return;
  const reason = `products-answered-${answer.status}`;
  switch (answer.status) {
    case 401:
      throw new SallyportError('SP_UNAUTHENTICATED', { reason });
    case 403:
      throw new SallyportError('SP_FORBIDDEN', { reason });
    case 404:
      throw new SallyportError('SP_NOT_FOUND', { reason });
    case 409:
      throw new SallyportError('SP_CONFLICT', { reason });
    case 422:
      throw new SallyportError('SP_VALIDATION_FAILED', { reason, errors: await errorsOf(answer) });
    case 503:
      throw new SallyportError('SP_STORE_UNAVAILABLE', { reason });
    default:
      throw new SallyportError('SP_UPSTREAM_UNAVAILABLE', { reason });
  }
}

async function errorsOf(answer: Response): Promise<readonly FieldError[]> {
  const problem = problemSchema.safeParse(await answer.json().catch(() => undefined));
  return problem.data?.errors ?? [];
}

async function read<Schema extends z.ZodType>(answer: Response, schema: Schema): Promise<z.infer<Schema>> {
  const parsed = schema.safeParse(await answer.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new SallyportError('SP_UPSTREAM_UNAVAILABLE', { cause: parsed.error, reason: 'products-answered-oddly' });
}
