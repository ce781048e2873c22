/** Origin of the gateway; `VITE_GATEWAY` at the time of the build. */
export const gateway: string =
  typeof import.meta.env['VITE_GATEWAY'] === 'string' ? import.meta.env['VITE_GATEWAY'] : 'http://localhost:3000';
