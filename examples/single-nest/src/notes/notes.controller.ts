import { Body, Controller, Get, Post } from '@nestjs/common';
import { Authenticated, CurrentPrincipal, Permissions, type Principal } from '@sallyport/nestjs';
import { NoteDto } from './note.dto.ts';
import { NotesService, type ShownNote } from './notes.service.ts';

/** The same for a program with a token and for a browser with its session. */
@Controller('notes')
export class NotesController {
  constructor(private readonly notes: NotesService) {}

  @Authenticated()
  @Get()
  list(@CurrentPrincipal() principal: Principal): Promise<readonly ShownNote[]> {
    return this.notes.listOf(principal.id);
  }

  @Permissions('note:write')
  @Post()
  write(@CurrentPrincipal() principal: Principal, @Body() { text }: NoteDto): Promise<ShownNote> {
    return this.notes.write(principal.id, text);
  }
}
