import { isIP } from 'node:net';
import * as z from 'zod';

/** A port; 0 picks a free one. */
export const portSchema = z.number().int().min(0).max(65_535);

/** An address on which a listener binds. */
export const bindAddressSchema = z
  .string()
  .refine(
    (host) => isIP(host) !== 0 || /^[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/.test(host),
    'must be an address such as "127.0.0.1" or "::", or the name of this host, without a port',
  );
