/** The last line of every page. */
export function SiteFooter() {
  return (
    <footer className="mt-auto border-t border-line">
      <div className="page-width flex flex-wrap items-baseline justify-between gap-x-8 gap-y-1 py-6 text-sm text-ink-soft">
        <p>One cookie outside, one short-lived token inside.</p>
        <p>
          <a href="/errors" className="text-link">
            Error codes
          </a>
        </p>
      </div>
    </footer>
  );
}
