import { ForbiddenException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Model } from 'mongoose';
import type { AuthenticatedUser } from '../auth/authenticated-user.ts';
import { Role } from '../users/role.enum.ts';
import { CreateProductDto } from './dto/create-product.dto.ts';
import { UpdateProductDto } from './dto/update-product.dto.ts';
import { Product, type ProductDocument } from './schemas/product.schema.ts';

@Injectable()
export class ProductsService {
  constructor(@InjectModel(Product.name) private readonly productModel: Model<Product>) {}

  create(dto: CreateProductDto, owner: AuthenticatedUser): Promise<ProductDocument> {
    return this.productModel.create({ ...dto, ownerId: owner.userId });
  }

  findAll(): Promise<ProductDocument[]> {
    return this.productModel.find().sort({ createdAt: -1 }).exec();
  }

  async findOne(id: string): Promise<ProductDocument> {
    const product = await this.productModel.findById(id).exec();
    if (product === null) throw new NotFoundException('Product not found');
    return product;
  }

  async update(id: string, dto: UpdateProductDto, user: AuthenticatedUser): Promise<ProductDocument> {
    const product = await this.findOwned(id, user);
    product.set(dto);
    return product.save();
  }

  async remove(id: string, user: AuthenticatedUser): Promise<void> {
    const product = await this.findOwned(id, user);
    await product.deleteOne();
  }

  private async findOwned(id: string, user: AuthenticatedUser): Promise<ProductDocument> {
    const product = await this.findOne(id);
    if (product.ownerId !== user.userId && user.role !== Role.Admin)
      throw new ForbiddenException('You do not own this product');
    return product;
  }
}
