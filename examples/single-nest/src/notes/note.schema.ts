import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';

@Schema({ timestamps: true })
export class Note {
  @Prop({ type: String, required: true, maxlength: 2000 })
  text: string;

  @Prop({ type: String, required: true, index: true })
  ownerId: string;
}

export const NoteSchema = SchemaFactory.createForClass(Note);
