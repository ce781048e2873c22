export enum Role {
  User = 'user',
  Vendor = 'vendor',
  Admin = 'admin',
}
