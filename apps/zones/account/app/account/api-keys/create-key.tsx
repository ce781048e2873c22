'use client';

import { Button } from '@sallyport/ui/button';
import { Card } from '@sallyport/ui/card';
import { ProblemNotice } from '@sallyport/ui/problem-notice';
import { TextField } from '@sallyport/ui/text-field';
import { useSubmission } from '@sallyport/ui/use-submission';
import type { ApiKeysAnswer, MadeApiKeyAnswer } from '@sallyport/nextjs/client';
import type { ApiKeysActions } from './use-api-keys.ts';

interface CreateKeyProps {
  readonly offer: Pick<ApiKeysAnswer, 'permissions' | 'usualDays' | 'maxDays'>;
  readonly create: ApiKeysActions['create'];
  readonly onMade: (made: MadeApiKeyAnswer) => void;
}

/** The form for another key: what it is for, what it may do, and for how long. */
export function CreateKey({ offer, create, onMade }: CreateKeyProps) {
  const { permissions, usualDays, maxDays } = offer;
  const { form, isPending, problem, errorOf, onSubmit } = useSubmission(async (values) => {
    const made = await create({
      name: String(values.get('name')),
      scopes: values.getAll('scopes').map(String),
      days: Number(values.get('days')),
    });
    if (made !== undefined) onMade(made);
  });

  return (
    <Card labelledBy="new-key" className="p-5">
      <form ref={form} onSubmit={onSubmit} noValidate className="space-y-5">
        <h2 id="new-key" className="text-lg font-semibold">
          New key
        </h2>
        {problem === undefined ? null : <ProblemNotice problem={problem} />}
        <TextField name="name" label="What is it for?" maxLength={100} required error={errorOf('name')} />
        <fieldset className="space-y-2">
          <legend className="pb-1 font-medium">What may it do?</legend>
          {permissions.length === 0 ? (
            <p className="text-ink-soft">Your account has no permissions that a key could have.</p>
          ) : (
            permissions.map((permission) => (
              <label key={permission} className="flex items-center gap-3">
                <input type="checkbox" name="scopes" value={permission} className="size-4.5 shrink-0" />
                <span className="font-mono text-[0.9375rem] break-all">{permission}</span>
              </label>
            ))
          )}
        </fieldset>
        <TextField
          name="days"
          label="Days until it expires"
          hint={`${maxDays} at most`}
          type="number"
          inputMode="numeric"
          min={1}
          max={maxDays}
          defaultValue={usualDays}
          required
          error={errorOf('days')}
        />
        <Button type="submit" tone="primary" isPending={isPending}>
          Create key
        </Button>
      </form>
    </Card>
  );
}
