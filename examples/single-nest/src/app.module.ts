import { Module, type DynamicModule } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { SallyportIdentityModule } from '@sallyport/nestjs';
import { openInProcessIdentity, type InProcessIdentityOptions } from '@sallyport/server';
import { AuthController } from './auth/auth.controller.ts';
import type { Configuration } from './configuration.ts';
import { Note, NoteSchema } from './notes/note.schema.ts';
import { NotesController } from './notes/notes.controller.ts';
import { NotesService } from './notes/notes.service.ts';
import { PagesController } from './pages/pages.controller.ts';
import { policy } from './policy.ts';

@Module({})
export class AppModule {
  static with(
    { publicUrl, mongodbUrl, environment }: Configuration,
    change: Partial<InProcessIdentityOptions>,
  ): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SallyportIdentityModule.forRoot(openInProcessIdentity, {
          publicUrl,
          environment,
          policy,
          firstPartyTokens: {},
          ownPaths: ['/auth/register', '/auth/login', '/auth/refresh', '/auth/logout', '/auth/me'],
          pages: { signIn: '/sign-in' },
          ...change,
        }),
        MongooseModule.forRoot(mongodbUrl),
        MongooseModule.forFeature([{ name: Note.name, schema: NoteSchema }]),
      ],
      controllers: [AuthController, NotesController, PagesController],
      providers: [NotesService],
    };
  }
}
