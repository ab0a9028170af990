/** bai with the stand-in as its only provider. */

import { runProcess } from '../../../src/process.ts';
import { openStandIn } from './provider.ts';

await runProcess(openStandIn);
