import { SallyportError } from '@sallyport/core';
import { HttpException } from '@nestjs/common';
import passport from 'passport';
import { toHttpException } from '../errors/sallyport-http-exception.ts';
import {
  createSignInEndpoint,
  type LocalStrategyOptions,
  type SignedInTokens,
  type SignInEndpoint,
} from './sign-in-endpoint.ts';

/**
 * The strategy `local` of Passport, which lets Sallyport check the password: rules, limits, lock-outs and second factors are
 * those of every other sign-in. `AuthGuard('local')` asks it, and what `validate` returns becomes `request.user`: access and
 * refresh token, unless a class of the application says otherwise.
 *
 * A wrong password is 401. Where a second factor is due, the answer of the gateway reaches the caller (401, `mfa_required`).
 * Limits on guessing count this service as one client.
 *
 * @example
 * \@Module({
 *   providers: [{ provide: LocalStrategy, useFactory: () => new LocalStrategy({ publicUrl: 'https://app.example.com' }) }],
 * })
 */
export class LocalStrategy {
  readonly #signIn: SignInEndpoint;
  readonly #fields: { readonly username: string; readonly password: string };

  /** @throws OptionsError for an address to which no password may be sent. */
  constructor(options: LocalStrategyOptions) {
    const { usernameField = 'username', passwordField = 'password' } = options;
    this.#signIn = createSignInEndpoint(options);
    this.#fields = { username: usernameField, password: passwordField };
    const identify = (request: PassportRequest): Promise<unknown> => this.#identify(request);
    passport.use('local', {
      authenticate(request: PassportRequest) {
        identify(request).then(
          (user) => {
            if (user === undefined || user === null || user === false) this.fail(wrongCredentials(), 401);
            // What the strategy of the application made of the tokens.
            else this.success(user);
          },
          (error: unknown) => this.error(error),
        );
      },
    });
  }

  /** Makes of the tokens what handlers find in `request.user`. `false` or `null` refuses the caller with 401. */
  validate(tokens: SignedInTokens): unknown {
    return tokens;
  }

  async #identify({ body }: PassportRequest): Promise<unknown> {
    const [email, password] = [memberOf(body, this.#fields.username), memberOf(body, this.#fields.password)];
    if (email === undefined || password === undefined) throw wrongCredentials();
    const outcome = await this.#signIn(email, password);
    if (outcome.kind === 'signed-in') return this.validate(outcome.tokens);
    if (outcome.kind === 'second-factor') throw new HttpException(outcome.body, 401);
    throw toHttpException(outcome.error);
  }
}

interface PassportRequest {
  readonly body?: unknown;
}

function memberOf(body: unknown, name: string): string | undefined {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return undefined;
  const value: unknown = Reflect.get(body, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function wrongCredentials(): HttpException {
  return toHttpException(new SallyportError('SP_CREDENTIALS_INVALID'));
}
