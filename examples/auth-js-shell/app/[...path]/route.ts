import { shell } from '../../lib/shell.ts';

/** Zones and services: every path that `SHELL_FORWARD` names goes to the gateway, and no other. */
const answer = (request: Request): Promise<Response> => shell.forward(request);

export {
  answer as DELETE,
  answer as GET,
  answer as HEAD,
  answer as OPTIONS,
  answer as PATCH,
  answer as POST,
  answer as PUT,
};
