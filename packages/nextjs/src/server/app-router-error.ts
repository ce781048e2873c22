/** Says where a function of this package works, when it was called elsewhere. */
export function toAppRouterError(name: string, cause?: unknown): Error {
  return new Error(
    `${name}() of @sallyport/nextjs/server works in the App Router: in Server Components, route handlers and Server Actions. ` +
      'It was called elsewhere, for example in the Pages Router. What is supported there: docs/guides/nextjs.md of the package sallyport',
    { cause },
  );
}
