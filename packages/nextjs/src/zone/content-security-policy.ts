export interface ContentSecurityPolicyOptions {
  /** What the scripts of this one answer carry. */
  readonly nonce: string;
  /** Development servers evaluate strings and inject styles. @default false */
  readonly isDevelopment?: boolean;
  /** More sources, by directive, such as `{ 'img-src': ['https://images.example.com'] }`. */
  readonly allow?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Writes the policy of a page: scripts only with the nonce of this answer and what they load themselves, nothing from other
 * origins, no frames in or around it, forms only to this origin.
 *
 * Style attributes are allowed, because React and `next/image` write them; style elements and sheets are not, beyond ours.
 */
export function contentSecurityPolicy(options: ContentSecurityPolicyOptions): string {
  const { nonce, isDevelopment = false, allow = {} } = options;
  const directives: Record<string, readonly string[]> = {
    'default-src': ["'self'"],
    'script-src': ["'self'", `'nonce-${nonce}'`, "'strict-dynamic'", ...(isDevelopment ? ["'unsafe-eval'"] : [])],
    // A nonce would switch 'unsafe-inline' off again, and the development overlay has no nonce.
    'style-src': ["'self'", isDevelopment ? "'unsafe-inline'" : `'nonce-${nonce}'`],
    'style-src-attr': ["'unsafe-inline'"],
    'img-src': ["'self'", 'data:', 'blob:'],
    'font-src': ["'self'"],
    'connect-src': ["'self'", ...(isDevelopment ? ['ws:', 'wss:'] : [])],
    'object-src': ["'none'"],
    'base-uri': ["'none'"],
    'form-action': ["'self'"],
    'frame-src': ["'none'"],
    'frame-ancestors': ["'none'"],
  };
  const names = new Set([...Object.keys(directives), ...Object.keys(allow)]);
  return [...names].map((name) => [name, ...merged(directives[name] ?? [], allow[name] ?? [])].join(' ')).join('; ');
}

/** `'none'` stands alone or not at all. */
function merged(base: readonly string[], more: readonly string[]): readonly string[] {
  return more.length === 0 ? base : [...base.filter((source) => source !== "'none'"), ...more];
}
