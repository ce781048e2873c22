/** Headers as `undici` hands them over: lower-case names. */
export type UpstreamHeaders = Readonly<Record<string, string | string[] | undefined>>;
