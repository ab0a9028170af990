/** The part of hash-wasm that makes Argon2: the whole package would be seven times as much. */
declare module 'hash-wasm/dist/argon2.umd.min.js' {
  import type * as whole from 'hash-wasm';

  const argon2: Pick<typeof whole, 'argon2d' | 'argon2i' | 'argon2id'>;
  // biome-ignore lint/style/noDefaultExport: a CommonJS module has no other.
  export default argon2;
}
