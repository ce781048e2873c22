import fc from 'fast-check';

const unit = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...'/.%2ef5c09;\\#?:@aA') },
  {
    weight: 3,
    arbitrary: fc.constantFrom('/admin', '/public', '/api', '/java', '/..', '/.', '%2e', '%2f', '%5c', '%25'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('%61', '%00', '%c0%af', '%3b', ';x=', '//', '\\..', '\t', ' ', '+', '~', '\u00e9'),
  },
);

/** Paths that an attacker would try. */
export const pathArbitrary = fc.array(unit, { maxLength: 14 }).map((units) => `/${units.join('')}`);

/** A browser's parser, a server in Go that cleans paths, and one in Java that cuts parameters off before it decodes. */
export function readingsOf(target: string): readonly string[] {
  const raw = target.split('?')[0] ?? '';
  const decoded = decodeURIComponent(raw);
  const whatwg = decodeURIComponent(new URL(target, 'https://app.test').pathname);
  const tomcat = clean(decodeURIComponent(raw.replaceAll(/;[^/]*/g, '')).replaceAll('\\', '/'));
  return [raw === decoded ? raw : decoded, whatwg, clean(decoded), tomcat];
}

function clean(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`;
}
