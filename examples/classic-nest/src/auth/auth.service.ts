import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import * as bcrypt from 'bcrypt';
import { Role } from '../users/role.enum.ts';
import { toUserDto, type UserDto } from '../users/dto/user.dto.ts';
import { UsersService } from '../users/users.service.ts';
import type { AuthenticatedUser } from './authenticated-user.ts';
import { RegisterDto } from './dto/register.dto.ts';

@Injectable()
export class AuthService {
  constructor(
    private readonly usersService: UsersService,
    private readonly jwtService: JwtService,
  ) {}

  async register({ role = Role.User, ...user }: RegisterDto): Promise<UserDto> {
    return toUserDto(await this.usersService.create({ ...user, role }));
  }

  async validateUser(email: string, password: string): Promise<AuthenticatedUser | null> {
    const user = await this.usersService.findByEmail(email);
    if (user === null || !(await bcrypt.compare(password, user.password))) return null;
    return { userId: user.id, email: user.email, role: user.role };
  }

  async login({ userId, email, role }: AuthenticatedUser): Promise<{ access_token: string }> {
    return { access_token: await this.jwtService.signAsync({ sub: userId, email, role }) };
  }
}
