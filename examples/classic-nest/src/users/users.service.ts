import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import * as bcrypt from 'bcrypt';
import { Model } from 'mongoose';
import type { Role } from './role.enum.ts';
import { User, type UserDocument } from './schemas/user.schema.ts';

const duplicateKey = 11_000;

@Injectable()
export class UsersService {
  constructor(@InjectModel(User.name) private readonly userModel: Model<User>) {}

  async create({ password, ...user }: Pick<User, 'name' | 'email' | 'password' | 'role'>): Promise<UserDocument> {
    const hash = await bcrypt.hash(password, 10);
    try {
      return await this.userModel.create({ ...user, password: hash });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === duplicateKey)
        throw new ConflictException('Email already exists');
      throw error;
    }
  }

  findByEmail(email: string): Promise<UserDocument | null> {
    return this.userModel.findOne({ email: email.toLowerCase() }).exec();
  }

  findAll(): Promise<UserDocument[]> {
    return this.userModel.find().sort({ email: 1 }).exec();
  }

  async changeRole(id: string, role: Role): Promise<UserDocument> {
    const user = await this.userModel.findByIdAndUpdate(id, { role }, { returnDocument: 'after' }).exec();
    if (user === null) throw new NotFoundException('User not found');
    return user;
  }
}
