import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { configuration } from '../../configuration.ts';
import type { Role } from '../../users/role.enum.ts';
import type { AuthenticatedUser } from '../authenticated-user.ts';

interface JwtPayload {
  readonly sub: string;
  readonly email: string;
  readonly role: Role;
}

@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor() {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      ignoreExpiration: false,
      secretOrKey: configuration().jwtSecret,
    });
  }

  validate({ sub, email, role }: JwtPayload): AuthenticatedUser {
    return { userId: sub, email, role };
  }
}
