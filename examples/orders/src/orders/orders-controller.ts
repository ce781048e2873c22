import { CurrentPrincipal, Permissions, type Principal } from '@sallyport/nestjs';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { PaymentsService, type PaymentStart } from '../payments/payments-service.ts';
import {
  newOrderSchema,
  orderPageSchema,
  orderPathSchema,
  type NewOrder,
  type OrderPage,
  type OrderPageRequest,
  type OrderPath,
  type ShownOrder,
} from './order.ts';
import { OrdersService } from './orders-service.ts';

@ApiTags('Orders')
@Controller('orders')
export class OrdersController {
  readonly #orders: OrdersService;
  readonly #payments: PaymentsService;

  constructor(@Inject(OrdersService) orders: OrdersService, @Inject(PaymentsService) payments: PaymentsService) {
    this.#orders = orders;
    this.#payments = payments;
  }

  @Get()
  @Permissions('order:read')
  list(
    @CurrentPrincipal() caller: Principal,
    @Query({ schema: orderPageSchema }) request: OrderPageRequest,
  ): Promise<OrderPage> {
    return this.#orders.list(caller, request);
  }

  @Get(':id')
  @Permissions('order:read')
  show(
    @CurrentPrincipal() caller: Principal,
    @Param({ schema: orderPathSchema }) { id }: OrderPath,
  ): Promise<ShownOrder> {
    return this.#orders.show(caller, id);
  }

  @Post()
  @Permissions('order:create')
  create(
    @Req() request: object,
    @CurrentPrincipal() caller: Principal,
    @Body({ schema: newOrderSchema }) { cartId }: NewOrder,
  ): Promise<ShownOrder> {
    return this.#orders.create(request, caller, cartId);
  }

  /** Where the buyer pays. Asked twice, it is the same payment. */
  @Post(':id/payment')
  @HttpCode(200)
  @Permissions('order:create')
  pay(
    @Req() request: object,
    @CurrentPrincipal() caller: Principal,
    @Param({ schema: orderPathSchema }) { id }: OrderPath,
  ): Promise<PaymentStart> {
    return this.#payments.start(request, caller, id);
  }

  @Post(':id/cancellation')
  @HttpCode(200)
  @Permissions({ any: ['order:create', 'order:cancel-any'] })
  cancel(
    @Req() request: object,
    @CurrentPrincipal() caller: Principal,
    @Param({ schema: orderPathSchema }) { id }: OrderPath,
  ): Promise<ShownOrder> {
    return this.#orders.cancel(request, caller, id);
  }
}
