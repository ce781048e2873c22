import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Role } from '../../users/role.enum.ts';
import type { AuthenticatedUser } from '../authenticated-user.ts';
import { ROLES_KEY } from '../decorators/roles.decorator.ts';

@Injectable()
export class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const requiredRoles = this.reflector.getAllAndOverride<Role[] | undefined>(ROLES_KEY, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (requiredRoles === undefined) return true;
    const { user } = context.switchToHttp().getRequest<{ user?: AuthenticatedUser }>();
    return user !== undefined && requiredRoles.includes(user.role);
  }
}
