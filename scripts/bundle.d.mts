import type { BuildOptions } from 'esbuild';

/** For esbuild, but for the entries and the folder. */
export function bundleOptions(version: string): BuildOptions;
