/** Says whether a query or a form names a parameter twice: which of the two counts depends on who reads it. */
export function hasRepeatedParameter(parameters: URLSearchParams): boolean {
  return new Set(parameters.keys()).size !== parameters.size;
}
