import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Model } from 'mongoose';
import { Note } from './note.schema.ts';

/** A note, as its owner is shown it. */
export interface ShownNote {
  readonly id: string;
  readonly text: string;
}

@Injectable()
export class NotesService {
  constructor(@InjectModel(Note.name) private readonly notes: Model<Note>) {}

  async write(ownerId: string, text: string): Promise<ShownNote> {
    const note = await this.notes.create({ ownerId, text });
    return { id: note.id, text };
  }

  async listOf(ownerId: string): Promise<readonly ShownNote[]> {
    const found = await this.notes.find({ ownerId }).sort({ createdAt: -1 }).limit(100).exec();
    return found.map(({ id, text }) => ({ id, text }));
  }
}
