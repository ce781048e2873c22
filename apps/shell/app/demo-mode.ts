import 'server-only';

/** What the pages say only where the gateway runs with demo accounts and a mailbox. */
export interface DemoMode {
  readonly mailboxUrl?: string;
}

/** Reads whether this is the demo: `SALLYPORT_DEMO=1`, and where its mailbox is. */
export function demoMode(): DemoMode | undefined {
  if (process.env['SALLYPORT_DEMO'] !== '1') return undefined;
  const mailboxUrl = process.env['SALLYPORT_MAILBOX_URL'];
  return mailboxUrl === undefined || mailboxUrl === '' ? {} : { mailboxUrl };
}
