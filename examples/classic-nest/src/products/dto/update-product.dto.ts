import { PartialType } from '@nestjs/swagger';
import { CreateProductDto } from './create-product.dto.ts';

export class UpdateProductDto extends PartialType(CreateProductDto) {}
