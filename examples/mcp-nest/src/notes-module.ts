import { SallyportModule, type SallyportOptions } from '@sallyport/nestjs';
import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { McpController } from './mcp/mcp-controller.ts';
import { ToolRegistry } from './mcp/tool-registry.ts';
import { NotesTools } from './notes/notes-tools.ts';

/** An MCP server of notes. */
@Module({})
export class NotesModule {
  static with(options: SallyportOptions): DynamicModule {
    return {
      module: NotesModule,
      imports: [SallyportModule.forRoot({ ...options, errors: 'problem' }), DiscoveryModule],
      controllers: [McpController],
      providers: [ToolRegistry, NotesTools],
    };
  }
}
