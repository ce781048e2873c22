import { Body, Controller, Get, Param, Patch } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { Roles } from '../auth/decorators/roles.decorator.ts';
import { ChangeRoleDto } from './dto/change-role.dto.ts';
import { toUserDto, type UserDto } from './dto/user.dto.ts';
import { Role } from './role.enum.ts';
import { UsersService } from './users.service.ts';

@ApiTags('users')
@ApiBearerAuth()
@Roles(Role.Admin)
@Controller('users')
export class UsersController {
  constructor(private readonly usersService: UsersService) {}

  @Get()
  async findAll(): Promise<UserDto[]> {
    return (await this.usersService.findAll()).map(toUserDto);
  }

  @Patch(':id/role')
  async changeRole(@Param('id') id: string, @Body() { role }: ChangeRoleDto): Promise<UserDto> {
    return toUserDto(await this.usersService.changeRole(id, role));
  }
}
