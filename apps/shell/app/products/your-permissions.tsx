import { Check, Minus } from 'lucide-react';
import { Card } from '@sallyport/ui/card';
import { RoleChips } from '@sallyport/ui/role-chips';

interface YourPermissionsProps {
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
}

const permissionsOfShop = [
  { permission: 'product:read', words: 'See products' },
  { permission: 'product:create', words: 'Add products' },
  { permission: 'product:update', words: 'Change your own' },
  { permission: 'product:update-any', words: 'Change any product' },
  { permission: 'product:delete', words: 'Delete products' },
];

/** Every permission that the shop knows, and whether the token holds it. */
export function YourPermissions({ roles, permissions }: YourPermissionsProps) {
  return (
    <Card labelledBy="permissions" className="p-5">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 id="permissions" className="font-semibold">
          What you may do
        </h2>
        <RoleChips roles={roles} />
      </div>
      <ul className="mt-4 space-y-2.5">
        {permissionsOfShop.map(({ permission, words }) => {
          const isHeld = permissions.includes(permission);
          const Icon = isHeld ? Check : Minus;
          return (
            <li key={permission} className="flex items-start gap-2.5">
              <Icon
                aria-hidden="true"
                className={`mt-0.5 size-5 shrink-0 rounded-full p-0.5 ${isHeld ? 'bg-outer-tint text-outer' : 'text-ink-soft'}`}
              />
              <span className={isHeld ? '' : 'text-ink-soft'}>
                <span className="sr-only">{isHeld ? 'Yes: ' : 'No: '}</span>
                {words}
                <code className="block font-mono text-[0.8125rem] text-ink-soft">{permission}</code>
              </span>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
