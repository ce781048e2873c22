/** What looks like an address, a link or a number to call: signs of URLs, what stands around a dot, and long numbers. */
const leadsElsewhere =
  /[@/\\:[\]|]|\b(?:www|https?|ftp|mailto|tel)\b|[\p{L}\p{N}\s][.\u3002\uff0e\uff61]\p{L}{2,}|\s[.\u3002\uff0e\uff61]\s?\p{L}{2,}|(?:\p{N}[\s()+.-]*){6,}/iu;

/** Whether a name can stand in a mail of ours: it is of its author, and reads like no address, link or number to call. */
export function isHarmlessName(name: string): boolean {
  return !leadsElsewhere.test(name.normalize('NFKC'));
}

/**
 * How a mail addresses the owner of an account. A name that leads anywhere is left out: it stands in a mail of ours, and its
 * author may have chosen it for the reader (`Win at evil.example`).
 */
export function greetingOf({
  name,
  emailVerified,
}: {
  readonly name: string;
  readonly emailVerified: boolean;
}): string {
  return emailVerified && isHarmlessName(name) ? `Hello ${name},` : 'Hello,';
}
