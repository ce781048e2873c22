import { isLoopbackHost } from '@sallyport/core';
import * as z from 'zod';

const headerName = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the name of a header');
const headerValue = z.string().regex(/^[\t\x20-\x7e]{0,4096}$/, 'must be the value of a header, in ASCII');

/** The members that only make sense for an address. */
const membersOfAddress = ['headers', 'tokenFile', 'tokenHeader', 'caFile'] as const;

const sourceSchema = z
  .strictObject({
    command: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('Program and arguments, run without a shell; it prints a JSON object of names and values'),
    url: z
      .string()
      .optional()
      .describe('Address that answers GET with such an object: https, or http on this machine; instead of command'),
    headers: z
      .record(headerName, headerValue)
      .optional()
      .describe('Sent to url; nothing that is secret, for which there is tokenFile'),
    tokenFile: z
      .string()
      .min(1)
      .optional()
      .describe('File with the token that is sent to url; read each time, so that it may be renewed'),
    tokenHeader: headerName
      .optional()
      .describe('Header that carries the token alone, such as X-Vault-Token; by default it is a bearer token'),
    caFile: z
      .string()
      .min(1)
      .optional()
      .describe('PEM file of the authorities that sign the certificate of url, where the usual ones do not'),
    at: z
      .string()
      .regex(/^[^.\s]+(?:\.[^.\s]+)*$/, 'must be names with dots between')
      .optional()
      .describe('Where in the answer the object stands, such as data.data; at the top by default'),
    timeoutSeconds: z.number().int().min(1).max(60).default(10).describe('How long command or url may take'),
  })
  .superRefine((source, context) => {
    const refuse = (member: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [member], message });
    if ((source.command === undefined) === (source.url === undefined))
      refuse('command', 'and url are two ways to ask: set one of them');
    if (source.url !== undefined) for (const message of problemsOfAddress(source.url)) refuse('url', message);
    if (source.url === undefined)
      for (const member of membersOfAddress)
        if (source[member] !== undefined) refuse(member, 'is for url, and has no effect with command');
    if (source.tokenHeader !== undefined && source.tokenFile === undefined)
      refuse('tokenHeader', 'has no effect without tokenFile');
  });

/** The section `secrets`. */
export const secretsSchema = z
  .strictObject({
    from: sourceSchema
      .optional()
      .describe('Where secrets come from that are neither in the environment nor in mounted files'),
    refreshSeconds: z
      .number()
      .int()
      .max(86_400)
      .refine((seconds) => seconds === 0 || seconds >= 10, 'must be 0, or 10 or more')
      .default(300)
      .describe('How often secrets of this source and of files are read again; 0: by reload alone'),
  })
  .prefault({})
  .describe('Secrets of a command or an address, and how secrets are renewed');

/** A command or an address that secrets are asked of. */
export type SecretSource = z.output<typeof sourceSchema>;

function problemsOfAddress(address: string): readonly string[] {
  if (!URL.canParse(address)) return ['is not a URL'];
  const { protocol, hostname, username, password } = new URL(address);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname));
  return [
    ...(isSafe ? [] : ['must be https, or http on this machine: secrets are never sent in clear']),
    ...(username === '' && password === '' ? [] : ['must hold no credentials: use tokenFile']),
  ];
}
