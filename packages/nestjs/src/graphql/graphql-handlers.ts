import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { listHandlers, type DiscoveredHandler } from '../access/list-handlers.ts';
import { accessOf, type Access } from '../access/resolve-access.ts';

/** A query, mutation, subscription or field of the application, and what it declares. */
export interface GraphqlHandler extends DiscoveredHandler {
  readonly kind: 'query' | 'mutation' | 'subscription' | 'field';
  readonly access: Access;
}

// The keys under which `@nestjs/graphql` keeps what its decorators declare. Names, not imports: it stays optional.
const typeKey = 'graphql:resolver_type';
const fieldKeys = ['graphql:resolve_property', 'graphql:resolve_reference'];

/** Lists what is reached over GraphQL. */
export function listGraphqlHandlers(discovery: DiscoveryService, scanner: MetadataScanner): readonly GraphqlHandler[] {
  return listHandlers(discovery, scanner)
    .filter(({ transport }) => transport === 'GraphQL')
    .map((discovered) => ({
      ...discovered,
      kind: kindOf(discovered),
      access: accessOf(discovered.handler, discovered.controller),
    }));
}

function kindOf({ handler, controller }: DiscoveredHandler): GraphqlHandler['kind'] {
  if (fieldKeys.some((key) => Reflect.hasMetadata(key, handler))) return 'field';
  const type: unknown = Reflect.getMetadata(typeKey, handler) ?? Reflect.getMetadata(typeKey, controller);
  if (type === 'Subscription') return 'subscription';
  return type === 'Mutation' ? 'mutation' : 'query';
}
