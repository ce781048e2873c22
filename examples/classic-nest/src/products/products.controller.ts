import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ParseObjectIdPipe } from '@nestjs/mongoose';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { AuthenticatedUser } from '../auth/authenticated-user.ts';
import { CurrentUser } from '../auth/decorators/current-user.decorator.ts';
import { Public } from '../auth/decorators/public.decorator.ts';
import { Roles } from '../auth/decorators/roles.decorator.ts';
import { Role } from '../users/role.enum.ts';
import { CreateProductDto } from './dto/create-product.dto.ts';
import { toProductDto, type ProductDto } from './dto/product.dto.ts';
import { UpdateProductDto } from './dto/update-product.dto.ts';
import { ProductsService } from './products.service.ts';

@ApiTags('products')
@Controller('products')
export class ProductsController {
  constructor(private readonly productsService: ProductsService) {}

  @Public()
  @Get()
  async findAll(): Promise<ProductDto[]> {
    return (await this.productsService.findAll()).map(toProductDto);
  }

  @Public()
  @Get(':id')
  async findOne(@Param('id', ParseObjectIdPipe) id: string): Promise<ProductDto> {
    return toProductDto(await this.productsService.findOne(id));
  }

  @Roles(Role.Vendor, Role.Admin)
  @ApiBearerAuth()
  @Post()
  async create(@Body() dto: CreateProductDto, @CurrentUser() user: AuthenticatedUser): Promise<ProductDto> {
    return toProductDto(await this.productsService.create(dto, user));
  }

  @Roles(Role.Vendor, Role.Admin)
  @ApiBearerAuth()
  @Patch(':id')
  async update(
    @Param('id', ParseObjectIdPipe) id: string,
    @Body() dto: UpdateProductDto,
    @CurrentUser() user: AuthenticatedUser,
  ): Promise<ProductDto> {
    return toProductDto(await this.productsService.update(id, dto, user));
  }

  @Roles(Role.Vendor, Role.Admin)
  @ApiBearerAuth()
  @Delete(':id')
  @HttpCode(204)
  remove(@Param('id', ParseObjectIdPipe) id: string, @CurrentUser() user: AuthenticatedUser): Promise<void> {
    return this.productsService.remove(id, user);
  }
}
