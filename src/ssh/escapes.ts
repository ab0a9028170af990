/** What a person types at the start of a line to talk to the client instead of the session, as ssh has it: `~.` and others. */

export type Escape = 'disconnect' | 'suspend' | 'help';

interface Typed {
  /** For the session. */
  readonly bytes: Buffer;
  /** What was asked of the client. */
  readonly escape: Escape | undefined;
  /** What came after that; to be read in its turn. */
  readonly rest: Buffer;
}

/** Windows has no jobs that could be stopped: there the keys are the session's. */
export function escapeHelp(platform: NodeJS.Platform): readonly string[] {
  return [
    'Supported escape sequences:',
    ' ~.   - terminate the connection',
    ...(platform === 'win32' ? [] : [' ~^Z  - suspend bai']),
    ' ~?   - this message',
    ' ~~   - send the escape character by typing it twice',
    '(Escapes are recognized at the start of a line only.)',
  ];
}

const tilde = 0x7e;
const escapes: ReadonlyMap<number, Escape> = new Map([
  [0x2e, 'disconnect'],
  [0x1a, 'suspend'],
  [0x3f, 'help'],
]);

function escapeOf(byte: number, platform: NodeJS.Platform): Escape | undefined {
  const wish = escapes.get(byte);
  return wish === 'suspend' && platform === 'win32' ? undefined : wish;
}

const nothing = Buffer.alloc(0);

export class EscapeReader {
  readonly #platform: NodeJS.Platform;
  #isLineStart = true;
  #hasTilde = false;

  constructor(platform: NodeJS.Platform) {
    this.#platform = platform;
  }

  read(chunk: Buffer): Typed {
    const bytes: number[] = [];
    for (const [index, byte] of chunk.entries()) {
      if (this.#hasTilde) {
        this.#hasTilde = false;
        const wish = escapeOf(byte, this.#platform);
        if (wish !== undefined) {
          this.#isLineStart = true;
          return { bytes: Buffer.from(bytes), escape: wish, rest: chunk.subarray(index + 1) };
        }
        if (byte !== tilde) bytes.push(tilde);
      } else if (byte === tilde && this.#isLineStart) {
        this.#hasTilde = true;
        continue;
      }
      bytes.push(byte);
      this.#isLineStart = byte === 0x0d || byte === 0x0a;
    }
    return { bytes: Buffer.from(bytes), escape: undefined, rest: nothing };
  }
}
