/** The roles that a person holds. */
export function RoleChips({ roles }: { readonly roles: readonly string[] }) {
  if (roles.length === 0) return <span className="text-sm text-ink-soft">No roles yet</span>;
  return (
    <ul aria-label="Roles" className="flex flex-wrap gap-1.5">
      {roles.map((role) => (
        <li key={role} className="rounded-full bg-outer-tint px-2.5 py-0.5 text-[0.8125rem] font-medium text-outer">
          {role}
        </li>
      ))}
    </ul>
  );
}
