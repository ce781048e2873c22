import { CurrentPrincipal, Permissions, type Principal } from '@sallyport/nestjs';
import { Body, Controller, Delete, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  holdPathSchema,
  newHoldSchema,
  type Hold,
  type HoldConfirmation,
  type HoldPath,
  type NewHold,
} from './hold.ts';
import { HoldsService } from './holds-service.ts';

/** What the service of orders asks for the user who buys. */
@ApiTags('Holds')
@Controller('holds')
export class HoldsController {
  readonly #holds: HoldsService;

  constructor(@Inject(HoldsService) holds: HoldsService) {
    this.#holds = holds;
  }

  @Post()
  @Permissions('product:read')
  take(@CurrentPrincipal() caller: Principal, @Body({ schema: newHoldSchema }) body: NewHold): Promise<Hold> {
    return this.#holds.take(caller, body);
  }

  @Post(':id/confirmation')
  @HttpCode(200)
  @Permissions('product:read')
  confirm(
    @CurrentPrincipal() caller: Principal,
    @Param({ schema: holdPathSchema }) { id }: HoldPath,
  ): Promise<HoldConfirmation> {
    return this.#holds.confirm(caller, id);
  }

  @Delete(':id')
  @HttpCode(204)
  @Permissions('product:read')
  release(@CurrentPrincipal() caller: Principal, @Param({ schema: holdPathSchema }) { id }: HoldPath): Promise<void> {
    return this.#holds.release(caller, id);
  }
}
