/** What the demo says at the foot of its pages. */
export function DemoFooterNote() {
  return (
    <p>
      One cookie outside, one short-lived token inside.{' '}
      <a href="/errors" className="text-link">
        Error codes
      </a>
    </p>
  );
}
