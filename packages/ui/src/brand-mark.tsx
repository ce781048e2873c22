/** The mark: one passage, two doors. The outer one stands ajar, the inner one is shut. */
export function BrandMark({ className }: { readonly className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={className}>
      <path
        d="M4 29V14a12 12 0 0 1 24 0v15"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.5"
        strokeLinecap="round"
      />
      <path d="M16 6.5A7.5 7.5 0 0 0 8.5 14v15L16 26Z" fill="var(--outer)" />
      <path d="M17.5 6.6a7.5 7.5 0 0 1 6 7.4v15h-6Z" fill="var(--inner-solid)" />
    </svg>
  );
}
