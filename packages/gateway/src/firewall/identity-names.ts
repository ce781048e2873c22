/** What a service may believe of its caller. */
const meaning =
  '(?:super)?user|account|member(?:ship)?|permission|privilege|entitlement|role|scope|group|jwt|claim|principal|identit(?:y|ie)|subject|admin|authorit(?:y|ie)|login';

/** What names a detail of it. */
const detail = 'id|uid|uuid|guid|name|mail|email|info|data|number|list|context|header|value|string|dn|base64|b64';

/** What servers glue to it, so that no separator stands between. */
const glued = 'x|is|app|auth|authenticated|current|internal|gateway|proxy|real|effective';

const identityName = new RegExp(
  `(?:^|[^a-z0-9])(?:${glued})*(?:${meaning})s?(?:[^a-z0-9]*(?:${detail})s?)*[^a-z0-9]*$`,
);

/**
 * Says by its meaning, in any spelling, whether a header tells who is calling or what they may do: it ends in a word for
 * that (`X-Permissions`, `x_account.id`, `XUserId`). A list of such names would never be whole. What goes on behind the
 * word means something else (`User-Agent`, `X-Group-By`), and what browsers alone can send says nothing of a caller.
 *
 * @param name in lower case.
 */
export function isIdentityName(name: string): boolean {
  return identityName.test(name) && !name.startsWith('sec-');
}
