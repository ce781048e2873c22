/** The initial of an identity provider, beside its name: a mark that is loaded from nowhere. */
export function ProviderMark({ name }: { readonly name: string }) {
  return (
    <span
      aria-hidden="true"
      className="grid size-11 shrink-0 place-items-center rounded-full bg-sunken font-semibold text-ink-soft uppercase"
    >
      {[...name][0]}
    </span>
  );
}
