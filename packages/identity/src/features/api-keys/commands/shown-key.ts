import { exitCodes, UsageError } from '@sallyport/core';
import type { ApiKey } from '../api-key-table.ts';
import type { MadeApiKey } from '../api-keys.ts';
import { toShownApiKey } from '../shown-api-key.ts';
import type { ApiKeyCommandCall } from './api-key-command.ts';

/** What commands show of a key. */
export function toShownKey(key: ApiKey) {
  return { ...toShownApiKey(key, new Date()), owner: key.owner };
}

/** Writes a new secret, alone on the last line, so that a script can take it from there. */
export function reportMade(call: ApiKeyCommandCall, { key, secret }: MadeApiKey): void {
  if (!call.isJson)
    call.note(`${key.keyId}: the secret is shown this once. It works until ${key.expiresAt.toISOString()}.`);
  call.report({ key: toShownKey(key), secret }, secret);
}

/** Reads a whole number from an option. @throws UsageError */
export function readNumber(call: ApiKeyCommandCall, option: string): number | undefined {
  const text = call.value(option);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`--${option} must be a whole number.`, exitCodes.usage);
}
