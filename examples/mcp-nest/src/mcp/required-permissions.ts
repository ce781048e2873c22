import * as z from 'zod';
import type { ToolRegistry } from './tool-registry.ts';

const callSchema = z.object({ method: z.literal('tools/call'), params: z.object({ name: z.string() }) });

/** The permissions of the tools that the body of a request calls, alone or in a batch. */
export function requiredPermissions(body: unknown, tools: ToolRegistry): readonly string[] {
  const messages: readonly unknown[] = Array.isArray(body) ? body : [body];
  const names = messages.flatMap((message) => callSchema.safeParse(message).data?.params.name ?? []);
  return [...new Set(names.flatMap((name) => tools.find(name)?.permission ?? []))];
}
