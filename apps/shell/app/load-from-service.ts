import 'server-only';
import { fetchApi, readProblem, SallyportError } from '@sallyport/nextjs/server';

/** What a service answered, or why it did not. */
export type Loaded<Value> =
  | { readonly kind: 'loaded'; readonly value: Value }
  | { readonly kind: 'unavailable'; readonly title: string; readonly requestId?: string };

/**
 * Asks a service of the shop, as the person who is signed in.
 *
 * @param Value what that service answers: a service of ours, whose contract it is.
 * @throws ProblemError when the service refuses: that is no outage, and not for a page of a list to explain.
 */
export async function loadFromService<Value>(path: `/api/${string}`): Promise<Loaded<Value>> {
  let response: Response;
  try {
    response = await fetchApi(path);
  } catch (error) {
    if (error instanceof SallyportError && error.status >= 502)
      return { kind: 'unavailable', title: 'The shop does not answer' };
    throw error;
  }
  if (response.ok) return { kind: 'loaded', value: (await response.json()) as Value };
  const problem = await readProblem(response);
  if (problem.status < 502) throw problem;
  const { title, requestId } = problem;
  return { kind: 'unavailable', title, ...(requestId === undefined ? {} : { requestId }) };
}
