'use client';

import { Download, Printer } from 'lucide-react';
import { useState } from 'react';
import { Button } from './button.tsx';
import { CopyButton } from './copy-button.tsx';
import { Notice } from './notice.tsx';

export interface RecoveryCodesProps {
  readonly codes: readonly string[];
  readonly doneLabel: string;
  readonly onDone: () => void;
}

/** Shows recovery codes, the only time that they can be seen, and does not let the user go on by accident. */
export function RecoveryCodes({ codes, doneLabel, onDone }: RecoveryCodesProps) {
  const [isSaved, setSaved] = useState(false);
  const text = `Recovery codes for ${location.host}\n\n${codes.join('\n')}\n\nEach works once.\n`;

  return (
    <div className="space-y-5">
      <Notice tone="done" title="Save your recovery codes" takesFocus>
        <p>If you lose your phone, you can sign in with one of these. They are shown only once, and each works once.</p>
      </Notice>
      <div data-printed className="rounded-control border border-line bg-sunken p-5">
        <h3 className="hidden pb-4 font-semibold print:block">Recovery codes for {location.host}</h3>
        <ul
          aria-label="Recovery codes"
          className="grid grid-cols-[repeat(auto-fit,minmax(12.5rem,1fr))] gap-x-8 gap-y-1.5 font-mono text-[0.9375rem] whitespace-nowrap"
        >
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
      </div>
      <div className="flex flex-wrap gap-3">
        <CopyButton text={text} label="Copy" />
        <Button size="small" onClick={() => download(text)}>
          <Download aria-hidden="true" className="size-4" />
          Download
        </Button>
        <Button size="small" onClick={() => print()}>
          <Printer aria-hidden="true" className="size-4" />
          Print
        </Button>
      </div>
      <label className="flex items-start gap-3">
        <input
          type="checkbox"
          checked={isSaved}
          onChange={(event) => setSaved(event.currentTarget.checked)}
          className="mt-1 size-4.5 shrink-0"
        />
        I have saved the codes somewhere I can reach without my phone
      </label>
      <Button tone="primary" size="large" disabled={!isSaved} onClick={onDone}>
        {doneLabel}
      </Button>
    </div>
  );
}

function download(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'recovery-codes.txt';
  link.click();
  URL.revokeObjectURL(url);
}
