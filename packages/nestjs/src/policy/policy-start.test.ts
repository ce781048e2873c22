import { definePolicy } from '@sallyport/policy';
import { CacheInterceptor, CacheModule } from '@nestjs/cache-manager';
import {
  Controller,
  Get,
  Injectable,
  Res,
  Scope,
  Sse,
  UseInterceptors,
  type INestApplication,
  type MessageEvent,
  type Type,
} from '@nestjs/common';
import { GrpcStreamCall, MessagePattern } from '@nestjs/microservices';
import type { AccessFilter } from '@sallyport/policy';
import { of, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Authenticated, GuardedElsewhere, Permissions, Public, StepUp } from '../access/declare-access.ts';
import { AccessConditions } from './access-conditions.ts';
import { CheckedRecord } from './checked-record.ts';
import { CheckPolicies } from './check-policies.ts';
import { MaskFields } from './mask-fields.ts';
import { loadFrom } from './policy-check.ts';
import { createService, ProductStore, type PolicyService } from './policy-service.test-support.ts';

/** Why an application does not start; the empty text when it does. */
async function whyNotStarted(controller: Type, service: PolicyService = {}): Promise<string> {
  let app: INestApplication | undefined;
  try {
    app = await createService({ controllers: [controller], ...service });
    await app.listen(0, '127.0.0.1');
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await app?.close();
  }
}

/** A controller with one handler. */
function handlerWith(...decorators: readonly MethodDecorator[]): Type {
  @Controller('products')
  class ProductsController {
    @Get()
    read(): void {}
  }
  const descriptor = Object.getOwnPropertyDescriptor(ProductsController.prototype, 'read');
  for (const decorate of decorators) decorate(ProductsController.prototype, 'read', descriptor ?? {});
  return ProductsController;
}

/** Replaces a method, as decorators of tracing and caching do. */
function Timed(isCopying = false): MethodDecorator {
  return (_target, _name, descriptor) => {
    const timed: unknown = descriptor.value;
    if (typeof timed !== 'function') return;
    const replacement = function (this: unknown, ...values: readonly unknown[]): unknown {
      return Reflect.apply(timed, this, values);
    };
    if (isCopying)
      for (const key of Reflect.getMetadataKeys(timed) as readonly string[])
        Reflect.defineMetadata(key, Reflect.getMetadata(key, timed), replacement);
    Object.assign(descriptor, { value: replacement });
  };
}

@Controller('products')
class MaskBelow {
  @Get()
  @Authenticated()
  @Timed()
  @MaskFields('read', 'Product', { at: 'items' })
  list(): object {
    return { items: [] };
  }
}

@Controller('products')
@Authenticated()
class PermissionBelow {
  @Get()
  @Timed()
  @Permissions('product:any')
  list(): object {
    return {};
  }
}

@Controller('products')
class MaskAbove {
  @Get()
  @MaskFields('read', 'Product', { at: 'items' })
  @Authenticated()
  @Timed()
  list(): object {
    return { items: [] };
  }
}

@Controller('products')
class MaskCopied {
  @Get()
  @Timed(true)
  @MaskFields('read', 'Product', { at: 'items' })
  @Authenticated()
  list(): object {
    return { items: [] };
  }
}

