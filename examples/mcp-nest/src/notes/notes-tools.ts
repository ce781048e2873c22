import { randomUUID } from 'node:crypto';
import type { Principal } from '@sallyport/nestjs';
import { Injectable } from '@nestjs/common';
import * as z from 'zod';
import { Tool } from '../mcp/tool.ts';

/** A note, and who wrote it: an agent writes through its own name for its user. */
export interface Note {
  readonly id: string;
  readonly text: string;
  readonly writtenBy: string;
}

const newNote = z.object({ text: z.string().min(1).max(500) });
const oneNote = z.object({ id: z.uuid() });

/** The notes of each user, in memory, as tools for agents. */
@Injectable()
export class NotesTools {
  readonly #notes = new Map<string, readonly Note[]>();

  @Tool({ name: 'list_notes', description: 'Lists your notes', permission: 'note:read', input: z.object({}) })
  list(_input: object, { id }: Principal): readonly Note[] {
    return this.#notes.get(id) ?? [];
  }

  @Tool({ name: 'add_note', description: 'Adds a note', permission: 'note:write', input: newNote })
  add({ text }: z.output<typeof newNote>, caller: Principal): Note {
    const note = { id: randomUUID(), text, writtenBy: caller.actor?.id ?? caller.id };
    this.#notes.set(caller.id, [...(this.#notes.get(caller.id) ?? []), note]);
    return note;
  }

  @Tool({ name: 'delete_note', description: 'Deletes a note', permission: 'note:delete', input: oneNote })
  delete({ id }: z.output<typeof oneNote>, caller: Principal): { readonly isDeleted: boolean } {
    const notes = this.#notes.get(caller.id) ?? [];
    const left = notes.filter((note) => note.id !== id);
    this.#notes.set(caller.id, left);
    return { isDeleted: left.length < notes.length };
  }
}
