import type { IncomingMessage, ServerResponse } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer, type AuthInfo } from '@modelcontextprotocol/server';
import { Authenticated, CurrentPrincipal, SallyportError, type Principal } from '@sallyport/nestjs';
import { All, Body, Controller, Inject, Req, Res } from '@nestjs/common';
import { requiredPermissions } from './required-permissions.ts';
import { ToolRegistry, type RegisteredTool } from './tool-registry.ts';

/** On a server both are there. */
type ServedRequest = IncomingMessage & { method: string; url: string };

/** The endpoint of the MCP server (Streamable HTTP). Each request has a server of its own, with the tools of its caller. */
@Controller('mcp')
export class McpController {
  readonly #tools: ToolRegistry;
  readonly #handler = toNodeHandler(createMcpHandler((context) => this.#serverFor(callerOf(context.authInfo))));

  constructor(@Inject(ToolRegistry) tools: ToolRegistry) {
    this.#tools = tools;
  }

  @All()
  @Authenticated()
  async serve(
    @CurrentPrincipal() caller: Principal,
    @Body() body: unknown,
    @Req() request: ServedRequest,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const missing = requiredPermissions(body, this.#tools).filter((one) => !caller.permissions.includes(one));
    // The gateway tells the client where to ask for them, and the client asks its user.
    if (missing.length > 0) throw new SallyportError('SP_FORBIDDEN', { reason: 'permission-missing', scopes: missing });
    await this.#handler(Object.assign(request, { auth: toAuthInfo(caller) }), response, body);
  }

  #serverFor(caller: Principal): McpServer {
    const server = new McpServer({ name: 'notes', version: '1.0.0' }, { capabilities: { tools: {} } });
    for (const tool of this.#tools.of(caller)) register(server, tool, caller);
    return server;
  }
}

function register(server: McpServer, tool: RegisteredTool, caller: Principal): void {
  const { name, description, input, call } = tool;
  server.registerTool(name, { description, inputSchema: input }, async (given) => ({
    content: [{ type: 'text', text: JSON.stringify(await call(given, caller)) }],
  }));
}

/** The form in which the library hands on who calls. There is no token in it: that of the gateway is for this service alone. */
function toAuthInfo(caller: Principal): AuthInfo {
  const { clientId = caller.id, permissions } = caller;
  return { token: '', clientId, scopes: [...permissions], extra: { caller } };
}

function callerOf(authInfo: AuthInfo | undefined): Principal {
  if (authInfo?.extra === undefined) throw new TypeError('the request passed no guard');
  return authInfo.extra['caller'] as Principal; // `toAuthInfo` wrote it.
}
