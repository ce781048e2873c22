import { Body, Controller, Get, Header, HttpCode, Post, Redirect, Req } from '@nestjs/common';
import {
  Authenticated,
  CurrentPrincipal,
  Public,
  SallyportError,
  SallyportIdentity,
  type Caller,
  type Principal,
} from '@sallyport/nestjs';
import { LoginDto } from '../auth/auth.dto.ts';
import { NoteDto } from '../notes/note.dto.ts';
import { NotesService } from '../notes/notes.service.ts';
import { renderHome, renderNotes, renderSignIn } from './render.ts';

interface Redirection {
  readonly url: string;
  readonly statusCode: 303;
}

/** Pages that work without script. Who looks at them is said by the cookie of a session. */
@Controller()
export class PagesController {
  constructor(
    private readonly identity: SallyportIdentity,
    private readonly notes: NotesService,
  ) {}

  @Public('what visitors see first')
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  home(@CurrentPrincipal() caller: Caller): string {
    return renderHome(nameOf(caller));
  }

  @Public('the form of people who are not signed in')
  @Get('sign-in')
  @Header('content-type', 'text/html; charset=utf-8')
  signInForm(): string {
    return renderSignIn();
  }

  @Public('people who are not signed in')
  @Post('sign-in')
  @HttpCode(200)
  @Redirect('/my-notes', 303)
  async signIn(@Req() request: object, @Body() { email, password }: LoginDto): Promise<Redirection> {
    try {
      const start = await this.identity.startSession(request, { email, password });
      return seeOther(start.kind === 'signed-in' ? '/my-notes' : start.location);
    } catch (error) {
      if (error instanceof SallyportError && error.status < 500) return seeOther('/sign-in?failed');
      throw error;
    }
  }

  @Authenticated()
  @Post('sign-out')
  @Redirect('/', 303)
  async signOut(@Req() request: object): Promise<void> {
    await this.identity.endSession(request);
  }

  @Authenticated()
  @Get('my-notes')
  @Header('content-type', 'text/html; charset=utf-8')
  async notesPage(@CurrentPrincipal() principal: Principal): Promise<string> {
    return renderNotes(nameOf(principal) ?? '', await this.notes.listOf(principal.id));
  }

  @Authenticated()
  @Post('my-notes')
  @Redirect('/my-notes', 303)
  async write(@CurrentPrincipal() principal: Principal, @Body() { text }: NoteDto): Promise<void> {
    await this.notes.write(principal.id, text);
  }
}

function seeOther(url: string): Redirection {
  return { url, statusCode: 303 };
}

function nameOf(caller: Caller): string | undefined {
  return caller.kind === 'user' ? caller.profile?.name : undefined;
}
