export { createClient, type Client } from './client.ts';
export type { ClientOptions } from './client-options.ts';
export { ClientError, type ClientErrorCode, type ClientErrorDetails } from './client-error.ts';
export type { PasswordSignInOptions, SecondFactorOptions, SecondFactorStep, SignInOutcome } from './sign-in.ts';
export type { SignInChange, SignInState } from './sign-in-status.ts';
export type { SecondFactorMethod } from './token-endpoint.ts';
export { createBrowserStorage, type BrowserStorageOptions } from './storage/browser-storage.ts';
export { createMemoryStorage } from './storage/memory-storage.ts';
export type { TabChannel, TabMessage, TokenStorage } from './storage/token-storage.ts';
