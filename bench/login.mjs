/**
 * From `bai ssh S -- true` to its exit, in turn with the system's ssh in it, plain ssh through a forwarder that is open
 * already and, on a genuine manager, the Python client of its release.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { homedir } from 'node:os';
import { inTurn, median, printTable, timeProcess } from './measure.mjs';

/** Now and then the Python client hangs for ever. */
const hangsSeconds = 60;

/** `wanted`: the most that bai may take, as a part of the Python client's time. */
export async function benchLogin({ launcher, env, session, manager, pythonClient, wanted }) {
  const child = spawn(process.execPath, [launcher, '--json', 'app', 'forward', session], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [text] = await once(child.stdout, 'data');
  const { commands } = JSON.parse(text).ssh;
  const rounds = Number(process.env.BENCH_RUNS ?? 10);
  const bai = (...client) => [process.execPath, launcher, 'ssh', session, ...client, '--', 'true'];
  const python = ['timeout', `${hangsSeconds}`, pythonClient, 'ssh', session, '--', 'true'];
  const time = (words, options) => () => timeProcess(words, options);
  const times = await inTurn(rounds, {
    'bai ssh S -- true': time(bai(), { env }),
    'bai ssh S --client system -- true': time(bai('--client', 'system'), { env }),
    'plain ssh, forwarder open': time(['sh', '-c', `${commands.ssh} true`], { env }),
    ...(pythonClient && {
      'backend.ai ssh S -- true': time(python, { env: { ...process.env, ...env, HOME: homedir() } }),
    }),
  });
  child.kill('SIGINT');
  await once(child, 'close');
  printTimes(`Login (${manager}): ${rounds} rounds in turn`, times);
  if (pythonClient) printTargets(times, wanted);
}

/** Of each round in which both ended. */
function compare(ours, theirs, how) {
  const both = ours.flatMap((ms, round) => (ms && theirs[round] ? [how(ms, theirs[round])] : []));
  return both.length === 0 ? undefined : median(both);
}

const ratio = (ours, theirs) => compare(ours, theirs, (a, b) => a / b);
const difference = (ours, theirs) => compare(ours, theirs, (a, b) => a - b);
const shown = (number, digits = 0) => number?.toFixed(digits) ?? '–';

function printTimes(title, times) {
  const [ours] = Object.values(times);
  const rows = Object.entries(times).map(([name, all]) => {
    const ended = all.filter((ms) => ms !== undefined);
    const [least, most] = [Math.min(...ended), Math.max(...ended)];
    const numbers =
      ended.length === 0 ? ['–', '–', '–'] : [median(ended), least, most].map((ms) => shown(ms));
    const relation = all === ours ? ['', ''] : [shown(ratio(ours, all), 2), shown(difference(ours, all))];
    return [name, ...numbers, ...relation, `${ended.length} of ${all.length}`];
  });
  printTable(title, ['what', 'median ms', 'least', 'most', 'bai ÷ it', 'bai − it ms', 'ended well'], rows);
}

const mostBehindPlainSshMs = 200;

function printTargets(times, wanted = 1 / 8) {
  const ours = times['bai ssh S -- true'];
  const part = ratio(ours, times['backend.ai ssh S -- true']);
  const behind = difference(ours, times['plain ssh, forwarder open']);
  console.log(
    `\nbai ÷ Python client ${shown(part, 3)}, at most ${wanted}: ${part <= wanted ? 'yes' : 'NO'}; ` +
      `behind plain ssh ${shown(behind)} ms, at most ${mostBehindPlainSshMs}: ${behind <= mostBehindPlainSshMs ? 'yes' : 'NO'}`,
  );
}
