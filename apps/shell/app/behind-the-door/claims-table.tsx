import { inReadingOrder, meaningOf, readableClaim } from './claim-words.ts';

/** What the service was told of the caller. The token itself never comes to a browser, not even here. */
export function ClaimsTable({ claims }: { readonly claims: Readonly<Record<string, unknown>> | undefined }) {
  return (
    <section aria-labelledby="claims" className="space-y-4">
      <div className="space-y-1">
        <h3 id="claims" className="text-lg font-semibold">
          What the service was told
        </h3>
        <p className="text-ink-soft">
          {claims === undefined
            ? 'Nothing: this request carried no token.'
            : 'The claims of the token. The token itself stays inside; your browser never sees one.'}
        </p>
      </div>
      {claims === undefined ? null : (
        <table className="w-full border-y border-line text-left text-[0.9375rem]">
          <thead className="sr-only">
            <tr>
              <th scope="col">Claim</th>
              <th scope="col">Value</th>
              <th scope="col">Meaning</th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {inReadingOrder(claims).map(([name, value]) => (
              <tr key={name} className="align-baseline max-sm:grid max-sm:py-2.5">
                <th scope="row" className="font-mono font-medium text-inner sm:w-28 sm:py-2 sm:pr-4">
                  {name}
                </th>
                <td className="font-mono text-sm wrap-anywhere sm:py-2 sm:pr-6">{readableClaim(name, value)}</td>
                <td className="text-ink-soft sm:w-[45%] sm:py-2">{meaningOf(name)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
