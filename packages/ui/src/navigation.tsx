/** The application that serves a page. A link to another one must be a plain `<a>`: its router does not know the page. */
export type AppName = 'shell' | 'account';

/** An entry of the main navigation, and the application that serves its page. */
export interface NavigationItem {
  readonly href: string;
  readonly label: string;
  readonly app: AppName;
  /** Shown to those who hold it; to every user where it is left out. */
  readonly permission?: string;
}

/** Where a signed-in person can go. */
export const navigationItems: readonly NavigationItem[] = [
  { href: '/products', label: 'Products', app: 'shell' },
  { href: '/cart', label: 'Cart', app: 'shell', permission: 'order:create' },
  { href: '/orders', label: 'Orders', app: 'shell', permission: 'order:read' },
  { href: '/sales', label: 'Sales', app: 'shell', permission: 'order:read-sales' },
  { href: '/behind-the-door', label: 'Behind the door', app: 'shell' },
  { href: '/account', label: 'Account', app: 'account' },
];

/** The same in the menu of the person, where there is room for more. */
export const menuItems: readonly NavigationItem[] = [
  ...navigationItems,
  { href: '/account/organizations', label: 'Organizations', app: 'account' },
];

/** What of it a person is shown. */
export function shownItems(
  items: readonly NavigationItem[],
  permissions: readonly string[],
): readonly NavigationItem[] {
  return items.filter(({ permission }) => permission === undefined || permissions.includes(permission));
}
