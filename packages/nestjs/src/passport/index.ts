export { JwtAuthGuard } from './jwt-auth-guard.ts';
export { JwtStrategy } from './jwt-strategy.ts';
export { LocalAuthGuard } from './local-auth-guard.ts';
export { LocalStrategy } from './local-strategy.ts';
export { createRolesGuard, RolesGuard } from './roles-guard.ts';
export { SallyportPassportModule, type SallyportPassportOptions } from './sallyport-passport-module.ts';
export type { LocalStrategyOptions, SignedInTokens } from './sign-in-endpoint.ts';
export { createUserByEmailStrategy } from './user-by-email-strategy.ts';
