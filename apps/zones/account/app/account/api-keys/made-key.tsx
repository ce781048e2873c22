'use client';

import { Button } from '@sallyport/ui/button';
import { CopyButton } from '@sallyport/ui/copy-button';
import { Notice } from '@sallyport/ui/notice';
import type { MadeApiKeyAnswer } from '@sallyport/nextjs/client';

interface MadeKeyProps {
  readonly made: MadeApiKeyAnswer;
  readonly onDone: () => void;
}

/** Shows the secret of a key, the only time that it can be seen. */
export function MadeKey({ made, onDone }: MadeKeyProps) {
  return (
    <div className="space-y-5">
      <Notice tone="done" title={`Copy the key “${made.key.name}” now`} takesFocus>
        <p>It is shown only once. Keep it where you keep passwords, and never in source code.</p>
      </Notice>
      <p className="rounded-control border border-line bg-sunken p-5 font-mono text-[0.9375rem] break-all">
        {made.secret}
      </p>
      <div className="flex flex-wrap gap-3">
        <CopyButton text={made.secret} label="Copy" />
        <Button size="small" onClick={onDone}>
          Done
        </Button>
      </div>
    </div>
  );
}
