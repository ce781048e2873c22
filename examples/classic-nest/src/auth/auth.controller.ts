import { Body, Controller, Get, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiTags } from '@nestjs/swagger';
import type { UserDto } from '../users/dto/user.dto.ts';
import { AuthService } from './auth.service.ts';
import type { AuthenticatedUser } from './authenticated-user.ts';
import { CurrentUser } from './decorators/current-user.decorator.ts';
import { Public } from './decorators/public.decorator.ts';
import { LoginDto } from './dto/login.dto.ts';
import { RegisterDto } from './dto/register.dto.ts';
import { LocalAuthGuard } from './guards/local-auth.guard.ts';

@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(private readonly authService: AuthService) {}

  @Public()
  @Post('register')
  register(@Body() registerDto: RegisterDto): Promise<UserDto> {
    return this.authService.register(registerDto);
  }

  @Public()
  @UseGuards(LocalAuthGuard)
  @Post('login')
  @HttpCode(200)
  @ApiBody({ type: LoginDto })
  login(@CurrentUser() user: AuthenticatedUser): Promise<{ access_token: string }> {
    return this.authService.login(user);
  }

  @Get('profile')
  @ApiBearerAuth()
  profile(@CurrentUser() user: AuthenticatedUser): AuthenticatedUser {
    return user;
  }
}
