import { Button } from '@sallyport/ui/button';
import { ConfirmDialog } from '@sallyport/ui/confirm-dialog';
import { useState } from 'react';

interface RecoveryRowProps {
  readonly left: number;
  readonly isPending: boolean;
  readonly onMake: () => void;
}

/** How many recovery codes are left, and the way to new ones. */
export function RecoveryRow({ left, isPending, onMake }: RecoveryRowProps) {
  const [isAsking, setAsking] = useState(false);
  return (
    <section
      aria-labelledby="recovery"
      className="flex flex-wrap items-center justify-between gap-x-8 gap-y-3 rounded-card border border-line p-5"
    >
      <div className="min-w-0 flex-1 basis-64">
        <h2 id="recovery" className="font-semibold">
          Recovery codes
        </h2>
        <p className={`text-[0.9375rem] ${left < 3 ? 'font-medium text-danger' : 'text-ink-soft'}`}>
          {left === 1 ? 'One code is left.' : `${left} codes are left.`} Use one to sign in if you lose your phone.
        </p>
      </div>
      <Button onClick={() => setAsking(true)}>Make new codes</Button>
      <ConfirmDialog
        isOpen={isAsking}
        title="Make new recovery codes?"
        confirmLabel="Make new codes"
        isPending={isPending}
        onConfirm={() => {
          setAsking(false);
          onMake();
        }}
        onClose={() => setAsking(false)}
      >
        <p>The codes that you have now will stop working.</p>
      </ConfirmDialog>
    </section>
  );
}
