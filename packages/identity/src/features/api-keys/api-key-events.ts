import type { SecurityEvent } from '@sallyport/core';
import * as z from 'zod';

const keyId = z.string();
const scopes = z.array(z.string());
const roles = z.array(z.string());

/** Security events of API keys and service accounts. `target` is the user or service account that owns the key. */
export const apiKeyEvents = {
  'api-key.created': z
    .strictObject({ keyId, scopes, expiresAt: z.string() })
    .describe('An API key was made for its owner'),
  'api-key.rotated': z
    .strictObject({ keyId, overlapSeconds: z.number().int() })
    .describe('An API key got a new secret; the old one works for so many seconds more'),
  'api-key.revoked': z.strictObject({ keyId }).describe('An API key was revoked'),
  'service-account.created': z
    .strictObject({ name: z.string(), roles, certificate: z.string().optional() })
    .describe('An operator made an account for a program'),
  'service-account.roles-changed': z
    .strictObject({ name: z.string(), from: roles, to: roles })
    .describe('The roles of a service account were replaced'),
  'service-account.certificate-changed': z
    .strictObject({ name: z.string(), from: z.string().optional(), to: z.string().optional() })
    .describe('A service account was given the name of another certificate, or of none'),
  'service-account.disabled': z
    .strictObject({ name: z.string() })
    .describe('A service account was disabled: neither its API keys nor its certificate work'),
  'service-account.enabled': z.strictObject({ name: z.string() }).describe('A service account was enabled again'),
} as const;

/** An event of the catalog. */
export type ApiKeyEvent = SecurityEvent<typeof apiKeyEvents>;
