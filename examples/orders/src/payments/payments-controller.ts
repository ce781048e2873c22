import { Accepts, CurrentPrincipal, SallyportError, ServiceOnly, type Principal } from '@sallyport/nestjs';
import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { paymentEventSchema, type PaymentEvent } from './payment-event.ts';
import { PaymentsService, type PaymentNote } from './payments-service.ts';

/** The route of the gateway that verifies signatures of the payment provider. */
const sender = 'webhook:payments';

/** Takes what the payment provider tells. The gateway has verified its signature, and that it was not delivered before. */
@ApiTags('Payments')
@Controller('webhooks/payments')
export class PaymentsController {
  readonly #payments: PaymentsService;

  constructor(@Inject(PaymentsService) payments: PaymentsService) {
    this.#payments = payments;
  }

  @Post()
  @HttpCode(200)
  @ServiceOnly()
  @Accepts('webhook')
  receive(
    @CurrentPrincipal() caller: Principal,
    @Body({ schema: paymentEventSchema }) event: PaymentEvent,
  ): Promise<PaymentNote> {
    // The sender of another webhook of this deployment tells of no payments.
    if (caller.id !== sender) throw new SallyportError('SP_FORBIDDEN', { reason: 'not-the-payment-provider' });
    return this.#payments.note(event);
  }
}
