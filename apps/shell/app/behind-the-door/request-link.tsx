/** A request id that leads to what the gateway noted of it. */
export function RequestLink({ requestId }: { readonly requestId: string }) {
  return (
    <a href={`/behind-the-door?request=${encodeURIComponent(requestId)}`} className="font-mono break-all text-link">
      {requestId}
    </a>
  );
}
