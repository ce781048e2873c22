import type { Principal, TokenVerifier } from '@sallyport/core';
import { Inject, Injectable, type Type } from '@nestjs/common';
import { TOKEN_VERIFIER } from '../injection-tokens.ts';
import { JwtStrategy } from './jwt-strategy.ts';

/**
 * Builds the strategy `jwt` for an application that has a table of users: it finds the user of the table by the address
 * that the gateway proved, and what `find` resolves to becomes `request.user`. No user, and a caller without an address (a
 * machine, or a route without `profile: true`), is 401.
 *
 * The table has to hold addresses that were proved: a visitor who registered the address of another person would be that
 * person here.
 *
 * @param service the provider that is asked.
 * @param find takes the provider and the address.
 *
 * @example
 * export const GatewayStrategy = createUserByEmailStrategy(UsersService, async (users, email) => {
 *   const user = await users.findByEmail(email);
 *   return user === null ? null : { userId: user.id, role: user.role };
 * });
 */
export function createUserByEmailStrategy<Service>(
  service: Type<Service>,
  find: (service: Service, email: string) => unknown,
): Type<JwtStrategy> {
  @Injectable()
  class UserByEmailStrategy extends JwtStrategy {
    readonly #service: Service;

    constructor(@Inject(TOKEN_VERIFIER) verifier: TokenVerifier, @Inject(service) injected: Service) {
      super(verifier);
      this.#service = injected;
    }

    override validate(caller: Principal): unknown {
      const email = caller.kind === 'user' ? caller.profile?.email : undefined;
      return email === undefined ? null : find(this.#service, email);
    }
  }
  return UserByEmailStrategy;
}
