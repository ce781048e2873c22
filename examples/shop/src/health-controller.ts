import { Public } from '@sallyport/nestjs';
import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

@ApiTags('Health')
@Controller('healthz')
export class HealthController {
  @Get()
  @Public('whoever starts the shop has to see that it is up')
  check(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }
}
