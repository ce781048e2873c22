import * as z from 'zod';

/** One line of visible ASCII characters: nothing that is configured can begin another field. */
const uriOf = (protocol: RegExp, problem: string) =>
  z
    .string()
    .max(2000)
    .refine((text) => /^[\x21-\x7e]+$/.test(text) && protocol.test(text) && URL.canParse(text), problem);

const page = uriOf(/^https:\/\//, 'must be an https address');

/**
 * The section `securityTxt` of the configuration: what `/.well-known/security.txt` says.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9116 RFC 9116}
 */
export const securityTxtSchema = z.strictObject({
  contact: z
    .array(uriOf(/^(?:https:\/\/|mailto:|tel:)/, 'must be an https, mailto: or tel: address'))
    .min(1)
    .max(10)
    .describe('Where weaknesses are reported, the preferred way first'),
  policy: page.optional().describe('Page that says how reports are handled'),
  encryption: page.optional().describe('Page with the key that reports are encrypted with'),
  acknowledgments: page.optional().describe('Page that thanks those who reported'),
  hiring: page.optional().describe('Page with positions in security'),
  languages: z
    .array(z.string().regex(/^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/, 'must be a language such as "en"'))
    .max(20)
    .default([])
    .describe('Languages that reports may be written in, such as en; any by default'),
  validDays: z
    .number()
    .int()
    .min(1)
    .max(365)
    .default(180)
    .describe('How long a reader may rely on it: the field Expires, counted from the day on which it is asked for'),
});

/** The section after its defaults were filled in. */
export type SecurityTxt = z.output<typeof securityTxtSchema>;
