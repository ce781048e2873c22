import { shell } from '../../../lib/shell.ts';

const answer = (request: Request): Promise<Response> => shell.account(request);

export { answer as DELETE, answer as GET, answer as HEAD, answer as PATCH, answer as POST, answer as PUT };
