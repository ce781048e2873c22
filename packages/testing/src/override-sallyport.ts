import type { TestIssuer } from './test-issuer.ts';

/** The builder of a testing module of Nest, before `compile()`. */
export interface OverridableModule {
  overrideProvider(token: unknown): { useValue(value: unknown): unknown };
}

/** The token of the options of `SallyportModule`: registered, so that ES modules and CommonJS have the same. */
const optionsToken = Symbol.for('@sallyport/nestjs:options');

/**
 * Lets an application under test trust this issuer and no other, without a gateway and without the network. Its guard,
 * its audit of handlers and all else of `SallyportModule` (or `SallyportPassportModule`) stay; where its options come from a
 * configuration, that is not read.
 *
 * @param options other options of `SallyportModule` that the test depends on, such as `policy`, `errors` and `requestUser`.
 * @returns the same builder.
 * @example
 * const issuer = createTestIssuer({ audience: 'orders', roles: { clerk: ['order:refund'] } });
 * const module = await overrideSallyport(Test.createTestingModule({ imports: [AppModule] }), issuer).compile();
 * const token = issuer.issueToken({ roles: ['clerk'] });
 */
export function overrideSallyport<Module extends OverridableModule>(
  builder: Module,
  issuer: TestIssuer,
  options: Readonly<Record<string, unknown>> = {},
): Module {
  builder.overrideProvider(optionsToken).useValue({
    ...options,
    issuer: issuer.issuer,
    audience: issuer.audience,
    keys: issuer.jwks(),
  });
  return builder;
}
