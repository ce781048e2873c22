import type { DoorRequest } from './door-request.ts';

const kinds = {
  all: { label: 'All', passes: () => true },
  services: { label: 'Services', passes: ({ path }: DoorRequest) => path.startsWith('/api/') },
  pages: { label: 'Pages', passes: ({ path }: DoorRequest) => !path.startsWith('/api/') },
  refused: { label: 'Refused', passes: ({ status }: DoorRequest) => status >= 400 },
} as const;

/** Which requests are listed. */
export interface Filter {
  /** Part of a path, a route, a method, a status or a request id. */
  readonly text: string;
  readonly kind: keyof typeof kinds;
}

/** Whether a request is listed. */
export function passesFilter(request: DoorRequest, { text, kind }: Filter): boolean {
  const { method, path, route, status, requestId } = request;
  const wanted = text.trim().toLowerCase();
  const isFound = `${method} ${path} ${route} ${status} ${requestId}`.toLowerCase().includes(wanted);
  return isFound && kinds[kind].passes(request);
}

interface RequestFilterProps {
  readonly filter: Filter;
  readonly onChange: (filter: Filter) => void;
}

/** A text to look for, and four kinds of requests. */
export function RequestFilter({ filter, onChange }: RequestFilterProps) {
  return (
    <div role="search" aria-label="Requests" className="space-y-2">
      <input
        type="search"
        aria-label="Filter by path, route, status or request id"
        placeholder="Path, route, status or request id"
        value={filter.text}
        onChange={({ target }) => onChange({ ...filter, text: target.value })}
        className="min-h-10 w-full rounded-control border border-line-strong bg-surface px-3 text-[0.9375rem]"
      />
      <div role="group" aria-label="Kind of request" className="flex flex-wrap gap-1.5">
        {Object.entries(kinds).map(([kind, { label }]) => (
          <button
            key={kind}
            type="button"
            aria-pressed={filter.kind === kind}
            onClick={() => onChange({ ...filter, kind: kind as Filter['kind'] })}
            className="rounded-full border border-line-strong/60 px-3 py-1 text-sm hover:bg-sunken aria-pressed:border-outer aria-pressed:bg-outer-tint aria-pressed:font-medium"
          >
            {label}
          </button>
        ))}
      </div>
    </div>
  );
}
