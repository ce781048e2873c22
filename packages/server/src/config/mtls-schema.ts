import { machineOptionsSchema } from '@sallyport/gateway';
import * as z from 'zod';
import { bindAddressSchema, portSchema } from './address-schemas.ts';

const file = z.string().min(1);

/** The listener for machines, which present certificates. */
export const mtlsSchema = z
  .strictObject({
    listen: z
      .strictObject({
        host: bindAddressSchema.default('127.0.0.1').describe('Address on which the listener for machines binds'),
        port: portSchema.describe('Its port; never that of browsers'),
      })
      .describe('Where machines connect'),
    ...machineOptionsSchema.shape,
    cert: file.optional().describe('PEM file of its certificate chain; absent means the one of tls'),
    key: file.optional().describe('PEM file of the private key to it'),
    ca: file.describe(
      'PEM file of the authorities whose certificates count: roots, and those between them and machines. Read again when it changes, as the other files',
    ),
    crl: file
      .optional()
      .describe(
        'PEM file of the lists of revoked certificates, one of each authority in ca; after the end of a list none of its certificates counts. Absent means that none is ever revoked',
      ),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), 'needs cert and key together')
  .optional()
  .describe(
    'Mutual TLS for machines, on a listener of its own: routes open it by credentials: ["mtls"], and service accounts have the names of certificates. Absent means that no certificate is asked for',
  );
