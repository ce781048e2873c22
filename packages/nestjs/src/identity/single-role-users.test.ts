import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SallyportError, type IdentityUser, type InProcessIdentity } from '@sallyport/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { SallyportIdentity } from './sallyport-identity.ts';
import { SingleRoleUsers, type NewSingleRoleUser, type SingleRoleUser } from './single-role-users.ts';

/* Identity in the hands of the test; examples/classic-nest has a real one. */

type Role = 'user' | 'vendor';

@Injectable()
class UsersService extends SingleRoleUsers<Role> {
  register(user: NewSingleRoleUser<Role>): Promise<SingleRoleUser<Role>> {
    return this.create({ ...user, emailVerified: true });
  }
}

const ada: IdentityUser = {
  id: 'u1',
  name: 'Ada',
  email: 'ada@example.com',
  emailVerified: true,
  roles: ['vendor', 'user'],
  isBanned: false,
};
let asked: readonly unknown[][];
let users: UsersService;

beforeEach(async () => {
  asked = [];
  const note =
    <T>(name: string, result: T) =>
    (...values: readonly unknown[]): Promise<T> => {
      asked = [...asked, [name, ...values]];
      return Promise.resolve(result);
    };
  const identity = {
    createUser: note('createUser', ada),
    findUserById: note('findUserById', null),
    findUserByEmail: note('findUserByEmail', ada),
    listUsers: note('listUsers', [ada, { ...ada, id: 'u2', roles: [] }]),
    setRoles: (id: string) =>
      id === 'u1'
        ? note('setRoles', { ...ada, roles: ['user'] })(id)
        : Promise.reject(new SallyportError('SP_NOT_FOUND')),
  } satisfies Partial<InProcessIdentity>;
  const module = await Test.createTestingModule({
    providers: [UsersService, { provide: SallyportIdentity, useValue: identity }],
  }).compile();
  users = module.get(UsersService);
});

const person = { name: 'Ada', email: 'ada@example.com', password: 'violet-kettle', role: 'vendor' } as const;

describe('users with one role', () => {
  it('have their first role as role, and nothing else of their roles', async () => {
    const { roles: _, ...others } = ada;
    expect(await users.findByEmail('ada@example.com')).toEqual({ ...others, role: 'vendor' });
  });

  it('are made with that role, and with an unproved address unless the application says otherwise', async () => {
    await users.create(person);
    await users.register(person);
    const { role, ...others } = person;
    expect(asked).toEqual([
      ['createUser', { ...others, roles: [role], emailVerified: false }],
      ['createUser', { ...others, roles: [role], emailVerified: true }],
    ]);
  });

  it('are listed in pages, also those without a role', async () => {
    expect((await users.findAll()).map(({ id, role }) => [id, role])).toEqual([
      ['u1', 'vendor'],
      ['u2', undefined],
    ]);
    await users.findAll(2, 'u1');
    expect(asked).toEqual([
      ['listUsers', 1000, undefined],
      ['listUsers', 2, 'u1'],
    ]);
  });

  it.each([0, 1001, 1.5, Number.NaN, -1])('are not listed %s at a time', async (limit) => {
    await expect(users.findAll(limit)).rejects.toThrow('pages of 1 to 1000');
    expect(asked).toEqual([]);
  });

  it('get another role in place of all they had', async () => {
    expect(await users.changeRole('u1', 'user')).toMatchObject({ id: 'u1', role: 'user' });
  });

  it('are null or an error where there is none', async () => {
    expect(await users.findById('u9')).toBeNull();
    await expect(users.changeRole('u9', 'user')).rejects.toMatchObject({ code: 'SP_NOT_FOUND' });
  });
});
