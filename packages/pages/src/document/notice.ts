import { html } from 'hono/html';
import type { Html } from './html.ts';
import { icon, type IconName } from './icons.ts';

/** What a notice tells: that something was refused, that it was done, or what is worth knowing. */
export type NoticeTone = 'refused' | 'done' | 'note';

const icons: Readonly<Record<NoticeTone, IconName>> = { refused: 'alert', done: 'check', note: 'info' };

/** A sentence that matters now: what happened and what to do. */
export function notice(tone: NoticeTone, title: string, text?: string | Html): Html {
  return html`<div class="notice notice-${tone}" role="${tone === 'refused' ? 'alert' : 'status'}" tabindex="-1">
    ${icon(icons[tone])}
    <div>
      <p class="notice-title">${title}</p>
      ${text === undefined ? '' : html`<div class="notice-text">${text}</div>`}
    </div>
  </div>`;
}
