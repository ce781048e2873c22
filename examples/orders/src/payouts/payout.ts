import * as z from 'zod';

/** Where a vendor is paid. */
export const newPayoutSchema = z.strictObject({
  accountHolder: z.string().trim().min(1).max(70),
  iban: z
    .string()
    .max(50)
    .transform((text) => text.replaceAll(/\s/g, '').toUpperCase())
    .refine(isIban, 'This is no IBAN: check it for a digit that is wrong'),
});

export const payoutSchema = z
  .strictObject({
    vendorId: z.string().min(1),
    accountHolder: z.string(),
    iban: z.string(),
    updatedAt: z.iso.datetime(),
  })
  .readonly();

export type NewPayout = z.infer<typeof newPayoutSchema>;
export type Payout = z.infer<typeof payoutSchema>;

/** What is shown of it: enough to recognize an account, too little to use it. */
export interface ShownPayout {
  readonly accountHolder: string;
  /** Country and last four characters. */
  readonly ibanHint: string;
  readonly updatedAt: string;
}

export function toShownPayout({ accountHolder, iban, updatedAt }: Payout): ShownPayout {
  return { accountHolder, ibanHint: `${iban.slice(0, 2)} … ${iban.slice(-4)}`, updatedAt };
}

/** ISO 13616: the check digits make the number, with letters as 10 to 35, one more than a multiple of 97. */
function isIban(text: string): boolean {
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(text)) return false;
  const digits = [...text.slice(4), ...text.slice(0, 4)].map((character) => Number.parseInt(character, 36)).join('');
  return [...digits].reduce((rest, digit) => (rest * 10 + Number(digit)) % 97, 0) === 1;
}
