import { IsEmail, IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';

export class RegisterDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(80)
  name: string;

  @IsEmail()
  email: string;

  /** How good it has to be is said by identity. */
  @IsString()
  password: string;
}

export class LoginDto {
  @IsEmail()
  email: string;

  @IsString()
  password: string;

  /** By which its owner recognizes the device in a list. */
  @IsOptional()
  @IsString()
  @MaxLength(80)
  device?: string;
}

export class RefreshDto {
  @IsString()
  refreshToken: string;
}
