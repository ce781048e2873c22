import { Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';

/**
 * `AuthGuard('local')` under the name that tutorials give it: asks the strategy `local`, and lets its errors reach the
 * caller.
 *
 * @example
 * \@UseGuards(LocalAuthGuard)
 * \@HttpCode(200)
 * \@Post('auth/login')
 * login(@Req() request) {
 *   return request.user;
 * }
 */
@Injectable()
export class LocalAuthGuard extends AuthGuard('local') {}
