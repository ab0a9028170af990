/** The entry of the program. */

import { runProcess } from './process.ts';
import { openProvider } from './wiring/providers.ts';

await runProcess(openProvider);
