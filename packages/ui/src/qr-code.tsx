import { encode } from 'uqr';

export interface QrCodeProps {
  /** What a camera reads. Drawn in the browser: it goes nowhere else. */
  readonly text: string;
  readonly label: string;
}

/** A QR code, dark on light in either theme: cameras expect that. */
export function QrCode({ text, label }: QrCodeProps) {
  const { data, size } = encode(text, { ecc: 'M', border: 3 });
  const squares = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      className="size-52 shrink-0 rounded-control border border-line bg-[white]"
    >
      <path d={squares.join('')} fill="black" />
    </svg>
  );
}
