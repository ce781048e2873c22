import { describe, expect, it } from 'vitest';
import { editControllers, hasOpenController } from './edit-controllers.ts';

const edit = (text: string) => editControllers(text, 'src/orders.controller.ts');

describe('controllers', () => {
  it('get a declaration of access, each of them', () => {
    const result = edit(`import { Controller, Get } from '@nestjs/common';

@Controller('orders')
export class OrdersController {
  constructor(@Inject(STORE) private readonly store: Store) {}
}

@ApiTags('x')
@Controller()
export class OthersController {}
`);
    expect(result).toMatchObject({ kind: 'changed' });
    const text = result.kind === 'changed' ? result.text : '';
    expect(text).toContain(`import { Authenticated } from '@sallyport/nestjs';`);
    expect(text).toContain(`@Controller('orders')\n@Authenticated()\nexport class`);
    expect(text).toContain(`@ApiTags('x')\n@Controller()\n@Authenticated()\nexport class`);
    expect(edit(text)).toEqual({ kind: 'unchanged' });
  });

  it.each([
    {
      name: 'that declare access themselves',
      text: `import { Controller } from '@nestjs/common';\nimport { Public } from '@sallyport/nestjs';\n@Controller()\nexport class A {}`,
    },
    { name: 'of another framework', text: `import { Controller } from 'tsoa';\n@Controller()\nexport class A {}` },
    { name: 'that are only mentioned', text: `import { Get } from '@nestjs/common';\n// @Controller()\nclass A {}` },
  ])('stay as they are $name', ({ text }) => {
    expect(edit(text)).toEqual({ kind: 'unchanged' });
    expect(hasOpenController(text, 'a.ts')).toBe(false);
  });

  it('stay as they are where the name is taken', () => {
    const text = `import { Controller } from '@nestjs/common';\nimport { Authenticated } from "./auth";\n@Controller()\nexport class A {}`;
    const result = edit(text);
    expect(result.kind === 'not-understood' ? result.reason : result.kind).toContain('not ours');
  });
});
