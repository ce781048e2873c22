import { publicOriginSchema } from '@sallyport/core';
import * as z from 'zod';
import { proxyNetworkSchema } from '../firewall/proxy-network.ts';

/** What the listener for machines goes by beside its files and its address. */
export const machineOptionsSchema = z.strictObject({
  publicUrl: publicOriginSchema
    .refine((url) => url.startsWith('https:'), 'must begin with https:')
    .optional()
    .describe(
      'Origin that machines call; absent means the host of publicUrl with the port of this listener. Its host is served here alone',
    ),
  behindProxy: z
    .strictObject({
      proxies: z
        .array(proxyNetworkSchema)
        .min(1)
        .readonly()
        .describe('Addresses or networks of the proxies whose Client-Cert (RFC 9440) is believed; others are not'),
    })
    .optional()
    .describe(
      'Proxies that take the certificate of the machine themselves and pass it on in Client-Cert; it is verified here once more. Absent means that machines connect to this listener',
    ),
});

/** The same as it is written in options. */
export type MachineOptions = z.input<typeof machineOptionsSchema>;
