import { IsNotEmpty, IsString, MaxLength } from 'class-validator';

export class NoteDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(2000)
  text: string;
}
