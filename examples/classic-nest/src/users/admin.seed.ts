import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { configuration } from '../configuration.ts';
import { Role } from './role.enum.ts';
import { UsersService } from './users.service.ts';

/** Makes the first administrator. */
@Injectable()
export class AdminSeed implements OnApplicationBootstrap {
  constructor(private readonly usersService: UsersService) {}

  async onApplicationBootstrap(): Promise<void> {
    const { adminEmail: email, adminPassword: password } = configuration();
    if ((await this.usersService.findByEmail(email)) !== null) return;
    await this.usersService.create({ name: 'Administrator', email, password, role: Role.Admin });
  }
}
