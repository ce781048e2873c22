export interface Configuration {
  readonly port: number;
  readonly mongodbUri: string;
  readonly jwtSecret: string;
  readonly adminEmail: string;
  readonly adminPassword: string;
}

export function configuration(): Configuration {
  return {
    port: Number(required('PORT')),
    mongodbUri: required('MONGODB_URI'),
    jwtSecret: required('JWT_SECRET'),
    adminEmail: required('ADMIN_EMAIL'),
    adminPassword: required('ADMIN_PASSWORD'),
  };
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}
