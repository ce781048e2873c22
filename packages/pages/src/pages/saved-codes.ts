import { html } from 'hono/html';
import type { PageContent } from '../document/document.ts';
import { notice } from '../document/notice.ts';

export interface SavedCodes {
  readonly codes: readonly string[];
  readonly productName: string;
  /** Where the reader goes once they are saved. */
  readonly next: string;
}

/** Shows recovery codes, the only time that they can be seen. */
export function savedCodes({ codes, productName, next }: SavedCodes): PageContent {
  const text = `Recovery codes for ${productName}\n\n${codes.join('\n')}\n\nEach code works once.\n`;
  return {
    title: 'Save your recovery codes',
    content: html`${notice(
        'done',
        'Two-step verification is ready',
        'If you lose your phone, one of these codes lets you in. They are shown only now, and each works once.',
      )}
      <div class="codes printed" id="recovery-codes" data-text="${text}">
        <p class="print-only">Recovery codes for ${productName}</p>
        <ul aria-label="Recovery codes">
          ${codes.map((code) => html`<li><code>${code}</code></li>`)}
        </ul>
      </div>
      <div class="keep">
        <button class="button button-small" type="button" hidden data-keep="copy" data-of="recovery-codes">Copy</button>
        <button
          class="button button-small"
          type="button"
          hidden
          data-keep="download"
          data-of="recovery-codes"
          data-file="recovery-codes.txt"
        >
          Download
        </button>
        <button class="button button-small" type="button" hidden data-keep="print">Print</button>
      </div>
      <p><a class="button button-primary" href="${next}">I’ve saved these codes</a></p>`,
  };
}
