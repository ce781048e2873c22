import { html, raw } from 'hono/html';
import { encode } from 'uqr';
import type { Html } from './html.ts';

/** With more squares on a side a code is drawn larger, so that cameras can tell them apart. */
const maxSmallSize = 70;

/** A QR code, dark on light in either theme: cameras expect that. It is drawn here, and goes to this page alone. */
export function qrCode(text: string, label: string): Html {
  const { data, size } = encode(text, { ecc: 'M', border: 3 });
  const squares = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return html`<svg
    class="${size > maxSmallSize ? 'qr qr-dense' : 'qr'}"
    role="img"
    aria-label="${label}"
    viewBox="0 0 ${size} ${size}"
    shape-rendering="crispEdges"
  >
    <path fill="#fff" d="M0 0h${size}v${size}H0z" />
    <path fill="#000" d="${raw(squares.join(''))}" />
  </svg>`;
}
