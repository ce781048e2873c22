import type { NextAuthContext } from '@sallyport/nextjs/auth-js';
import { shell } from '../../../../lib/shell.ts';

const answer = (request: Request, context: NextAuthContext): Promise<Response> => shell.nextAuth(request, context);

export { answer as GET, answer as POST };