@Controller('products')
class Overriding extends MaskAbove {
  @Get()
  @Authenticated()
  override list(): object {
    return {};
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedStore {}

@Injectable()
class ForgottenStore {}

const load = loadFrom(ProductStore, (products, call) => products.find(call.text('id')));

describe('the start fails', () => {
  it.each([
    {
      name: 'a type that the policy does not have',
      decorators: [CheckPolicies('read', 'Prodct', { load })],
      why: '@CheckPolicies names "Prodct", which is no type of record of the policy: did you mean "Product"?',
    },
    {
      name: 'an action that the type does not have',
      decorators: [CheckPolicies('publsh', 'Product', { load })],
      why: '"publsh", which is no action of Product of the policy: did you mean "publish"?',
    },
    {
      name: 'the action of another type',
      decorators: [CheckPolicies('publish', 'Report', { load: () => ({}) })],
      why: '"publish", which is no action of Report',
    },
    {
      name: 'a check without a record, where rules look at it',
      decorators: [CheckPolicies('update', 'Product')],
      why: "@CheckPolicies('update', 'Product') has no load, and rules on update look at the record",
    },
    {
      name: 'a check beside @Public',
      decorators: [Public('everyone may look'), CheckPolicies('read', 'Product', { load })],
      why: 'is @Public and guarded at once',
    },
    {
      name: 'a check beside @GuardedElsewhere',
      decorators: [GuardedElsewhere('by a signature'), CheckPolicies('read', 'Product', { load })],
      why: 'is @GuardedElsewhere and guarded at once',
    },
    {
      name: 'a load that is none',
      decorators: [CheckPolicies('read', 'Product', { load: {} as never })],
      why: 'has a load that is no function',
    },
    {
      name: 'an onDeny that is none',
      decorators: [CheckPolicies('read', 'Product', { load, onDeny: 400 as never })],
      why: 'has an onDeny that is not 403 or 404',
    },
    {
      name: 'a provider that is not there',
      decorators: [CheckPolicies('read', 'Product', { load: loadFrom(ForgottenStore, () => ({})) })],
      why: 'loads with ForgottenStore, which is no provider of this application',
    },
    {
      name: 'a provider for each request',
      decorators: [CheckPolicies('read', 'Product', { load: loadFrom(ScopedStore, () => ({})) })],
      why: 'loads with ScopedStore, which is made for each request',
    },
    { name: 'a mask alone', decorators: [MaskFields('read', 'Product')], why: 'declares no access' },
    { name: 'a step-up alone', decorators: [StepUp({ acr: 'mfa' })], why: 'declares no access' },
    {
      name: 'a mask of a type that is not there',
      decorators: [Authenticated(), MaskFields('read', 'Prodct')],
      why: '@MaskFields names "Prodct"',
    },
    {
      name: 'a mask without a name in its path',
      decorators: [Authenticated(), MaskFields('read', 'Product', { at: 'data.' })],
      why: '@MaskFields needs a path without empty names',
    },
  ])('on $name', async ({ decorators, why }) => {
    const given = { providers: [ProductStore, ScopedStore] };
    expect(await whyNotStarted(handlerWith(...decorators), given)).toContain(why);
  });

  it('where a handler asks a policy and there is none', async () => {
    const why = await whyNotStarted(handlerWith(CheckPolicies('read', 'Report')), {
      options: { policy: undefined as never },
    });
    expect(why).toContain('ProductsController.read asks a policy, and there is none: give SallyportModule policy');
  });

  it('on a policy that is none', () => {
    for (const policy of [{}, { permissions: {}, roles: {}, rules: [{ allow: 'read', on: 'X' }] }, 'policy'])
      expect(() => void createService({ options: { policy: policy as never } })).toThrow(/policy is none/);
  });

  it('on a filter of what the policy does not have', async () => {
    @Controller('products')
    class FilteredController {
      @Get()
      @Authenticated()
      list(@AccessConditions('raed', 'Product') _readable: AccessFilter): void {}
    }
    expect(await whyNotStarted(FilteredController)).toContain('@AccessConditions names "raed"');
  });

  it('on a filter of another action in the place of a record', async () => {
    @Controller('products')
    class FilteredController {
      @Get()
      @CheckPolicies('update', 'Product')
      list(@AccessConditions('read', 'Product') _readable: AccessFilter): void {}
    }
    expect(await whyNotStarted(FilteredController)).toContain("@CheckPolicies('update', 'Product') has no load");
  });

  it('on a mask of what is sent past it', async () => {
    @Controller('products')
    @Authenticated()
    class SendingController {
      @Get('sent')
      @MaskFields('read', 'Product')
      sent(@Res() _response: object): void {}

      @GrpcStreamCall('Products', 'Read')
      @MaskFields('read', 'Product')
      written(_call: object): void {}

      @Sse('events')
      @MaskFields('read', 'Product')
      events(): Observable<MessageEvent> {
        return of({ data: 'text' });
      }
    }
    const why = await whyNotStarted(SendingController);
    expect(why).toContain('SendingController.sent: @MaskFields does not see what is sent by @Res()');
    expect(why).toContain('SendingController.written: @MaskFields does not see what @GrpcStreamCall writes');
    expect(why).toContain('SendingController.events: @MaskFields does not see into server-sent events');
  });

  it('on a record that no check loads, or in a transport that keeps none', async () => {
    @Controller('products')
    @Authenticated()
    class RecordController {
      @Get()
      read(@CheckedRecord('Product') _product: object): void {}

      @MessagePattern('product.read')
      @CheckPolicies('read', 'Product', { load })
      receive(@CheckedRecord('Product') _product: object): void {}
    }
    const why = await whyNotStarted(RecordController);
    expect(why).toContain("RecordController.read: @CheckedRecord('Product') needs a @CheckPolicies");
    expect(why).toContain('RecordController.receive: @CheckedRecord works over HTTP alone');
  });

  it.each([MaskBelow, PermissionBelow])(
    'where another decorator loses what stands below it: %o',
    async (controller) => {
      expect(await whyNotStarted(controller)).toContain(
        `${controller.name}.list has lost decorators of Sallyport: another decorator above them replaces the method`,
      );
    },
  );

  it('on a cache that would give one caller the list of another, where everyone may call', async () => {
    @Controller('products')
    class CachedController {
      @Get()
      @Public('everyone may look')
      @UseInterceptors(CacheInterceptor)
      list(@AccessConditions('read', 'Product') _readable: AccessFilter): void {}
    }
    const why = await whyNotStarted(CachedController, { imports: [CacheModule.register()] });
    expect(why).toContain('CachedController.list: CacheInterceptor would give one caller the answer of another');
  });
});

describe('the start succeeds', () => {
  it.each([MaskAbove, MaskCopied, Overriding])('where no decorator is lost: %o', async (controller) => {
    expect(await whyNotStarted(controller)).toBe('');
  });

  it('where no rule looks at a record', async () => {
    expect(await whyNotStarted(handlerWith(CheckPolicies('read', 'Report')))).toBe('');
  });

  it('where the handler filters', async () => {
    @Controller('products')
    class FilteredController {
      @Get()
      @CheckPolicies('read', 'Product')
      list(@AccessConditions('read', 'Product') _readable: AccessFilter): void {}
    }
    expect(await whyNotStarted(FilteredController)).toBe('');
  });

  it('with a policy that has no records, where none is asked', async () => {
    const policy = definePolicy({ permissions: { 'a:b': 'Do it' }, roles: { user: ['a:b'] } });
    expect(await whyNotStarted(handlerWith(Authenticated()), { options: { policy } })).toBe('');
  });
});
