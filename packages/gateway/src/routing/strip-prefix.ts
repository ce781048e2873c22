/**
 * The target as it came, less the segments that the route strips. Encoded slashes are no ends of segments, and no empty
 * segment stands within a prefix, so counting is safe.
 */
export function stripPrefix(target: string, query: string, strippedSegments: number): string {
  if (strippedSegments === 0) return target;
  let end = 0;
  for (let stripped = 0; stripped < strippedSegments; stripped++) {
    end = target.indexOf('/', end + 1);
    if (end === -1 || end >= target.length - query.length) return `/${query}`;
  }
  return target.slice(end);
}
