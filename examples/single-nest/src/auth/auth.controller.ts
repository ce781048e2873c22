import { Body, Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import {
  Authenticated,
  CurrentPrincipal,
  Public,
  SallyportIdentity,
  type IdentityTokens,
  type Principal,
} from '@sallyport/nestjs';
import { LoginDto, RefreshDto, RegisterDto } from './auth.dto.ts';

/** Sign-in of programs: an access token of ten minutes, and a refresh token that is used once. */
@Controller('auth')
export class AuthController {
  constructor(private readonly identity: SallyportIdentity) {}

  @Public('people who have no account yet')
  @Post('register')
  @HttpCode(202)
  async register(@Req() request: object, @Body() person: RegisterDto): Promise<{ status: 'verification-sent' }> {
    await this.identity.signUp(request, person);
    return { status: 'verification-sent' };
  }

  @Public('callers who are not signed in yet')
  @Post('login')
  @HttpCode(200)
  login(@Req() request: object, @Body() credentials: LoginDto): Promise<IdentityTokens> {
    return this.identity.signIn(request, credentials);
  }

  @Public('the refresh token says who calls')
  @Post('refresh')
  @HttpCode(200)
  refresh(@Req() request: object, @Body() { refreshToken }: RefreshDto): Promise<IdentityTokens> {
    return this.identity.refresh(request, refreshToken);
  }

  @Public('the refresh token says who calls')
  @Post('logout')
  @HttpCode(204)
  logout(@Req() request: object, @Body() { refreshToken }: RefreshDto): Promise<void> {
    return this.identity.signOut(request, refreshToken);
  }

  @Authenticated()
  @Get('me')
  me(@CurrentPrincipal() principal: Principal): { id: string; email: string | undefined; roles: readonly string[] } {
    const email = principal.kind === 'user' ? principal.profile?.email : undefined;
    return { id: principal.id, email, roles: principal.roles };
  }
}
