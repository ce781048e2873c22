import { OptionsError, type Principal } from '@sallyport/nestjs';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { policy } from '../policy.ts';
import { toolOptionsOf, type ToolMethod, type ToolOptions } from './tool.ts';

/** A tool, ready to be called. */
export interface RegisteredTool extends ToolOptions {
  readonly call: (input: unknown, caller: Principal) => unknown;
}

/** The tools of all providers, found at the start. One that no permission of the policy opens stops it. */
@Injectable()
export class ToolRegistry implements OnModuleInit {
  readonly #discovery: DiscoveryService;
  readonly #scanner: MetadataScanner;
  readonly #tools = new Map<string, RegisteredTool>();

  constructor(
    @Inject(DiscoveryService) discovery: DiscoveryService,
    @Inject(MetadataScanner) scanner: MetadataScanner,
  ) {
    this.#discovery = discovery;
    this.#scanner = scanner;
  }

  onModuleInit(): void {
    for (const { instance } of this.#discovery.getProviders()) if (isObject(instance)) this.#addToolsOf(instance);
  }

  find(name: string): RegisteredTool | undefined {
    return this.#tools.get(name);
  }

  /** Those that a caller may call. */
  of({ permissions }: Principal): readonly RegisteredTool[] {
    return [...this.#tools.values()].filter(({ permission }) => permissions.includes(permission));
  }

  #addToolsOf(provider: object): void {
    for (const name of this.#scanner.getAllMethodNames(Reflect.getPrototypeOf(provider))) {
      const method: unknown = Reflect.get(provider, name);
      const options = typeof method === 'function' ? toolOptionsOf(method) : undefined;
      if (options === undefined) continue;
      if (!Object.hasOwn(policy.permissions, options.permission))
        throw new OptionsError(
          `the tool ${options.name} asks for ${options.permission}, which the policy does not have`,
        );
      if (this.#tools.has(options.name)) throw new OptionsError(`two tools are named ${options.name}`);
      const run = (method as ToolMethod).bind(provider);
      // The server of the library has checked the input by the schema of the tool.
      this.#tools.set(options.name, { ...options, call: (input, caller) => run(input as never, caller) });
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Reflect.getPrototypeOf(value) !== null;
}
