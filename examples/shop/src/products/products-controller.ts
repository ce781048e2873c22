import {
  AccessConditions,
  CheckPolicies,
  CurrentPrincipal,
  loadFrom,
  Permissions,
  type Principal,
} from '@sallyport/nestjs';
import type { AccessFilter } from '@sallyport/policy';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Query,
  Sse,
  type MessageEvent,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { map, startWith, type Observable } from 'rxjs';
import {
  newProductSchema,
  productChangeSchema,
  productPageSchema,
  productPathSchema,
  type NewProduct,
  type Product,
  type ProductChange,
  type ProductPage,
  type ProductPageRequest,
  type ProductPath,
} from './product.ts';
import { PRODUCT_STORE, type ProductStore } from './product-store.ts';
import { ProductsService } from './products-service.ts';

/** The product of the path, as it is kept: the policy judges it before the handler runs. */
const load = loadFrom(PRODUCT_STORE, (products: ProductStore, call) => products.find(call.text('id')));

@ApiTags('Products')
@Controller('products')
export class ProductsController {
  readonly #products: ProductsService;

  constructor(@Inject(ProductsService) products: ProductsService) {
    this.#products = products;
  }

  @Get()
  @Permissions('product:read')
  list(
    @CurrentPrincipal() caller: Principal,
    @AccessConditions('read', 'Product') readable: AccessFilter,
    @Query({ schema: productPageSchema }) request: ProductPageRequest,
  ): Promise<ProductPage> {
    return this.#products.list(caller, readable, request);
  }

  /**
   * Says which of the products that the caller may see changed, for as long as the gateway lets it: it ends the stream with
   * the session, and when the permission that the route demands is gone. The first event says that the stream is open.
   */
  @Sse('events')
  @Permissions('product:read')
  events(@CurrentPrincipal() caller: Principal): Observable<MessageEvent> {
    return this.#products.changedFor(caller).pipe(
      map((id): MessageEvent => ({ type: 'changed', data: { id } })),
      startWith<MessageEvent>({ type: 'open', data: {} }),
    );
  }

  @Get(':id')
  @Permissions('product:read')
  find(
    @CurrentPrincipal() caller: Principal,
    @Param({ schema: productPathSchema }) { id }: ProductPath,
  ): Promise<Product> {
    return this.#products.find(caller, id);
  }

  @Post()
  @Permissions('product:create')
  create(
    @CurrentPrincipal() caller: Principal,
    @Body({ schema: newProductSchema }) body: NewProduct,
  ): Promise<Product> {
    return this.#products.create(caller, body);
  }

  @Patch(':id')
  @Permissions('product:update')
  update(
    @CurrentPrincipal() caller: Principal,
    @Param({ schema: productPathSchema }) { id }: ProductPath,
    @Body({ schema: productChangeSchema }) body: ProductChange,
  ): Promise<Product> {
    return this.#products.update(caller, id, body);
  }

  @Delete(':id')
  @HttpCode(204)
  @Permissions('product:delete')
  @CheckPolicies('delete', 'Product', { load })
  remove(@Param({ schema: productPathSchema }) { id }: ProductPath): Promise<void> {
    return this.#products.remove(id);
  }
}
