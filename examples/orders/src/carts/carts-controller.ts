import { CurrentPrincipal, Permissions, type Principal } from '@sallyport/nestjs';
import { Body, Controller, Delete, Get, Inject, Param, Put, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { cartItemPathSchema, cartItemSchema, type CartItem, type CartItemPath, type ShownCart } from './cart.ts';
import { CartsService } from './carts-service.ts';

@ApiTags('Cart')
@Controller('cart')
@Permissions('order:create')
export class CartsController {
  readonly #carts: CartsService;

  constructor(@Inject(CartsService) carts: CartsService) {
    this.#carts = carts;
  }

  @Get()
  show(@Req() request: object, @CurrentPrincipal() caller: Principal): Promise<ShownCart> {
    return this.#carts.show(request, caller);
  }

  @Put('items/:productId')
  put(
    @Req() request: object,
    @CurrentPrincipal() caller: Principal,
    @Param({ schema: cartItemPathSchema }) { productId }: CartItemPath,
    @Body({ schema: cartItemSchema }) { quantity }: CartItem,
  ): Promise<ShownCart> {
    return this.#carts.put(request, caller, { productId, quantity });
  }

  @Delete('items/:productId')
  remove(
    @Req() request: object,
    @CurrentPrincipal() caller: Principal,
    @Param({ schema: cartItemPathSchema }) { productId }: CartItemPath,
  ): Promise<ShownCart> {
    return this.#carts.remove(request, caller, productId);
  }
}
