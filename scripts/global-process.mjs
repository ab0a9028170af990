/**
 * In the bundle in the place of `node:process`: to link the real one, Node reads all its properties, and opens stdin, stdout
 * and stderr with them. That makes pipes non-blocking for whoever else has them, before a line of bai has run.
 */

// biome-ignore lint/style/noDefaultExport: libraries import the default one.
export default globalThis.process;

/** What a library takes when it is given none: bai always gives its own. */
export const stdin = undefined;
export const stdout = undefined;
