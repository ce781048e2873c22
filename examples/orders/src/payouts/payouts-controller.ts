import { CurrentPrincipal, Permissions, SallyportAccess, StepUp, type Principal } from '@sallyport/nestjs';
import { Body, Controller, Get, Inject, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ORDERS_STORE, type OrdersStore } from '../orders-store.ts';
import { newPayoutSchema, toShownPayout, type NewPayout, type ShownPayout } from './payout.ts';

/** Where a vendor is paid: their own data alone, for every caller. */
@ApiTags('Payout')
@Controller('payout')
@Permissions('payout:update')
export class PayoutsController {
  readonly #store: OrdersStore;
  readonly #access: SallyportAccess;

  constructor(@Inject(ORDERS_STORE) store: OrdersStore, @Inject(SallyportAccess) access: SallyportAccess) {
    this.#store = store;
    this.#access = access;
  }

  @Get()
  async show(@CurrentPrincipal() { id }: Principal): Promise<{ readonly payout: ShownPayout | null }> {
    const payout = await this.#store.findPayout(id);
    return { payout: payout === undefined ? null : toShownPayout(payout) };
  }

  /** A session that was left open, or stolen, sends no money elsewhere: its user proves who they are once more. */
  @Put()
  @StepUp({ maxAgeSeconds: 300 })
  async change(
    @CurrentPrincipal() caller: Principal,
    @Body({ schema: newPayoutSchema }) { accountHolder, iban }: NewPayout,
  ): Promise<{ readonly payout: ShownPayout }> {
    const payout = { vendorId: caller.id, accountHolder, iban, updatedAt: new Date().toISOString() };
    this.#access.assertWrite(caller, 'update', 'Payout', (await this.#store.findPayout(caller.id)) ?? payout, payout);
    await this.#store.putPayout(payout);
    return { payout: toShownPayout(payout) };
  }
}
