import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { MongooseModule } from '@nestjs/mongoose';
import { AuthModule } from './auth/auth.module.ts';
import { JwtAuthGuard } from './auth/guards/jwt-auth.guard.ts';
import { RolesGuard } from './auth/guards/roles.guard.ts';
import { configuration } from './configuration.ts';
import { ProductsModule } from './products/products.module.ts';
import { UsersModule } from './users/users.module.ts';

@Module({
  imports: [
    MongooseModule.forRootAsync({ useFactory: () => ({ uri: configuration().mongodbUri }) }),
    UsersModule,
    AuthModule,
    ProductsModule,
  ],
  providers: [
    { provide: APP_GUARD, useClass: JwtAuthGuard },
    { provide: APP_GUARD, useClass: RolesGuard },
  ],
})
export class AppModule {}
