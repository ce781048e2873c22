import * as z from 'zod';
import { proxyNetworkSchema } from '../firewall/proxy-network.ts';

/** Who may send auth subrequests, and whose word on the original request is believed. */
export const forwardAuthOptionsSchema = z.strictObject({
  proxies: z
    .array(proxyNetworkSchema)
    .min(1)
    .readonly()
    .describe('Addresses or networks of the proxies that may ask; others are refused'),
});

/** The proxies as they are written in options. */
export type ForwardAuthOptions = z.input<typeof forwardAuthOptionsSchema>;
